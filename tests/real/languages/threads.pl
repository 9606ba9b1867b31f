# Perl's threads: a copy of the whole interpreter each, shared variables under one lock.
use strict;
use warnings;
use threads;
use threads::shared;
use IO::Socket::INET;
use Thread::Queue;
use Thread::Semaphore;

$| = 1;
my ($queue, $results) = (Thread::Queue->new, Thread::Queue->new);
my @workers = map {
	threads->create(sub { while (defined(my $x = $queue->dequeue)) { $results->enqueue($x * $x) } })
} 1 .. 6;
$queue->enqueue($_) for 1 .. 300;
$queue->end;
$_->join for @workers;
my $sum = 0;
while (defined(my $x = $results->dequeue_nb)) { $sum += $x }
print "$sum\n";

my $turn : shared = 0;
my @in_turn = map {
	my $mine = $_;
	async {
		lock($turn);
		cond_wait($turn) while $turn != $mine;
		$turn++;
		cond_broadcast($turn);
		$mine;
	}
} 0 .. 7;
print join(',', map { $_->join } @in_turn), "\n";

my $listener = IO::Socket::INET->new(Listen => 20, LocalAddr => '127.0.0.1') or die "listen: $!";
my $port = $listener->sockport;
my $server = async {
	for (1 .. 10) {
		my $client = $listener->accept or die "accept: $!";
		while (<$client>) { print $client uc }
		close $client;
	}
	1;
};
my @clients = map {
	my $n = $_;
	async {
		my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port)
			or die "connect: $!";
		my $right = 0;
		for my $k (1 .. 20) {
			print $socket "hello $n $k\n";
			$right++ if <$socket> eq "HELLO $n $k\n";
		}
		close $socket;
		$right;
	}
} 1 .. 10;
my $right = 0;
$right += $_->join for @clients;
$server->join;
print "$right\n";

my $semaphore = Thread::Semaphore->new(0);
my $waits = async { $semaphore->down; 'got it' };
$semaphore->up;
print $waits->join, "\n";
my $killed = async { $SIG{KILL} = sub { threads->exit }; select(undef, undef, undef, 0.01) while 1 };
select(undef, undef, undef, 0.1);
$killed->kill('KILL')->join;
my $dies = async { die "inside\n" };
$dies->join;
print 'died: ', $dies->error;
my $late = async { lock($turn); cond_timedwait($turn, time + 1) ? 'woken' : 'late' };
print $late->join, "\n";
print join(',', map {
	my $n = $_;
	async { my $line = `echo $n`; chomp $line; $line }->join
} 1 .. 5), "\n";
my $pid = fork // die "fork: $!";
if (!$pid) { async { 1 }->join; exit 3 }
waitpid $pid, 0;
print $? >> 8, "\ndone\n";
