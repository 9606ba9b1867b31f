// rule: while one thread waits in any of the calls that may wait, another one goes on ticking
// timeout: 120
// env: GEVENTRS_SLICE=10000
// libs: -lrt
/* Each call in a process of its own, some at a time; each has a directory of its own. */
#include "../waits.h"

/* The patience is for busy machines: it must end before the monitor's slice does. */
enum { TICKS = 50, TICK_MS = 10, PATIENCE_MS = 9000, AT_A_TIME = 12 };

static const struct wait_call *call;
static volatile int waiting, returned;

static void *waits(void *arg)
{
	waiting = 1;
	call->wait();
	returned = 1;
	return arg;
}

static void *prepares(void *arg)
{
	call->prepare(); /* (a lock has to be another thread's) */
	pthread_t t;
	int64_t end = now_ms() + PATIENCE_MS;
	CHECK_OK(pthread_create(&t, NULL, waits, NULL));
	while (!waiting)
		sleep_ms(1);
	int ticks = 0;
	for (; ticks < TICKS && now_ms() < end; ticks++)
		sleep_ms(TICK_MS);
	CHECK(!returned);
	if (ticks < TICKS)
		check_fail(__FILE__, __LINE__, "%d ticks during %s", ticks, call->name);
	if (call->release) {
		call->release();
		CHECK_OK(pthread_join(t, NULL));
		CHECK(returned);
		w_finish(); /* queues and semaphores of System V outlive a process */
	}
	if (w_child > 0)
		kill(w_child, SIGKILL);
	_exit(0);
	return arg;
}

static pid_t begin(int i)
{
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid)
		return pid;
	char name[20];
	snprintf(name, sizeof name, "ticks.%d", i);
	mkdir(name, 0700);
	CHECK_EQ(chdir(name), 0);
	w_finish(); /* what another run has left there */
	call = &wait_calls[i];
	sigset_t s = w_usr2();
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &s, NULL));
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, prepares, NULL));
	pthread_join(t, NULL);
	_exit(1);
}

int main(void)
{
	int failed = 0, status;
	for (int i = 0; i < WAIT_CALLS; i += AT_A_TIME) {
		pid_t pid[AT_A_TIME];
		int n = 0;
		for (; n < AT_A_TIME && i + n < WAIT_CALLS; n++)
			pid[n] = begin(i + n);
		for (int j = 0; j < n; j++) {
			CHECK_EQ(waitpid(pid[j], &status, 0), pid[j]);
			if (status != 0) {
				fprintf(stderr, "%s: status %x\n", wait_calls[i + j].name, status);
				failed++;
			}
		}
	}
	printf("%d calls, %d failed\n", WAIT_CALLS, failed);
	return failed != 0;
}
