// rule: timer_create(2), sigevent(7): SIGEV_THREAD: the function gets the value in a thread of its own, which may lock, post, sleep, create threads and end by pthread_exit; the attributes' stack size counts
// libs: -lrt
#include "sig.h"
static sem_t posted;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int calls, value;
static pthread_t main_thread;
static void *inner(void *arg) { return arg; }
static void notified(union sigval v)
{
	pthread_t t;
	CHECK(!pthread_equal(pthread_self(), main_thread));
	sleep_ms(2);
	CHECK_OK(pthread_create(&t, NULL, inner, NULL));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_mutex_lock(&m));
	calls++;
	value = v.sival_int;
	CHECK_OK(pthread_cond_broadcast(&c));
	CHECK_OK(pthread_mutex_unlock(&m));
	sem_post(&posted);
	if (calls > 2)
		pthread_exit(NULL);
}
static void *waits(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&m));
	while (calls < 3)
		CHECK_OK(pthread_cond_wait(&c, &m));
	CHECK_OK(pthread_mutex_unlock(&m));
	return arg;
}
int main(void)
{
	pthread_attr_t a;
	struct sigevent e = { .sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 11 };
	struct itimerspec it = { { 0, 5000000 }, { 0, 5000000 } }, off = { { 0, 0 }, { 0, 0 } };
	timer_t t;
	main_thread = pthread_self();
	CHECK_EQ(sem_init(&posted, 0, 0), 0);
	CHECK_OK(pthread_attr_init(&a));
	CHECK_OK(pthread_attr_setstacksize(&a, 256 * 1024));
	e.sigev_notify_function = notified;
	e.sigev_notify_attributes = &a;
	pthread_t w = start(waits, NULL), v = start(waits, NULL);
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &e, &t), 0);
	CHECK_EQ(timer_settime(t, 0, &it, NULL), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(sem_wait(&posted), 0);
	end(w), end(v);
	CHECK_EQ(value, 11);
	CHECK_EQ(timer_settime(t, 0, &off, NULL), 0);
	CHECK_EQ(timer_delete(t), 0);
	puts("ok");
	return 0;
}
