// rule: exit(3) from a thread that computes ends the process with its status, runs atexit functions and flushes streams, while others compute
// exit: 7
#include "hog.h"

static void at_exit(void) { puts("at exit"); }

static void *exits(void *arg)
{
	compute_ms(30);
	exit(7);
	return arg;
}

int main(void)
{
	hog_init();
	atexit(at_exit);
	printf("begun ");
	for (int i = 0; i < 7; i++)
		start(hog, i);
	start(exits, 0);
	hog(NULL);
	return 1;
}
