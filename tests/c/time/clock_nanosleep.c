// rule: clock_nanosleep() sleeps a length or until a moment on REALTIME, MONOTONIC, BOOTTIME and TAI; a moment that is past returns 0 at once
// one-thread: yes
#include "../check.h"

static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI };
static void one_clock(clockid_t clock)
{
	struct timespec ts, rem = { 12, 34 };
	int64_t t0 = now_ns(), c0 = clock_ns(clock);
	ts = ts_ms(60);
	CHECK_OK(clock_nanosleep(clock, 0, &ts, &rem));
	CHECK_WAITED(t0, 60);
	CHECK(rem.tv_sec == 12 && rem.tv_nsec == 34);
	t0 = now_ns();
	ts = ts_in(clock, 60);
	struct timespec copy = ts;
	CHECK_OK(clock_nanosleep(clock, TIMER_ABSTIME, &ts, &rem));
	CHECK(clock_ns(clock) >= (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec);
	CHECK_WAITED(t0, 59);
	CHECK(rem.tv_sec == 12 && rem.tv_nsec == 34);
	CHECK(ts.tv_sec == copy.tv_sec && ts.tv_nsec == copy.tv_nsec);
	CHECK(clock_ns(clock) > c0);
	/* Past. */
	t0 = now_ns();
	ts = ts_in(clock, -1000);
	CHECK_OK(clock_nanosleep(clock, TIMER_ABSTIME, &ts, NULL));
	ts = ts_ms(0);
	CHECK_OK(clock_nanosleep(clock, TIMER_ABSTIME, &ts, NULL));
	CHECK_OK(clock_nanosleep(clock, 0, &ts, NULL));
	CHECK(now_ns() - t0 < 5000000000LL);
}
static void *worker(void *arg)
{
	one_clock(clocks[(intptr_t)arg]);
	return NULL;
}

int main(void)
{
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		one_clock(clocks[i]);
	for (intptr_t i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)i));
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("clocks\n");
	return 0;
}
