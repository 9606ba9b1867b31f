// rule: a recursive mutex held once is released by pthread_cond_wait() and is still recursive afterwards
// one-thread: yes
#include "../check.h"

static pthread_mutex_t m = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int stage;
static void *other(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&m));
	CHECK_OK(pthread_mutex_lock(&m));
	stage = 1;
	check_os_threads(1);
	CHECK_OK(pthread_cond_signal(&c));
	CHECK_OK(pthread_mutex_unlock(&m));
	while (stage != 2)
		CHECK_OK(pthread_cond_wait(&c, &m));
	CHECK_OK(pthread_mutex_unlock(&m));
	return arg;
}

int main(void)
{
	pthread_t t;
	CHECK_OK(pthread_mutex_lock(&m));
	CHECK_OK(pthread_create(&t, NULL, other, NULL));
	while (stage != 1)
		CHECK_OK(pthread_cond_wait(&c, &m));
	CHECK_OK(pthread_mutex_lock(&m));
	stage = 2;
	CHECK_OK(pthread_cond_broadcast(&c));
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_RC(pthread_mutex_unlock(&m), EPERM);
	CHECK_OK(pthread_join(t, NULL));
	printf("recursive\n");
	return 0;
}
