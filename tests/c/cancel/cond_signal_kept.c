// rule: pthread_cond_wait(3): a waiter that is cancelled consumes no signal that another one could have: with a signal and a cancellation at once somebody still wakes
#include "../check.h"
enum { ROUNDS = 300 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int waiting, tokens, taken;
static void unlock(void *arg)
{
	waiting--;
	pthread_mutex_unlock(arg);
}
static void *waits(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&m));
	waiting++;
	pthread_cleanup_push(unlock, &m);
	while (!tokens)
		CHECK_OK(pthread_cond_wait(&c, &m));
	tokens--;
	taken++;
	pthread_cleanup_pop(1);
	return arg;
}
int main(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_t a, b;
		void *va, *vb;
		taken = 0;
		CHECK_OK(pthread_create(&a, NULL, waits, NULL));
		CHECK_OK(pthread_create(&b, NULL, waits, NULL));
		for (int w = 0; w < 2;) {
			sched_yield();
			pthread_mutex_lock(&m);
			w = waiting;
			pthread_mutex_unlock(&m);
		}
		pthread_mutex_lock(&m);
		tokens = 1;
		if (i % 2)
			CHECK_OK(pthread_cond_signal(&c));
		CHECK_OK(pthread_cancel(i % 4 < 2 ? a : b));
		if (i % 2 == 0)
			CHECK_OK(pthread_cond_signal(&c));
		pthread_mutex_unlock(&m);
		CHECK_OK(pthread_join(i % 4 < 2 ? a : b, &va));
		if (va != PTHREAD_CANCELED) { /* it was faster: the other has none yet */
			pthread_mutex_lock(&m);
			tokens = 1;
			CHECK_OK(pthread_cond_signal(&c));
			pthread_mutex_unlock(&m);
		}
		CHECK_OK(pthread_join(i % 4 < 2 ? b : a, &vb));
		CHECK(vb == NULL);
		CHECK(taken >= 1);
		tokens = 0;
	}
	puts("kept");
	return 0;
}
