// rule: a loop of pthread_create() that fails for lack of memory goes on when earlier threads have ended
#include "../check.h"
#include <sys/resource.h>

enum { CREATORS = 2, THREADS = 20000 };
static int made;
static pthread_attr_t attr;

static void *nothing(void *arg) { return arg; }

static void *creator(void *arg)
{
	while (__atomic_load_n(&made, __ATOMIC_SEQ_CST) < THREADS) {
		pthread_t t;
		if (pthread_create(&t, &attr, nothing, NULL) == 0)
			__atomic_fetch_add(&made, 1, __ATOMIC_SEQ_CST);
	}
	return arg;
}

int main(void)
{
	pthread_t t[CREATORS];
	struct rlimit limit = { 800 << 20, 800 << 20 };
	CHECK_OK(setrlimit(RLIMIT_AS, &limit));
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED));
	CHECK_OK(pthread_attr_setstacksize(&attr, 16 << 20));
	for (int i = 0; i < CREATORS; i++)
		CHECK_OK(pthread_create(&t[i], NULL, creator, NULL));
	for (int i = 0; i < CREATORS; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("all made\n");
	return 0;
}
