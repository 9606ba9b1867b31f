// rule: a spin lock excludes 8 threads from each other, also while its holder computes for longer than a time slice
#include "hog.h"

static pthread_spinlock_t lock;
static int inside;
static long count;

static void *takes(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		CHECK_OK(pthread_spin_lock(&lock));
		CHECK_EQ(inside++, 0);
		count++;
		if (i == 1000)
			compute_ms(20);
		CHECK_EQ(--inside, 0);
		CHECK_OK(pthread_spin_unlock(&lock));
	}
	return arg;
}

int main(void)
{
	pthread_t t[8];
	hog_init();
	pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
	for (int i = 0; i < 8; i++)
		t[i] = start(takes, i);
	for (int i = 0; i < 8; i++)
		join(t[i]);
	printf("%ld\n", count);
	return 0;
}
