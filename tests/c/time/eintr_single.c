// rule: a handled signal ends a sleep: nanosleep() gives EINTR with the remainder, sleep() the seconds left, even with SA_RESTART
#include "../check.h"
#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t rang;
static void on_alarm(int sig)
{
	(void)sig;
	rang++;
}
static void alarm_in(int ms)
{
	struct itimerval in = { { 0, 0 }, { ms / 1000, ms % 1000 * 1000 } };
	CHECK_EQ(setitimer(ITIMER_REAL, &in, NULL), 0);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	struct timespec ts, rem = { 0, 0 };
	int64_t t0 = now_ns();
	sigaction(SIGALRM, &sa, NULL);

	alarm_in(100);
	ts = ts_ms(20000);
	CHECK_ERRNO(nanosleep(&ts, &rem), EINTR);
	CHECK_EQ(rang, 1);
	CHECK(rem.tv_sec >= 5 && rem.tv_sec <= 19);
	CHECK(rem.tv_nsec >= 0 && rem.tv_nsec < 1000000000);
	alarm_in(100);
	CHECK_ERRNO(nanosleep(&ts, NULL), EINTR);
	CHECK_EQ(rang, 2);

	alarm_in(100);
	unsigned left = sleep(20);
	CHECK(left >= 5 && left <= 20);
	CHECK_EQ(rang, 3);
	alarm_in(100);
	CHECK_ERRNO(usleep(20000000), EINTR);
	CHECK_EQ(rang, 4);

	alarm_in(100);
	CHECK_RC(clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &rem), EINTR);
	CHECK(rem.tv_sec >= 5 && rem.tv_sec <= 19);
	alarm_in(100);
	rem.tv_sec = 77;
	ts = ts_in(CLOCK_MONOTONIC, 20000);
	CHECK_RC(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, &rem), EINTR);
	CHECK_EQ(rem.tv_sec, 77); /* a moment has no remainder */
	CHECK_EQ(rang, 6);

	/* An ignored signal does not end a sleep. */
	signal(SIGALRM, SIG_IGN);
	t0 = now_ns();
	alarm_in(50);
	ts = ts_ms(150);
	CHECK_EQ(nanosleep(&ts, &rem), 0);
	CHECK_WAITED(t0, 150);

	/* Nor does a blocked one, until it is let through. */
	sigset_t set;
	signal(SIGALRM, on_alarm);
	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	alarm_in(50);
	CHECK_EQ(nanosleep(&ts, &rem), 0);
	CHECK_EQ(rang, 6);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	CHECK_EQ(rang, 7);
	printf("interrupted\n");
	return 0;
}
