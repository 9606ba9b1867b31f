// rule: pthread_cancel ends a thread that computes at its next pthread_testcancel, and one that sleeps at once; cleanup handlers run
#include "hog.h"

enum { N = 8 };
static atomic_int begun, cleaned;

static void clean(void *arg)
{
	(void)arg;
	atomic_fetch_add(&cleaned, 1);
}

static void *computes(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	atomic_fetch_add(&begun, 1);
	for (;;) {
		compute_ms(12);
		pthread_testcancel();
	}
	pthread_cleanup_pop(0);
	return arg;
}

static void *sleeps(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	atomic_fetch_add(&begun, 1);
	sleep_ms(20000);
	pthread_cleanup_pop(0);
	return arg;
}

int main(void)
{
	pthread_t t[N];
	hog_init();
	for (int i = 0; i < N; i++)
		t[i] = start(i % 4 == 3 ? sleeps : computes, i);
	while (atomic_load(&begun) < N)
		sched_yield();
	compute_ms(20);
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_cancel(t[i]));
	for (int i = 0; i < N; i++)
		CHECK(join(t[i]) == PTHREAD_CANCELED);
	CHECK_EQ(atomic_load(&cleaned), N);
	puts("cancelled");
	return 0;
}
