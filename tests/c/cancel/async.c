// rule: pthread_setcanceltype(3): under PTHREAD_CANCEL_ASYNCHRONOUS a thread is cancelled wherever it is: while it computes, in a loop, or where it waits for a lock
#include "../check.h"
#include <semaphore.h>

static volatile int began, cleaned, stop;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long counter;

static void count(void *arg) { (void)arg, __sync_fetch_and_add(&cleaned, 1); }

static void computes(void)
{
	while (!stop)
		counter++;
}
static void calls_nothing_that_waits(void)
{
	while (!stop)
		pthread_getspecific(0);
}
static void locks(void) { pthread_mutex_lock(&mutex); }
static void sleeps(void)
{
	struct timespec t = { 300, 0 };
	nanosleep(&t, NULL);
}

static void *worker(void *arg)
{
	int old;
	pthread_cleanup_push(count, NULL);
	CHECK_OK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old));
	CHECK_EQ(old, PTHREAD_CANCEL_DEFERRED);
	began++;
	((void (*)(void))arg)();
	pthread_cleanup_pop(0);
	return NULL;
}

static void test(const char *name, void (*f)(void), int n)
{
	pthread_t t[20];
	void *value;
	began = cleaned = 0;
	printf("%d %s:", n, name);
	fflush(stdout);
	for (int i = 0; i < n; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)f));
	struct timespec ms = { 0, 1000000 };
	while (began < n)
		nanosleep(&ms, NULL);
	nanosleep(&ms, NULL);
	for (int i = 0; i < n; i++)
		CHECK_OK(pthread_cancel(t[i]));
	for (int i = 0; i < n; i++) {
		struct timespec limit = ts_in(CLOCK_REALTIME, 15000);
		CHECK_OK(pthread_timedjoin_np(t[i], &value, &limit));
		CHECK(value == PTHREAD_CANCELED);
	}
	printf(" cancelled, cleaned %d\n", cleaned);
}

/* A request that came while it was disabled, or deferred, acts at the change. */
static sem_t asked;
static void *changes(void *type)
{
	pthread_cleanup_push(count, NULL);
	if (type) {
		CHECK_OK(pthread_cancel(pthread_self()));
		cleaned += 10;
		CHECK_OK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL));
	} else {
		CHECK_OK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL));
		CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
		CHECK_OK(pthread_cancel(pthread_self()));
		cleaned += 10;
		CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
	}
	cleaned += 100;
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return NULL;
}
static void *cancels_itself(void *arg)
{
	pthread_cleanup_push(count, NULL);
	CHECK_OK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL));
	pthread_cancel(pthread_self());
	cleaned += 100;
	pthread_cleanup_pop(0);
	return arg;
}
static void by_itself(const char *name, void *(*f)(void *), void *arg)
{
	pthread_t t;
	void *value;
	cleaned = 0;
	CHECK_OK(pthread_create(&t, NULL, f, arg));
	CHECK_OK(pthread_join(t, &value));
	printf("%s: %s, %d\n", name, value == PTHREAD_CANCELED ? "cancelled" : "returned", cleaned);
}

int main(void)
{
	pthread_mutex_lock(&mutex);
	test("computing", computes, 1);
	test("computing", computes, 12);
	test("in a loop of calls", calls_nothing_that_waits, 2);
	test("sleeping", sleeps, 3);
	test("waiting for a mutex", locks, 3);
	pthread_mutex_unlock(&mutex);
	CHECK_OK(pthread_mutex_lock(&mutex));
	sem_init(&asked, 0, 0);
	by_itself("made asynchronous", changes, &asked);
	by_itself("enabled again", changes, NULL);
	by_itself("by itself", cancels_itself, NULL);
	return 0;
}
