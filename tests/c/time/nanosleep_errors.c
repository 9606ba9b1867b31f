// rule: nanosleep() gives EINVAL for bad times and EFAULT for a bad address, clock_nanosleep() returns its error and leaves errno
// one-thread: yes
#include "../check.h"

static void *checks(void *arg)
{
	check_os_threads(1);
	struct timespec bad[] = { { 0, 1000000000 }, { 0, -1 }, { -1, 0 } };
	for (int i = 0; i < 3; i++) {
		CHECK_ERRNO(nanosleep(&bad[i], NULL), EINVAL);
		errno = 7;
		CHECK_RC(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad[i], NULL), EINVAL);
		CHECK_RC(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &bad[i], NULL), EINVAL);
		CHECK_EQ(errno, 7);
	}
	CHECK_ERRNO(nanosleep((void *)8, NULL), EFAULT);
	struct timespec ts = ts_ms(1);
	CHECK_RC(clock_nanosleep(CLOCK_MONOTONIC, 0, (void *)8, NULL), EFAULT);
	CHECK_RC(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &ts, NULL), EINVAL);
	CHECK_RC(clock_nanosleep(12345, 0, &ts, NULL), EINVAL);
	CHECK_RC(clock_nanosleep(CLOCK_MONOTONIC_RAW, 0, &ts, NULL), EOPNOTSUPP);
	CHECK_RC(clock_nanosleep(CLOCK_MONOTONIC_COARSE, 0, &ts, NULL), EOPNOTSUPP);
	return arg;
}

int main(void)
{
	pthread_t t;
	checks(NULL);
	CHECK_OK(pthread_create(&t, NULL, checks, NULL));
	CHECK_OK(pthread_join(t, NULL));
	printf("errors\n");
	return 0;
}
