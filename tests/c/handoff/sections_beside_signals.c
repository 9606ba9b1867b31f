// rule: calls that block in the kernel again and again leave timers, descriptors and signals to others, each signal to a thread that does not block it
/* One thread makes calls that end by a time limit in the kernel, with nobody else runnable
 * most of the time; beside it one thread sleeps, one reads what another process writes,
 * and that process queues signals that only one thread takes, and only now and then. */
#include "../check.h"
#include <signal.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>

enum { CALLS = 300, TICKS = 200, BYTES = 100, SIGNALS = 100 };

static int semaphore, from_child[2];
static pthread_t taker;
static volatile int taken, misplaced;

static void handler(int number)
{
	(void)number;
	taken++;
	misplaced += !pthread_equal(pthread_self(), taker);
}

static void *blocks(void *arg)
{
	for (int i = 0; i < CALLS; i++) {
		struct sembuf down = {.sem_op = -1};
		struct timespec limit = {.tv_nsec = i % 5 * 700000};
		CHECK_EQ(semtimedop(semaphore, &down, 1, &limit), -1);
		CHECK_EQ(errno, EAGAIN);
	}
	return arg;
}

static void *reads(void *arg)
{
	char c;
	for (int i = 0; i < BYTES; i++) {
		CHECK_EQ(read(from_child[0], &c, 1), 1);
		CHECK_EQ(c, 'a' + i % 26);
	}
	return arg;
}

/* Blocks the signal and lets it come, in turns. */
static void *takes(void *arg)
{
	sigset_t set;
	struct timespec pause = {.tv_nsec = 2000000};
	CHECK_EQ(sigemptyset(&set) | sigaddset(&set, SIGRTMIN), 0);
	for (int i = 0; i < TICKS || taken < SIGNALS; i++) {
		int before = taken;
		CHECK(i < 10000);
		if (i % 2) {
			CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
			before = taken;
			nanosleep(&pause, NULL);
			CHECK_EQ(taken, before);
			CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
		} else {
			nanosleep(&pause, NULL);
		}
	}
	return arg;
}

static void child(pid_t parent)
{
	struct timespec pause = {.tv_nsec = 1700000};
	for (int i = 0; i < BYTES || i < SIGNALS; i++) {
		char c = (char)('a' + i % 26);
		nanosleep(&pause, NULL);
		if (i < BYTES)
			CHECK_EQ(write(from_child[1], &c, 1), 1);
		if (i < SIGNALS)
			CHECK_EQ(sigqueue(parent, SIGRTMIN, (union sigval){.sival_int = i}), 0);
	}
}

int main(void)
{
	pthread_t a, b;
	sigset_t set;
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	alarm(100);
	CHECK_EQ(sigaction(SIGRTMIN, &action, NULL), 0);
	CHECK_EQ(sigemptyset(&set) | sigaddset(&set, SIGRTMIN), 0);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	semaphore = semget(IPC_PRIVATE, 1, 0600);
	CHECK(semaphore >= 0);
	CHECK_EQ(pipe(from_child), 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		child(getppid());
		_exit(0);
	}
	CHECK_EQ(pthread_create(&taker, NULL, takes, NULL), 0);
	CHECK_EQ(pthread_create(&a, NULL, blocks, NULL), 0);
	CHECK_EQ(pthread_create(&b, NULL, reads, NULL), 0);
	CHECK_EQ(pthread_join(a, NULL) | pthread_join(b, NULL) | pthread_join(taker, NULL), 0);
	int status;
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	CHECK_EQ(semctl(semaphore, 0, IPC_RMID), 0);
	printf("%d signals, %d misplaced\n", taken, misplaced);
	return 0;
}
