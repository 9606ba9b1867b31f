// rule: pthread_join(3), pthread_cancel(3): many join cancelled threads; a detached one can be cancelled; a cancelled joiner leaves its target joinable; cancelling a thread that has ended is no error and changes nothing
#include "../check.h"
#include <semaphore.h>
enum { N = 50 };
static sem_t gone;
static pthread_t target;
static void *sleeps(void *arg) { sleep_ms(100000); return arg; }
static void post(void *arg) { sem_post(arg); }
static void *detached(void *arg)
{
	pthread_cleanup_push(post, arg);
	sleep_ms(100000);
	pthread_cleanup_pop(0);
	return arg;
}
static void *joins(void *arg)
{
	void *value;
	CHECK_OK(pthread_join(target, &value));
	return arg;
}
static void *ends(void *arg) { return arg; }
int main(void)
{
	pthread_t t[N], d, j;
	void *value;
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, sleeps, NULL));
	for (int i = 0; i < N; i++) {
		CHECK_OK(pthread_cancel(t[i]));
#if __GLIBC_PREREQ(2, 34) /* before, ESRCH of a thread that has ended */
		CHECK_OK(pthread_cancel(t[i])); /* twice is once */
#endif
	}
	for (int i = 0; i < N; i++) {
		CHECK_OK(pthread_join(t[i], &value));
		CHECK(value == PTHREAD_CANCELED);
	}
	CHECK_EQ(sem_init(&gone, 0, 0), 0);
	CHECK_OK(pthread_create(&d, NULL, detached, &gone));
	CHECK_OK(pthread_detach(d));
	sleep_ms(10);
	CHECK_OK(pthread_cancel(d));
	CHECK_EQ(sem_wait(&gone), 0);

	CHECK_OK(pthread_create(&target, NULL, sleeps, NULL));
	CHECK_OK(pthread_create(&j, NULL, joins, NULL));
	sleep_ms(10);
	CHECK_OK(pthread_cancel(j));
	CHECK_OK(pthread_join(j, &value));
	CHECK(value == PTHREAD_CANCELED);
	CHECK_OK(pthread_cancel(target));
	CHECK_OK(pthread_join(target, &value));
	CHECK(value == PTHREAD_CANCELED);

	CHECK_OK(pthread_create(&target, NULL, ends, &gone));
	sleep_ms(20);
#if __GLIBC_PREREQ(2, 34)
	CHECK_OK(pthread_cancel(target));
#endif
	CHECK_OK(pthread_join(target, &value));
	CHECK(value == &gone);
	puts("joined");
	return 0;
}
