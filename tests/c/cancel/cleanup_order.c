// rule: pthread_cleanup_push(3): on cancellation the handlers run last in, first out, with cancellation disabled in effect, then the keys' destructors; they may call what waits
// variant: unwind -fexceptions
// variant: O0 -O0
// cflags: -Wno-infinite-recursion
#include "../check.h"
#include <semaphore.h>

static sem_t ready;
static pthread_key_t key;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void say(void *arg) { printf("%s\n", (char *)arg); }
static void waits(void *arg)
{
	int old;
	struct timespec t = ts_ms(5);
	printf("%s\n", (char *)arg);
	CHECK_EQ(nanosleep(&t, NULL), 0); /* a cancellation point, and not cancelled again */
	pthread_testcancel();
	sched_yield();
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old));
	printf("%s done\n", (char *)arg);
}
static void unlock(void *arg)
{
	printf("unlock\n");
	CHECK_OK(pthread_mutex_unlock(arg));
}
static void destroy(void *arg) { printf("key %s\n", (char *)arg); }

static void deeper(int n)
{
	char name[16];
	snprintf(name, sizeof name, "depth %d", n);
	pthread_cleanup_push(say, name);
	if (n < 3) {
		deeper(n + 1);
	} else {
		pthread_cleanup_push(say, "popped");
		pthread_cleanup_pop(1);
		pthread_cleanup_push(say, "not to be seen");
		pthread_cleanup_pop(0);
		pthread_mutex_lock(&m);
		pthread_cleanup_push(unlock, &m);
		pthread_cleanup_push(waits, "waits");
		sem_post(&ready);
		for (;;)
			pause();
		pthread_cleanup_pop(0);
		pthread_cleanup_pop(0);
	}
	pthread_cleanup_pop(0);
}
static void *worker(void *arg)
{
	pthread_setspecific(key, "value");
	pthread_cleanup_push(say, "outermost");
	deeper(0);
	pthread_cleanup_pop(0);
	return arg;
}
/* The deferring variants: GNU's _np pair. */
static void *defers(void *arg)
{
	int old;
	CHECK_OK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL));
	pthread_cleanup_push_defer_np(say, "deferred");
	CHECK_OK(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &old));
	printf("type inside %d\n", old);
	sem_post(&ready);
	for (;;)
		pause();
	pthread_cleanup_pop_restore_np(0);
	return arg;
}
static void cancelled(void *(*f)(void *))
{
	pthread_t t;
	void *value;
	CHECK_OK(pthread_create(&t, NULL, f, NULL));
	while (sem_wait(&ready))
		;
	CHECK_OK(pthread_cancel(t));
	CHECK_OK(pthread_join(t, &value));
	CHECK(value == PTHREAD_CANCELED);
}
int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	CHECK_EQ(sem_init(&ready, 0, 0), 0);
	CHECK_OK(pthread_key_create(&key, destroy));
	cancelled(worker);
	CHECK_OK(pthread_mutex_trylock(&m));
	cancelled(defers);
	return 0;
}
