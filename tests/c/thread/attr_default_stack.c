// rule: pthread_setattr_default_np() sets the stack size of threads made without attributes
// one-thread: yes
#include "../check.h"

static void *worker(void *arg)
{
	pthread_attr_t a;
	size_t n;
	check_os_threads(1);
	CHECK_OK(pthread_getattr_np(pthread_self(), &a));
	CHECK_OK(pthread_attr_getstacksize(&a, &n));
	CHECK(n >= (size_t)arg);
	pthread_attr_destroy(&a);
	return NULL;
}

int main(void)
{
	pthread_attr_t a;
	pthread_t t;
	for (size_t size = 256 << 10; size <= 16 << 20; size *= 4) {
		CHECK_OK(pthread_getattr_default_np(&a));
		CHECK_OK(pthread_attr_setstacksize(&a, size));
		CHECK_OK(pthread_setattr_default_np(&a));
		CHECK_OK(pthread_attr_destroy(&a));
		CHECK_OK(pthread_create(&t, NULL, worker, (void *)size));
		CHECK_OK(pthread_join(t, NULL));
	}
	printf("default size\n");
	return 0;
}
