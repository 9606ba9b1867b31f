// rule: fork(2), timer_create(2): a child has neither the parent's timers nor alarms nor pending signals; its handlers and mask it has
// libs: -lrt
#include "sig.h"
#include <sys/time.h>
#include <sys/wait.h>
static volatile int count;
static void on(int s) { (void)s; count++; }
static void *sleeps(void *arg) { sleep_ms(100); return arg; }
int main(void)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec it = { { 0, 5000000 }, { 0, 5000000 } };
	struct itimerval itv = { { 0, 5000 }, { 0, 5000 } };
	timer_t t;
	int status;
	handle(SIGUSR1, on, SA_RESTART);
	handle(SIGALRM, on, SA_RESTART);
	pthread_t a = start(sleeps, NULL);
	mask(SIG_BLOCK, SIGUSR2, 0);
	raise(SIGUSR2);
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &e, &t), 0);
	CHECK_EQ(timer_settime(t, 0, &it, NULL), 0);
	CHECK_EQ(setitimer(ITIMER_REAL, &itv, NULL), 0);
	while (count < 3)
		sleep_ms(1);
	pid_t child = fork();
	if (child == 0) {
		struct itimerval now;
		sigset_t pending;
		count = 0;
		sleep_ms(30);
		CHECK_EQ(count, 0);
		CHECK_EQ(getitimer(ITIMER_REAL, &now), 0);
		CHECK_EQ(now.it_value.tv_usec, 0);
		CHECK_EQ(sigpending(&pending), 0);
		CHECK_EQ(sigismember(&pending, SIGUSR2), 0);
		CHECK_EQ(is_blocked(SIGUSR2), 1);
		CHECK_ERRNO(timer_delete(t), EINVAL);
		raise(SIGUSR1);
		CHECK_EQ(count, 1);
		_exit(0);
	}
	while (waitpid(child, &status, 0) != child)
		;
	CHECK_EQ(status, 0);
	end(a);
	puts("ok");
	return 0;
}
