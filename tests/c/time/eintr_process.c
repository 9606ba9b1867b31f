// rule: a handled signal to the process is taken by one thread that does not block it: main's sleep ends when the others block it
#include "../check.h"
#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t rang;
static void on_alarm(int sig)
{
	(void)sig;
	rang++;
}
static void *sleeper(void *arg)
{
	struct timespec ts = ts_ms(400), rem;
	int64_t t0 = now_ns();
	CHECK_EQ(nanosleep(&ts, &rem), 0);
	CHECK_WAITED(t0, 400);
	return arg;
}

int main(void)
{
	pthread_t t;
	sigset_t set;
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval in = { { 0, 0 }, { 0, 100000 } };
	struct timespec ts = ts_ms(20000), rem = { 0, 0 };
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaction(SIGALRM, &sa, NULL);
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(pthread_create(&t, NULL, sleeper, NULL)); /* with it blocked */
	CHECK_OK(pthread_sigmask(SIG_UNBLOCK, &set, NULL));
	CHECK_EQ(setitimer(ITIMER_REAL, &in, NULL), 0);
	CHECK_ERRNO(nanosleep(&ts, &rem), EINTR);
	CHECK_EQ(rang, 1);
	CHECK(rem.tv_sec >= 5 && rem.tv_sec <= 19);
	CHECK_OK(pthread_join(t, NULL));
	printf("main was interrupted\n");
	return 0;
}
