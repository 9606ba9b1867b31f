// rule: C11 mutexes, condition variables, call_once and tss give thrd_busy, thrd_timedout and their values as the standard says
// one-thread: yes
#include "../check.h"
#include <threads.h>

static mtx_t plain, timed, recursive;
static cnd_t cond;
static once_flag flag = ONCE_FLAG_INIT;
static tss_t key;
static int once_runs, destroyed, turn, count;

static void once(void)
{
	thrd_sleep(&(struct timespec){ 0, 20000000 }, NULL);
	once_runs++;
}
static void destroy(void *v) { destroyed += *(int *)v; }
static int contender(void *arg)
{
	call_once(&flag, once);
	CHECK_EQ(once_runs, 1);
	CHECK(tss_get(key) == NULL);
	CHECK_EQ(tss_set(key, arg), thrd_success);
	for (int i = 0; i < 1000; i++) {
		CHECK_EQ(mtx_lock(&plain), thrd_success);
		int seen = count;
		if (i % 20 == 0)
			thrd_yield();
		count = seen + 1;
		CHECK_EQ(mtx_unlock(&plain), thrd_success);
	}
	CHECK(tss_get(key) == arg);
	return 0;
}
static int locked_out(void *arg)
{
	struct timespec ts;
	(void)arg;
	CHECK_EQ(mtx_trylock(&plain), thrd_busy);
	CHECK_EQ(mtx_trylock(&recursive), thrd_busy);
	timespec_get(&ts, TIME_UTC);
	ts.tv_sec -= 1;
	CHECK_EQ(mtx_timedlock(&timed, &ts), thrd_timedout);
	ts = ts_in(CLOCK_REALTIME, 60);
	CHECK_EQ(mtx_timedlock(&timed, &ts), thrd_timedout);
	return 0;
}
static int waiter(void *arg)
{
	int me = *(int *)arg;
	for (int i = 0; i < 500; i++) {
		mtx_lock(&plain);
		while (turn != me)
			CHECK_EQ(cnd_wait(&cond, &plain), thrd_success);
		turn = (turn + 1) % 4;
		CHECK_EQ(cnd_broadcast(&cond), thrd_success);
		mtx_unlock(&plain);
	}
	return 0;
}

int main(void)
{
	thrd_t t[4];
	int number[4] = { 0, 1, 2, 3 }, ones[4] = { 1, 1, 1, 1 };
	struct timespec ts;
	int64_t t0;
	int rc;
	CHECK_EQ(mtx_init(&plain, mtx_plain), thrd_success);
	CHECK_EQ(mtx_init(&timed, mtx_timed), thrd_success);
	CHECK_EQ(mtx_init(&recursive, mtx_plain | mtx_recursive), thrd_success);
	CHECK_EQ(cnd_init(&cond), thrd_success);
	CHECK_EQ(tss_create(&key, destroy), thrd_success);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(thrd_create(&t[i], contender, &ones[i]), thrd_success);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(thrd_join(t[i], NULL), thrd_success);
	printf("count %d, destroyed %d\n", count, destroyed);

	mtx_lock(&plain);
	mtx_lock(&timed);
	mtx_lock(&recursive);
	CHECK_EQ(mtx_lock(&recursive), thrd_success);
	CHECK_EQ(mtx_unlock(&recursive), thrd_success);
	CHECK_EQ(thrd_create(&t[0], locked_out, NULL), thrd_success);
	CHECK_EQ(thrd_join(t[0], NULL), thrd_success);
	t0 = now_ns();
	ts = ts_in(CLOCK_REALTIME, 60);
	while ((rc = cnd_timedwait(&cond, &plain, &ts)) == thrd_success)
		;
	CHECK_EQ(rc, thrd_timedout);
	CHECK_WAITED(t0, 59);
	mtx_unlock(&plain);
	mtx_unlock(&timed);
	mtx_unlock(&recursive);

	for (int i = 0; i < 4; i++)
		CHECK_EQ(thrd_create(&t[i], waiter, &number[i]), thrd_success);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(thrd_join(t[i], NULL), thrd_success);
	printf("turn %d\n", turn);
	tss_delete(key);
	return 0;
}
