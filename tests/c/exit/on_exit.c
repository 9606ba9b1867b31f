// rule: on_exit(3), atexit(3): from any thread exit runs both kinds, last registered first, on_exit's with status and argument; functions registered by them run as well; exit in one of them goes on with the rest
// exit: 3
#include "../check.h"
static void at_exit(void) { printf("atexit\n"); }
static void late(void) { printf("registered late\n"); }
static void on(int status, void *arg) { printf("on_exit %d %s\n", status, (char *)arg); }
static void registers(void)
{
	printf("registers\n");
	CHECK_EQ(atexit(late), 0);
}
static void exits(void)
{
	printf("exit again\n");
	exit(3);
}
static void *worker(void *arg)
{
	sleep_ms(5);
	exit((int)(intptr_t)arg);
}
int main(void)
{
	pthread_t t;
	CHECK_EQ(on_exit(on, "first"), 0);
	CHECK_EQ(atexit(at_exit), 0);
	CHECK_EQ(atexit(exits), 0);
	CHECK_EQ(atexit(registers), 0);
	CHECK_EQ(on_exit(on, "last"), 0);
	CHECK_OK(pthread_create(&t, NULL, worker, (void *)7));
	sleep_ms(100000);
	return 1;
}
