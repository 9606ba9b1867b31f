// rule: semaphores count: trywait gives EAGAIN at zero, timed waits ETIMEDOUT, bad values EINVAL, too many posts EOVERFLOW
// one-thread: yes
#include "../check.h"
#include <limits.h>
#include <semaphore.h>

static sem_t s;
static void *poster(void *arg)
{
	sleep_ms(50);
	CHECK_EQ(sem_post(&s), 0);
	return arg;
}

int main(void)
{
	pthread_t t;
	struct timespec ts;
	int64_t t0;
	int v;
	CHECK_ERRNO(sem_init(&s, 0, (unsigned)SEM_VALUE_MAX + 1), EINVAL);
	CHECK_EQ(sem_init(&s, 0, 2), 0);
	CHECK_EQ(sem_getvalue(&s, &v), 0);
	CHECK_EQ(v, 2);
	CHECK_EQ(sem_wait(&s), 0);
	CHECK_EQ(sem_trywait(&s), 0);
	CHECK_ERRNO(sem_trywait(&s), EAGAIN);

	t0 = now_ns();
	ts = ts_in(CLOCK_REALTIME, 80);
	CHECK_ERRNO(sem_timedwait(&s, &ts), ETIMEDOUT);
	CHECK_WAITED(t0, 79);
	t0 = now_ns();
	ts = ts_in(CLOCK_MONOTONIC, 80);
	CHECK_ERRNO(sem_clockwait(&s, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
	CHECK_WAITED(t0, 79);
	ts = ts_in(CLOCK_REALTIME, -5000);
	CHECK_ERRNO(sem_timedwait(&s, &ts), ETIMEDOUT);
	ts.tv_nsec = 1000000000;
	CHECK_ERRNO(sem_timedwait(&s, &ts), EINVAL);
	ts.tv_nsec = 0;
	CHECK_ERRNO(sem_clockwait(&s, CLOCK_PROCESS_CPUTIME_ID, &ts), EINVAL);
	CHECK_EQ(sem_getvalue(&s, &v), 0);
	CHECK_EQ(v, 0);

	CHECK_OK(pthread_create(&t, NULL, poster, NULL));
	CHECK_EQ(sem_wait(&s), 0);
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_create(&t, NULL, poster, NULL));
	ts = ts_in(CLOCK_REALTIME, 10000);
	CHECK_EQ(sem_timedwait(&s, &ts), 0);
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(sem_destroy(&s), 0);

	CHECK_EQ(sem_init(&s, 0, SEM_VALUE_MAX), 0);
	CHECK_ERRNO(sem_post(&s), EOVERFLOW);
	printf("semaphore\n");
	return 0;
}
