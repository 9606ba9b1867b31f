// rule: pthread_exit() runs the cleanup handlers last in, first out, before key destructors; pop(0) removes one, pop(1) runs it
// variant: unwind -fexceptions
// one-thread: yes
#include "../check.h"

static pthread_key_t key;
static void handler(void *arg) { printf("handler %s\n", (char *)arg); }
static void destructor(void *arg) { printf("destructor %s\n", (char *)arg); }

static void inner(void)
{
	pthread_cleanup_push(handler, "inner");
	pthread_cleanup_push(handler, "dropped");
	pthread_cleanup_pop(0);
	pthread_cleanup_push(handler, "popped");
	pthread_cleanup_pop(1);
	sched_yield();
	pthread_exit("value");
	pthread_cleanup_pop(0);
}

static void *worker(void *arg)
{
	(void)arg;
	pthread_setspecific(key, "key");
	pthread_cleanup_push(handler, "first");
	pthread_cleanup_push(handler, "second");
	inner();
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

/* A handler may block. */
static void slow_handler(void *arg)
{
	sleep_ms(50);
	printf("slow handler %s\n", (char *)arg);
}
static void *slow(void *arg)
{
	pthread_cleanup_push(slow_handler, arg);
	pthread_exit(NULL);
	pthread_cleanup_pop(0);
	return NULL;
}

int main(void)
{
	pthread_t t;
	void *r;
	pthread_key_create(&key, destructor);
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	CHECK_OK(pthread_join(t, &r));
	CHECK_STR(r, "value");
	CHECK_OK(pthread_create(&t, NULL, slow, "s"));
	CHECK_OK(pthread_join(t, &r));
	CHECK(r == NULL);
	printf("end\n");
	return 0;
}
