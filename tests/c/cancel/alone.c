// rule: pthread_cancel(3): the first thread can be cancelled, by itself when it is the only one left; the process ends with 0 when no thread is left
#include "../check.h"
static void *ends(void *arg) { return arg; }
static void say(void *arg) { printf("%s\n", (char *)arg); }
static void at_exit(void) { printf("at exit\n"); }
int main(void)
{
	pthread_t t;
	atexit(at_exit);
	CHECK_OK(pthread_create(&t, NULL, ends, NULL));
	CHECK_OK(pthread_join(t, NULL));
	pthread_cleanup_push(say, "cleaned");
	CHECK_OK(pthread_cancel(pthread_self()));
	printf("asked\n");
	sleep_ms(100000);
	pthread_cleanup_pop(0);
	printf("not to be seen\n");
	return 1;
}
