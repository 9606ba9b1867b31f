// rule: a thread that waits on a process-shared condition variable is cancelled there, with the mutex locked again, and takes no signal away from another waiter
#include "../ipc/ticks.h"

static struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	volatile int flag;
} *s;
static volatile int waiting;
static void clean(void *arg)
{
	(void)arg;
	waiting--;
	CHECK_OK(pthread_mutex_unlock(&s->mutex)); /* errorcheck: the caller has it */
}
static void *waiter(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&s->mutex));
	waiting++;
	pthread_cleanup_push(clean, NULL);
	while (!s->flag)
		CHECK_OK(pthread_cond_wait(&s->cond, &s->mutex));
	pthread_cleanup_pop(1);
	return arg;
}

int main(void)
{
	pthread_mutexattr_t ma;
	pthread_condattr_t ca;
	pthread_t t, other;
	void *result;
	s = shared_memory(sizeof *s);
	CHECK_OK(pthread_mutexattr_init(&ma));
	CHECK_OK(pthread_mutexattr_settype(&ma, PTHREAD_MUTEX_ERRORCHECK));
	CHECK_OK(pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_mutex_init(&s->mutex, &ma));
	CHECK_OK(pthread_condattr_init(&ca));
	CHECK_OK(pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_cond_init(&s->cond, &ca));
	CHECK_OK(pthread_create(&t, NULL, waiter, NULL));
	CHECK_OK(pthread_create(&other, NULL, waiter, NULL));
	while (waiting < 2)
		sleep_ms(1);
	sleep_ms(100);
	CHECK_OK(pthread_cancel(t));
	CHECK_OK(pthread_join(t, &result));
	CHECK(result == PTHREAD_CANCELED);
	CHECK_EQ(waiting, 1);
	CHECK_OK(pthread_mutex_lock(&s->mutex));
	s->flag = 1;
	CHECK_OK(pthread_cond_signal(&s->cond));
	CHECK_OK(pthread_mutex_unlock(&s->mutex));
	CHECK_OK(pthread_join(other, &result));
	CHECK(result == NULL);
	CHECK_EQ(waiting, 0);
	printf("cancelled\n");
	return 0;
}
