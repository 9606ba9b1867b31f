// rule: C11 threads: thrd_join() gives the int result, thrd_exit() ends the thread, thrd_equal/current/detach/yield work
// one-thread: yes
#include "../check.h"
#include <threads.h>

static _Thread_local int local = 3;
static mtx_t m;
static cnd_t c;
static int detached_done;
static int by_return(void *arg)
{
	CHECK_EQ(local, 3);
	local = 4;
	check_os_threads(1);
	thrd_yield();
	return *(int *)arg;
}
static int by_exit(void *arg)
{
	(void)arg;
	thrd_exit(-7);
}
static int detached(void *arg)
{
	(void)arg;
	mtx_lock(&m);
	detached_done = 1;
	cnd_signal(&c);
	mtx_unlock(&m);
	return 0;
}
static int self_check(void *arg)
{
	return thrd_equal(thrd_current(), *(thrd_t *)arg) ? 1 : 0;
}

int main(void)
{
	thrd_t t;
	thrd_t me = thrd_current();
	int r, value = 42;
	CHECK_EQ(mtx_init(&m, mtx_plain), thrd_success);
	CHECK_EQ(cnd_init(&c), thrd_success);
	CHECK_EQ(thrd_create(&t, by_return, &value), thrd_success);
	CHECK_EQ(thrd_join(t, &r), thrd_success);
	CHECK_EQ(r, 42);
	CHECK_EQ(thrd_create(&t, by_exit, NULL), thrd_success);
	CHECK_EQ(thrd_join(t, &r), thrd_success);
	CHECK_EQ(r, -7);
	CHECK_EQ(thrd_create(&t, self_check, &me), thrd_success);
	CHECK_EQ(thrd_join(t, &r), thrd_success);
	CHECK_EQ(r, 0);
	CHECK_EQ(thrd_create(&t, detached, NULL), thrd_success);
	CHECK_EQ(thrd_detach(t), thrd_success);
	mtx_lock(&m);
	while (!detached_done)
		cnd_wait(&c, &m);
	mtx_unlock(&m);
	CHECK_EQ(local, 3);
	cnd_destroy(&c);
	mtx_destroy(&m);
	printf("c11 threads\n");
	return 0;
}
