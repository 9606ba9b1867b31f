// rule: pthread_cancel(3): a thread cancels the first one: its cleanup handlers run, it can be joined, the process goes on with the others
#include "../check.h"
static pthread_t first;
static void say(void *arg) { printf("%s\n", (char *)arg); fflush(stdout); }
static void at_exit(void) { printf("at exit\n"); }
static void *cancels(void *arg)
{
	void *value;
	sleep_ms(20);
	CHECK_OK(pthread_cancel(first));
	CHECK_OK(pthread_join(first, &value));
	CHECK(value == PTHREAD_CANCELED);
	printf("joined\n");
	sleep_ms(20);
	printf("last\n");
	return arg;
}
int main(void)
{
	pthread_t t;
	first = pthread_self();
	atexit(at_exit);
	CHECK_OK(pthread_create(&t, NULL, cancels, NULL));
	pthread_cleanup_push(say, "cleaned");
	sleep_ms(100000);
	pthread_cleanup_pop(0);
	return 1;
}
