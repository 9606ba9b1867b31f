// rule: pthread_mutex_destroy() gives EBUSY while a thread waits for a condition with the mutex
// one-thread: yes
#include "../check.h"

static pthread_mutex_t m;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int ready, go;

static void *waiter(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&m));
	ready++;
	while (!go)
		CHECK_OK(pthread_cond_wait(&c, &m));
	CHECK_OK(pthread_mutex_unlock(&m));
	return arg;
}

int main(void)
{
	const int kinds[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
			      PTHREAD_MUTEX_ADAPTIVE_NP };
	for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		pthread_mutexattr_t attr;
		pthread_t t[2];
		CHECK_OK(pthread_mutexattr_init(&attr));
		CHECK_OK(pthread_mutexattr_settype(&attr, kinds[i]));
		CHECK_OK(pthread_mutex_init(&m, &attr));
		ready = go = 0;
		for (int n = 0; n < 2; n++)
			CHECK_OK(pthread_create(&t[n], NULL, waiter, NULL));
		for (int seen = 0; seen < 2; sched_yield()) {
			CHECK_OK(pthread_mutex_lock(&m));
			seen = ready;
			CHECK_OK(pthread_mutex_unlock(&m));
		}
		/* Both wait, since the mutex was free. */
		CHECK_RC(pthread_mutex_destroy(&m), EBUSY);
		CHECK_OK(pthread_mutex_lock(&m));
		CHECK_RC(pthread_mutex_destroy(&m), EBUSY);
		CHECK_OK(pthread_cond_signal(&c)); /* a wake-up in vain */
		CHECK_OK(pthread_mutex_unlock(&m));
		sched_yield();
		CHECK_OK(pthread_mutex_lock(&m));
		CHECK_OK(pthread_mutex_unlock(&m));
		CHECK_RC(pthread_mutex_destroy(&m), EBUSY);
		CHECK_OK(pthread_mutex_lock(&m));
		go = 1;
		CHECK_OK(pthread_cond_broadcast(&c));
		CHECK_OK(pthread_mutex_unlock(&m));
		for (int n = 0; n < 2; n++)
			CHECK_OK(pthread_join(t[n], NULL));
		/* A wait that ends by its time gives it back as well. */
		struct timespec soon = ts_in(CLOCK_REALTIME, 2);
		CHECK_OK(pthread_mutex_lock(&m));
		CHECK_RC(pthread_cond_timedwait(&c, &m, &soon), ETIMEDOUT);
		CHECK_OK(pthread_mutex_unlock(&m));
		CHECK_OK(pthread_mutex_destroy(&m));
		CHECK_OK(pthread_mutexattr_destroy(&attr));
	}
	printf("busy while awaited\n");
	return 0;
}
