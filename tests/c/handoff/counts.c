// rule: mutexes and condition variables lose no count and no wake-up between threads that compute for long and threads that sleep
#include "hog.h"

enum { HOGS = 6, SLEEPERS = 6, ROUNDS = 6 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int plain, inside, work, taken;

static void *computes(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		compute_ms(15 + (int)(intptr_t)arg);
		CHECK_OK(pthread_mutex_lock(&m));
		CHECK_EQ(inside++, 0);
		int before = plain;
		if (i % 3 == 0)
			compute_ms(12); /* the hub goes on, the lock stays */
		plain = before + 1;
		work++;
		CHECK_EQ(--inside, 0);
		CHECK_OK(pthread_cond_signal(&c));
		CHECK_OK(pthread_mutex_unlock(&m));
	}
	return arg;
}

static void *sleeps(void *arg)
{
	for (;;) {
		CHECK_OK(pthread_mutex_lock(&m));
		while (work == 0 && taken < HOGS * ROUNDS)
			CHECK_OK(pthread_cond_wait(&c, &m));
		CHECK_EQ(inside++, 0);
		if (work > 0) {
			work--;
			taken++;
		}
		int all = taken == HOGS * ROUNDS;
		if (all)
			CHECK_OK(pthread_cond_broadcast(&c));
		CHECK_EQ(--inside, 0);
		CHECK_OK(pthread_mutex_unlock(&m));
		if (all)
			return arg;
		sleep_ms(1);
	}
}

int main(void)
{
	pthread_t h[HOGS], s[SLEEPERS];
	hog_init();
	for (int i = 0; i < SLEEPERS; i++)
		s[i] = start(sleeps, i);
	for (int i = 0; i < HOGS; i++)
		h[i] = start(computes, i);
	for (int i = 0; i < HOGS; i++)
		join(h[i]);
	for (int i = 0; i < SLEEPERS; i++)
		join(s[i]);
	printf("%d %d %d\n", plain, work, taken);
	return 0;
}
