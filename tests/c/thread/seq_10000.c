// rule: 10,000 threads created and joined one after another leave nothing behind
// one-thread: yes
#include "../check.h"
#include <sys/resource.h>

static long count;
static void *worker(void *arg)
{
	count++;
	return arg;
}

int main(void)
{
	pthread_t t;
	void *r;
	struct rusage before, after;
	for (intptr_t i = 0; i < 10000; i++) {
		if (i == 1000)
			getrusage(RUSAGE_SELF, &before);
		CHECK_OK(pthread_create(&t, NULL, worker, (void *)i));
		CHECK_OK(pthread_join(t, &r));
		CHECK_EQ((intptr_t)r, i);
	}
	getrusage(RUSAGE_SELF, &after);
	CHECK(after.ru_maxrss - before.ru_maxrss < 16 * 1024); /* KiB */
	printf("%ld\n", count);
	check_os_threads(1);
	return 0;
}
