// rule: a detached thread runs to its end unjoined; joining or detaching it again gives EINVAL
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

static sem_t go, done;
static void *worker(void *arg)
{
	sem_wait(&go);
	++*(int *)arg;
	sem_post(&done);
	return NULL;
}
static void *self_detacher(void *arg)
{
	int state;
	pthread_attr_t attr;
	(void)arg;
	CHECK_OK(pthread_detach(pthread_self()));
	CHECK_OK(pthread_getattr_np(pthread_self(), &attr));
	CHECK_OK(pthread_attr_getdetachstate(&attr, &state));
	CHECK_EQ(state, PTHREAD_CREATE_DETACHED);
	pthread_attr_destroy(&attr);
	sem_post(&done);
	return NULL;
}

int main(void)
{
	pthread_t t;
	pthread_attr_t attr;
	int count = 0;
	void *r;
	sem_init(&go, 0, 0);
	sem_init(&done, 0, 0);

	CHECK_OK(pthread_create(&t, NULL, worker, &count));
	CHECK_OK(pthread_detach(t));
	CHECK_RC(pthread_detach(t), EINVAL);
	CHECK_RC(pthread_join(t, &r), EINVAL);
	/* glibc looks whether it runs before whether it may be joined. */
	CHECK_RC(pthread_tryjoin_np(t, &r), EBUSY);
	sem_post(&go);
	sem_wait(&done);

	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED));
	CHECK_OK(pthread_create(&t, &attr, worker, &count));
	CHECK_RC(pthread_join(t, NULL), EINVAL);
	sem_post(&go);
	sem_wait(&done);

	CHECK_OK(pthread_create(&t, NULL, self_detacher, NULL));
	sem_wait(&done);

	/* A thread that has ended may be detached instead of joined. */
	CHECK_OK(pthread_create(&t, NULL, worker, &count));
	sem_post(&go);
	sem_wait(&done);
	sleep_ms(50);
	CHECK_OK(pthread_detach(t));

	for (int i = 0; i < 500; i++) {
		CHECK_OK(pthread_create(&t, &attr, worker, &count));
		sem_post(&go);
		sem_wait(&done);
	}
	printf("%d\n", count);
	check_os_threads(1);
	return 0;
}
