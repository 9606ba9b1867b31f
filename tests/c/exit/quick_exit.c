// rule: quick_exit(3): from any thread it runs the functions of at_quick_exit, last registered first, none of atexit, no destructors, flushes nothing, and ends with the status
// exit: 5
#include "../check.h"
static pthread_key_t key;
static void never(void) { if (write(1, "not to be seen\n", 15) != 15) _exit(1); }
static void destroy(void *v) { (void)v; never(); }
static void one(void) { if (write(1, "one\n", 4) != 4) _exit(1); }
static void two(void) { if (write(1, "two\n", 4) != 4) _exit(1); }
static void *sleeps(void *arg)
{
	pthread_cleanup_push(destroy, NULL);
	sleep_ms(100000);
	pthread_cleanup_pop(0);
	return arg;
}
static void *worker(void *arg)
{
	pthread_setspecific(key, arg);
	sleep_ms(5);
	printf("not flushed");
	quick_exit(5);
}
int main(void)
{
	pthread_t t;
	setvbuf(stdout, NULL, _IOFBF, 4096);
	CHECK_OK(pthread_key_create(&key, destroy));
	CHECK_EQ(atexit(never), 0);
	CHECK_EQ(at_quick_exit(one), 0);
	CHECK_EQ(at_quick_exit(two), 0);
	CHECK_OK(pthread_create(&t, NULL, sleeps, NULL));
	CHECK_OK(pthread_create(&t, NULL, worker, &key));
	sleep_ms(100000);
	return 1;
}
