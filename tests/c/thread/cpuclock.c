// rule: pthread_getcpuclockid() gives a clock that can be read; CLOCK_THREAD_CPUTIME_ID never goes back
#include "../check.h"
#include <semaphore.h>

static sem_t go;
static void *worker(void *arg)
{
	clockid_t clock;
	int64_t last = 0, now;
	CHECK_OK(pthread_getcpuclockid(pthread_self(), &clock));
	CHECK(clock_ns(clock) >= 0);
	for (int i = 0; i < 1000; i++) {
		now = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		CHECK(now >= last);
		last = now;
	}
	sem_wait(&go);
	return arg;
}

int main(void)
{
	pthread_t t;
	clockid_t clock;
	sem_init(&go, 0, 0);
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	CHECK_OK(pthread_getcpuclockid(t, &clock));
	CHECK(clock_ns(clock) >= 0);
	CHECK_OK(pthread_getcpuclockid(pthread_self(), &clock));
	CHECK(clock_ns(clock) >= 0);
	sem_post(&go);
	CHECK_OK(pthread_join(t, NULL));
	printf("cpu clocks\n");
	return 0;
}
