// rule: pthread_cond_signal() wakes at least one waiter, broadcast all, and a waiter holds the mutex when it returns
// one-thread: yes
#include "../check.h"

#define N 10
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER, changed = PTHREAD_COND_INITIALIZER;
static int waiting, tickets, woken, all;
static void *waiter(void *arg)
{
	pthread_mutex_lock(&m);
	waiting++;
	pthread_cond_signal(&changed);
	while (tickets == 0 && !all)
		CHECK_OK(pthread_cond_wait(&c, &m));
	CHECK_RC(pthread_mutex_trylock(&m), EBUSY);
	if (!all)
		tickets--;
	woken++;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&m);
	return arg;
}

int main(void)
{
	pthread_t t[N];
	/* With no one waiting these do nothing, and are not remembered. */
	CHECK_OK(pthread_cond_signal(&c));
	CHECK_OK(pthread_cond_broadcast(&c));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, waiter, NULL));
	pthread_mutex_lock(&m);
	while (waiting < N)
		pthread_cond_wait(&changed, &m);
	CHECK_EQ(woken, 0);
	for (int i = 1; i <= 4; i++) {
		tickets++;
		CHECK_OK(pthread_cond_signal(&c));
		while (woken < i)
			pthread_cond_wait(&changed, &m);
		printf("woken %d\n", woken);
	}
	/* Signalled without the mutex. */
	tickets++;
	pthread_mutex_unlock(&m);
	CHECK_OK(pthread_cond_signal(&c));
	pthread_mutex_lock(&m);
	while (woken < 5)
		pthread_cond_wait(&changed, &m);
	all = 1;
	CHECK_OK(pthread_cond_broadcast(&c));
	pthread_mutex_unlock(&m);
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("woken %d\n", woken);
	CHECK_OK(pthread_cond_destroy(&c));
	return 0;
}
