// rule: pthread_join() of oneself gives EDEADLK at once
// one-thread: yes
#include "../check.h"

/* (glibc 2.36 means to find two threads that join each other too, but never
 * records who joins: they hang.) */
static void *self_joiner(void *arg)
{
	struct timespec ts = ts_in(CLOCK_REALTIME, 10000);
	CHECK_RC(pthread_join(pthread_self(), NULL), EDEADLK);
	CHECK_RC(pthread_timedjoin_np(pthread_self(), NULL, &ts), EDEADLK);
	CHECK_RC(pthread_tryjoin_np(pthread_self(), NULL), EBUSY);
	check_os_threads(1);
	return arg;
}

int main(void)
{
	pthread_t t;
	void *r;
	CHECK_RC(pthread_join(pthread_self(), NULL), EDEADLK);
	CHECK_OK(pthread_create(&t, NULL, self_joiner, (void *)1));
	CHECK_OK(pthread_join(t, &r));
	CHECK_EQ((intptr_t)r, 1);
	printf("no deadlock\n");
	return 0;
}
