// rule: (glibc) a catch (...) that swallows a forced unwind ends the process: "FATAL: exception not rethrown"
// exit: signal 6
#include "../check.h"

static volatile int ready;
static void *worker(void *)
{
	try {
		ready = 1;
		sleep_ms(100000);
	} catch (...) {
		printf("swallowed\n");
		fflush(stdout);
	}
	return nullptr;
}
int main()
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	while (!ready)
		sleep_ms(1);
	CHECK_OK(pthread_cancel(t));
	CHECK_OK(pthread_join(t, NULL));
	puts("not to be seen");
}
