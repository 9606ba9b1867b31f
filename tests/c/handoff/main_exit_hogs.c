// rule: pthread_exit in main leaves threads that compute running; the process ends with 0 after the last one
#include "hog.h"

static void *computes(void *arg)
{
	compute_ms(30 + 10 * (int)(intptr_t)arg);
	if ((intptr_t)arg == 7)
		puts("the last");
	return arg;
}

int main(void)
{
	hog_init();
	for (int i = 0; i < 8; i++)
		start(computes, i);
	compute_ms(20);
	pthread_exit(NULL);
}
