// rule: pthread_exit() in the only thread ends the process with status 0
#include "../check.h"

static void at_exit(void) { printf("atexit\n"); }

int main(void)
{
	atexit(at_exit);
	printf("alone\n");
	pthread_exit((void *)5);
}
