// rule: the floating-point environment is the thread's own, and a new thread starts with its creator's
// libs: -lm
// one-thread: yes
#include "../check.h"
#include <fenv.h>
#include <xmmintrin.h>

static pthread_barrier_t b;
static const int modes[4] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
static void *worker(void *arg)
{
	int mode = modes[(intptr_t)arg];
	volatile double one = 1.0, three = 3.0;
	CHECK_EQ(fegetround(), FE_UPWARD); /* as main had it */
	CHECK_EQ(fesetround(mode), 0);
	feclearexcept(FE_ALL_EXCEPT);
	pthread_barrier_wait(&b);
	for (int i = 0; i < 20; i++) {
		sched_yield();
		check_os_threads(1);
		CHECK_EQ(fegetround(), mode);
		double third = one / three;
		CHECK(mode == FE_UPWARD ? third * 3 > 1.0 : third < 0.33333333333333337);
	}
	return NULL;
}

int main(void)
{
	pthread_t t[4];
	CHECK_OK(pthread_barrier_init(&b, NULL, 4));
	CHECK_EQ(fesetround(FE_UPWARD), 0);
	for (intptr_t i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)i));
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_EQ(fegetround(), FE_UPWARD);
	printf("own rounding\n");
	return 0;
}
