// rule: timer_create(2), clock_nanosleep(2), clock_settime(2): a thread's processor clock, its own and that of one that computes, has timers that do not count sleep; another's can be slept by, one's own not; nobody can set one
// timeout: 120
#include "../check.h"
#include <signal.h>

static volatile int stop;
static volatile sig_atomic_t got;

static void handler(int s)
{
	(void)s;
	got++;
}

static void *computes(void *arg)
{
	while (!stop)
		for (volatile int i = 0; i < 1000; i++)
			;
	return arg;
}

static timer_t timer_of(clockid_t clock, int ms)
{
	timer_t t;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	struct itimerspec when = {.it_value = ts_ms(ms)};
	got = 0;
	CHECK_EQ(timer_create(clock, &event, &t), 0);
	CHECK_EQ(timer_settime(t, 0, &when, NULL), 0);
	return t;
}

/* Its own clock: not while it sleeps, but while it computes. */
static void *own(void *arg)
{
	struct itimerspec left;
	timer_t t = timer_of(CLOCK_THREAD_CPUTIME_ID, 200);
	int64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 0; i < 3; i++)
		sleep_ms(100);
	CHECK_EQ(got, 0);
	CHECK_EQ(timer_gettime(t, &left), 0);
	CHECK(left.it_value.tv_nsec > 100000000);
	while (!got)
		CHECK(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin < 20000000000);
	CHECK(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin >= 150000000);
	CHECK_EQ(timer_delete(t), 0);
	return arg;
}

int main(void)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	struct timespec span = ts_ms(100);
	pthread_t other, mine;
	clockid_t clock, self;
	int64_t begin;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	CHECK_OK(pthread_create(&other, NULL, computes, NULL));
	sleep_ms(50);
	CHECK_OK(pthread_getcpuclockid(other, &clock));
	CHECK_OK(pthread_getcpuclockid(pthread_self(), &self));

	begin = clock_ns(clock);
	CHECK_OK(clock_nanosleep(clock, 0, &span, NULL));
	CHECK(clock_ns(clock) - begin >= 100000000);
	CHECK_RC(clock_nanosleep(self, 0, &span, NULL), EINVAL);
	CHECK_RC(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &span, NULL), EINVAL);

	CHECK_ERRNO(clock_settime(CLOCK_THREAD_CPUTIME_ID, &span), EINVAL);
	CHECK_ERRNO(clock_settime(clock, &span), EPERM);
	CHECK_ERRNO(syscall(SYS_clock_settime, clock, &span), EPERM);
	CHECK_EQ(clock_getres(clock, &span), 0);
	CHECK_EQ(span.tv_nsec, 1);

	CHECK_OK(pthread_create(&mine, NULL, own, NULL));
	CHECK_OK(pthread_join(mine, NULL));

	begin = clock_ns(clock);
	timer_t t = timer_of(clock, 100);
	for (int i = 0; i < 6000 && !got; i++)
		usleep(10000);
	CHECK_EQ(got, 1);
	CHECK(clock_ns(clock) - begin >= 90000000);
	CHECK_EQ(timer_delete(t), 0);
	stop = 1;
	CHECK_OK(pthread_join(other, NULL));
	puts("each its own time");
	return 0;
}
