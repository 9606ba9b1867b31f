// rule: every expiry of a repeating SIGEV_THREAD timer wakes a waiting thread, while all others are blocked too
#include "../check.h"
#include <semaphore.h>
#include <signal.h>

static sem_t s;
static void ring(union sigval v)
{
	CHECK_EQ(sem_post(v.sival_ptr), 0);
}
static void *waiter(void *arg)
{
	for (int i = 0; i < 10; i++)
		CHECK_EQ(sem_wait(&s), 0);
	return arg;
}

int main(void)
{
	pthread_t t[2];
	timer_t timer;
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = ring };
	struct itimerspec when = { { 0, 10000000 }, { 0, 10000000 } }, off = { { 0, 0 }, { 0, 0 } };
	ev.sigev_value.sival_ptr = &s;
	int64_t t0 = now_ns();
	sem_init(&s, 0, 0);
	CHECK_EQ(timer_create(CLOCK_REALTIME, &ev, &timer), 0);
	CHECK_EQ(timer_settime(timer, 0, &when, NULL), 0);
	for (int i = 0; i < 2; i++)
		CHECK_OK(pthread_create(&t[i], NULL, waiter, NULL));
	for (int i = 0; i < 2; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK(now_ns() - t0 >= 190000000);
	CHECK_EQ(timer_settime(timer, 0, &off, NULL), 0);
	CHECK_EQ(timer_delete(timer), 0);
	printf("20 rings\n");
	return 0;
}
