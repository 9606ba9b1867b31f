// rule: a SIGEV_THREAD timer's function runs in a thread that may post semaphores, signal conditions and lock mutexes
#include "../check.h"
#include <semaphore.h>
#include <signal.h>

static sem_t s, from_timer;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int rang, stage, count;
static void ring(union sigval v)
{
	CHECK_EQ(v.sival_int, 77);
	CHECK_EQ(sem_post(&s), 0);
	CHECK_OK(pthread_mutex_lock(&m));
	rang++;
	count++;
	CHECK_OK(pthread_cond_broadcast(&c));
	CHECK_OK(pthread_mutex_unlock(&m));
	/* And it may wait for the others. */
	CHECK_OK(pthread_mutex_lock(&m));
	while (stage == 0)
		CHECK_OK(pthread_cond_wait(&c, &m));
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_EQ(sem_post(&from_timer), 0);
}
static void *sem_waiter(void *arg)
{
	CHECK_EQ(sem_wait(&s), 0);
	return arg;
}
static void *cond_waiter(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&m));
	while (!rang)
		CHECK_OK(pthread_cond_wait(&c, &m));
	CHECK_OK(pthread_mutex_unlock(&m));
	return arg;
}
static void *counter(void *arg)
{
	for (int i = 0; i < 200; i++) {
		CHECK_OK(pthread_mutex_lock(&m));
		count++;
		usleep(100);
		CHECK_OK(pthread_mutex_unlock(&m));
		sched_yield();
	}
	return arg;
}

int main(void)
{
	pthread_t t[5];
	timer_t timer;
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = ring };
	struct itimerspec when = { .it_value = { 0, 30000000 } };
	ev.sigev_value.sival_int = 77;
	sem_init(&s, 0, 0);
	sem_init(&from_timer, 0, 0);
	CHECK_OK(pthread_create(&t[0], NULL, sem_waiter, NULL));
	for (int i = 1; i < 3; i++)
		CHECK_OK(pthread_create(&t[i], NULL, cond_waiter, NULL));
	for (int i = 3; i < 5; i++)
		CHECK_OK(pthread_create(&t[i], NULL, counter, NULL));
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &ev, &timer), 0);
	CHECK_EQ(timer_settime(timer, 0, &when, NULL), 0);
	for (int i = 0; i < 5; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_OK(pthread_mutex_lock(&m));
	stage = 1;
	CHECK_OK(pthread_cond_broadcast(&c));
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_EQ(sem_wait(&from_timer), 0);
	printf("rang %d, counted %d\n", rang, count);
	CHECK_EQ(timer_delete(timer), 0);
	return 0;
}
