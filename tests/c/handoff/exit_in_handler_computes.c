// rule: a thread that has computed may end in a handler that has come in its wait: by pthread_exit, and by a cancellation
// timeout: 60
#include "hog.h"
#include <semaphore.h>

/* Each thread computes for long enough to be found out, waits, and is sent a signal whose
 * handler makes calls and ends the thread. */
enum { ROUNDS = 6 };

static sem_t never, waits, told;
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void by_exit(int signal)
{
	(void)signal;
	sem_post(&told);
	compute_ms(1);
	pthread_exit((void *)1);
}

static void by_cancellation(int signal)
{
	(void)signal;
	sem_post(&told);
	compute_ms(1);
	pthread_cancel(pthread_self());
	pthread_testcancel();
}

static void unlocks(void *arg)
{
	compute_ms(1);
	pthread_mutex_unlock(arg);
}

static void *ends(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&held));
	pthread_cleanup_push(unlocks, &held);
	compute_ms(40);
	sem_post(&waits);
	sem_wait(&never);
	pthread_cleanup_pop(1);
	return arg;
}

static void *computes(void *arg)
{
	compute_ms((int)(intptr_t)arg);
	return NULL;
}

int main(void)
{
	hog_init();
	sem_init(&never, 0, 0);
	sem_init(&waits, 0, 0);
	sem_init(&told, 0, 0);
	struct sigaction a = {.sa_handler = by_exit}, b = {.sa_handler = by_cancellation};
	CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
	CHECK_EQ(sigaction(SIGUSR2, &b, NULL), 0);
	pthread_t beside = start(computes, 100);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_t t = start(ends, 0);
		void *value;
		sem_wait(&waits);
		sleep_ms(2);
		CHECK_OK(pthread_kill(t, i % 2 ? SIGUSR1 : SIGUSR2));
		sem_wait(&told);
		CHECK_OK(pthread_join(t, &value));
		CHECK(value == (i % 2 ? (void *)1 : PTHREAD_CANCELED));
		CHECK_OK(pthread_mutex_trylock(&held));
		CHECK_OK(pthread_mutex_unlock(&held));
	}
	join(beside);
	puts("all have ended");
	return 0;
}
