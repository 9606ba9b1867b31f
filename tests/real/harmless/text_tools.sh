# perl, awk, sed, tar and compressors, find with xargs, dd, diff, bc.
# needs: perl awk sed tar gzip xz bzip2 find xargs dd diff cmp sha256sum
perl -e 'print join(",", map { $_ ** 2 } 1 .. 5), "\n"; exit 2'; echo "perl: $?"
perl -e 'my $pid = fork // die; if (!$pid) { exit 7 } waitpid $pid, 0; print $? >> 8, "\n"'
perl -MIO::Socket::INET -e 'my $l = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
my $p = $l->sockport; if (!fork) { my $c = IO::Socket::INET->new("127.0.0.1:$p") or die; print $c "hi\n"; exit }
my $c = $l->accept; print scalar <$c>; wait'
perl -e '$SIG{ALRM} = sub { print "alarm\n"; exit }; alarm 1; sleep 30'
mkdir tree; for i in $(seq 1 50); do mkdir -p "tree/d$((i % 5))"; seq 1 "$i" > "tree/d$((i % 5))/f$i"; done
find tree -type f | sort | xargs -n 7 wc -l | awk '{ n += $1 } END { print n }'
find tree -name 'f*' -print0 | sort -z | xargs -0 -P 4 -n 5 cat | wc -c
tar --sort=name --mtime=@0 --owner=0 --group=0 -cf - tree | gzip -n | sha256sum
tar --sort=name --mtime=@0 --owner=0 --group=0 -cJf t.xz tree && tar -tf t.xz | wc -l
tar --sort=name --mtime=@0 --owner=0 --group=0 -cf - tree | (mkdir out; tar -xf - -C out)
diff -r tree out/tree && echo same
echo more >> out/tree/d1/f1; diff -r tree out/tree; echo "diff: $?"
seq 1 50000 | gzip | gunzip | bzip2 | bunzip2 | xz | unxz | cmp - <(seq 1 50000) && echo round trip
dd if=/dev/zero bs=64k count=16 2>/dev/null | sha256sum
seq 1 20 | awk '{ print | "sort -rn | head -n 2" }'
seq 1 5 | sed 's/3/three/;w copy' | paste -sd+
cat copy | tac | head -n 1
seq 1 300000 | sort -R | sort -n | sha256sum
ls no-such-file; echo "ls: $?"
echo end of script
