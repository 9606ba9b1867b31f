// rule: pthread_getattr_np() of the main thread tells the process's stack, with a local variable inside
#include "../check.h"
#include <sys/resource.h>

static pthread_t main_thread;
static char *local_of_main;
static void look(void)
{
	pthread_attr_t attr;
	void *addr;
	size_t size;
	int detach;
	struct rlimit lim;
	CHECK_OK(pthread_getattr_np(main_thread, &attr));
	CHECK_OK(pthread_attr_getstack(&attr, &addr, &size));
	CHECK(local_of_main > (char *)addr && local_of_main < (char *)addr + size);
	getrlimit(RLIMIT_STACK, &lim);
	if (lim.rlim_cur != RLIM_INFINITY)
		CHECK(size <= lim.rlim_cur);
	CHECK(size >= 65536);
	CHECK_OK(pthread_attr_getdetachstate(&attr, &detach));
	CHECK_EQ(detach, PTHREAD_CREATE_JOINABLE);
	pthread_attr_destroy(&attr);
}
static void *worker(void *arg)
{
	look();
	return arg;
}

int main(void)
{
	pthread_t t;
	char local = 1;
	local_of_main = &local;
	main_thread = pthread_self();
	look();
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	CHECK_OK(pthread_join(t, NULL));
	printf("main's stack\n");
	return 0;
}
