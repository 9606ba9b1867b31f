// rule: the main thread that called pthread_exit() can be joined, with its value
// one-thread: yes
#include "../check.h"

static pthread_t main_thread;
static void *worker(void *arg)
{
	void *r;
	(void)arg;
	CHECK_OK(pthread_join(main_thread, &r));
	printf("main gave %ld\n", (long)(intptr_t)r);
	return NULL;
}

int main(void)
{
	pthread_t t;
	main_thread = pthread_self();
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	sleep_ms(100);
	pthread_exit((void *)77);
}
