// rule: destructors that set values again are called again, at most PTHREAD_DESTRUCTOR_ITERATIONS (4) rounds
// one-thread: yes
#include "../check.h"
#include <limits.h>

static pthread_key_t stubborn, chain[3], first, second;
static int rounds;
static void again(void *v)
{
	rounds++;
	check_os_threads(1);
	pthread_setspecific(stubborn, v);
}
static void link0(void *v) { printf("link 0\n"); pthread_setspecific(chain[1], v); }
static void link1(void *v) { printf("link 1\n"); pthread_setspecific(chain[2], v); }
static void link2(void *v) { printf("link 2: %s\n", (char *)v); }
static void one(void *v) { printf("first: %s\n", (char *)v); }
static void two(void *v) { printf("second: %s\n", (char *)v); }

static void *worker(void *arg)
{
	pthread_setspecific(stubborn, arg);
	return NULL;
}
static void *chained(void *arg)
{
	pthread_setspecific(chain[0], arg);
	return NULL;
}
static void *ordered(void *arg)
{
	pthread_setspecific(second, arg);
	pthread_setspecific(first, arg);
	return NULL;
}

int main(void)
{
	pthread_t t;
	pthread_key_create(&stubborn, again);
	pthread_key_create(&chain[0], link0);
	pthread_key_create(&chain[1], link1);
	pthread_key_create(&chain[2], link2);
	pthread_key_create(&first, one);
	pthread_key_create(&second, two);
	CHECK_OK(pthread_create(&t, NULL, worker, "x"));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(rounds, PTHREAD_DESTRUCTOR_ITERATIONS);
	printf("%d rounds\n", rounds);
	CHECK_OK(pthread_create(&t, NULL, chained, "v"));
	CHECK_OK(pthread_join(t, NULL));
	/* glibc goes through the keys in the order of their numbers. */
	CHECK_OK(pthread_create(&t, NULL, ordered, "v"));
	CHECK_OK(pthread_join(t, NULL));
	return 0;
}
