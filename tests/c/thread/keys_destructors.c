// rule: at thread exit every key's destructor gets the thread's value, with the key already NULL; NULL values and deleted keys have none
// one-thread: yes
#include "../check.h"

static pthread_key_t a, b, gone, plain;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t set, deleted;
static int calls_a, calls_b;
static intptr_t sum;

static void destroy_a(void *v)
{
	CHECK(v != NULL);
	CHECK(pthread_getspecific(a) == NULL);
	pthread_mutex_lock(&m);
	sched_yield(); /* a destructor may block */
	calls_a++;
	sum += (intptr_t)v;
	pthread_mutex_unlock(&m);
}
static void destroy_b(void *v)
{
	CHECK_STR(v, "b");
	pthread_mutex_lock(&m);
	calls_b++;
	pthread_mutex_unlock(&m);
}
static void never(void *v)
{
	CHECK(v == NULL);
	CHECK(!"the destructor of a deleted key");
}
static void *worker(void *arg)
{
	CHECK(pthread_getspecific(a) == NULL);
	CHECK_OK(pthread_setspecific(a, arg));
	CHECK_OK(pthread_setspecific(plain, arg));
	CHECK_OK(pthread_setspecific(gone, arg));
	pthread_barrier_wait(&set);
	pthread_barrier_wait(&deleted);
	check_os_threads(1);
	if ((intptr_t)arg % 2)
		CHECK_OK(pthread_setspecific(b, "b"));
	sched_yield();
	CHECK(pthread_getspecific(a) == arg);
	CHECK(pthread_getspecific(plain) == arg);
	if ((intptr_t)arg % 3 == 0)
		CHECK_OK(pthread_setspecific(a, NULL)); /* nothing to destroy */
	if ((intptr_t)arg == 5)
		pthread_exit(arg);
	return arg;
}

int main(void)
{
	pthread_t t[9];
	CHECK_OK(pthread_barrier_init(&set, NULL, 10));
	CHECK_OK(pthread_barrier_init(&deleted, NULL, 10));
	CHECK_OK(pthread_key_create(&a, destroy_a));
	CHECK_OK(pthread_key_create(&b, destroy_b));
	CHECK_OK(pthread_key_create(&gone, never));
	CHECK_OK(pthread_key_create(&plain, NULL));
	CHECK_OK(pthread_setspecific(a, "main's: not destroyed, as main returns"));
	for (intptr_t i = 0; i < 9; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)(i + 1)));
	pthread_barrier_wait(&set);
	CHECK_OK(pthread_key_delete(gone));
	pthread_barrier_wait(&deleted);
	for (int i = 0; i < 9; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("a: %d calls, sum %ld; b: %d calls\n", calls_a, (long)sum, calls_b);
	return 0;
}
