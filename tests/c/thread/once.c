// rule: pthread_once() runs its routine once, and every caller returns after that run is complete
// one-thread: yes
#include "../check.h"

static pthread_once_t once = PTHREAD_ONCE_INIT, cancelled = PTHREAD_ONCE_INIT;
static int runs, tries;
static void init(void)
{
	sleep_ms(100);
	runs++;
}
static void *worker(void *arg)
{
	(void)arg;
	CHECK_OK(pthread_once(&once, init));
	CHECK_EQ(runs, 1);
	return NULL;
}

/* A routine whose thread exits has not run: the next caller runs it again. */
static void leave_first(void)
{
	if (tries++ == 0)
		pthread_exit(NULL);
}
static void *leaver(void *arg)
{
	CHECK_OK(pthread_once(&cancelled, leave_first));
	return arg;
}

int main(void)
{
	pthread_t t[8];
	void *r;
	for (int i = 0; i < 8; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
	for (int i = 0; i < 8; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_OK(pthread_once(&once, init));
	CHECK_EQ(runs, 1);
	for (int i = 0; i < 3; i++) {
		CHECK_OK(pthread_create(&t[i], NULL, leaver, (void *)1));
		CHECK_OK(pthread_join(t[i], &r));
		CHECK_EQ((intptr_t)r, i > 0);
	}
	CHECK_EQ(tries, 2);
	printf("once\n");
	return 0;
}
