// rule: sched_yield() lets the other runnable threads run, so threads that wait for each other in a yield loop make progress
// one-thread: yes
// variant: pthread_yield -DUSE_PTHREAD_YIELD -Wno-deprecated-declarations
#include "../check.h"
#include <sched.h>

#define ROUNDS 2000
static int turn, count;
static void *player(void *arg)
{
	int me = (intptr_t)arg;
	for (int i = 0; i < ROUNDS; i++) {
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != me)
#ifdef USE_PTHREAD_YIELD
			pthread_yield();
#else
			CHECK_EQ(sched_yield(), 0);
#endif
		count++;
		__atomic_store_n(&turn, (me + 1) % 3, __ATOMIC_RELEASE);
	}
	return NULL;
}

int main(void)
{
	pthread_t t[3];
	for (intptr_t i = 0; i < 3; i++)
		CHECK_OK(pthread_create(&t[i], NULL, player, (void *)i));
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("%d turns\n", count);
	return 0;
}
