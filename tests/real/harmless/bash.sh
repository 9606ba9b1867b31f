# Pipelines, process substitution, background jobs with wait and kill, traps,
# here-documents, coprocesses, redirections, exit codes.
# needs: sed seq sort tr wc
set -u
seq 1 10000 | tr '1' 'x' | sed -n '5000,5003p'
seq 1 100000 | head -n 3
echo "statuses ${PIPESTATUS[*]}"
for i in 1 2 3 4 5; do (exit $i) & pids[i]=$!; done
for i in 1 2 3 4 5; do wait "${pids[i]}"; echo "job $i: $?"; done
sleep 60 & victim=$!
kill -TERM $victim
wait $victim
echo "killed: $?"
trap 'echo trapped USR1' USR1
kill -USR1 $$
(sleep 0.2; kill -USR1 $$) &
sleep 0.5 & wait $!
echo "wait ended by a trap: $?"
wait
cat <<HERE
a here-document with $((6 * 7))
HERE
cat <<<"a here-string"
sort <(echo b; echo a) <(echo c)
coproc UP { tr a-z A-Z; }
up=$UP_PID
echo "to the coprocess" >&"${UP[1]}"
eval "exec ${UP[1]}>&-"
cat <&"${UP[0]}"
wait "$up"
exec 7>file; echo seven >&7; exec 7>&-; cat file
(echo out; echo err >&2) 2>&1 | sort
echo "to stderr" >&2
read -r -t 0.1 line < <(sleep 1); echo "read timed out: $(($? > 128))"
mkfifo fifo; (echo through a fifo > fifo) & cat fifo; wait
# The shell's own message has a process id.
{ bash -c 'kill -SEGV $$'; } 2>/dev/null; echo "signal status $?"
bash -c 'trap "echo exit trap" EXIT; exit 3'; echo "status $?"
time_limit() { timeout 0.2 sleep 60; echo "timeout: $?"; }
time_limit
yes | head -n 2
ulimit -n 50; bash -c 'ulimit -n; exec 40>/dev/null; echo high descriptors'
trap 'echo last; echo end of script' EXIT
exit 9
