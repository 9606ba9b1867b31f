// rule: pthread_kill(3): a signal without a handler that only its thread blocks stays pending for that thread's sigwait
#include "sig.h"
static sem_t ready, go;
static void *waiter(void *arg)
{
	mask(SIG_BLOCK, SIGUSR1, 0);
	sem_post(&ready);
	sem_wait(&go);
	sigset_t s = set_of(SIGUSR1, 0);
	int signal = 0;
	for (int i = 0; i < 2; i++) {
		CHECK_OK(sigwait(&s, &signal));
		CHECK_EQ(signal, SIGUSR1);
		sem_post(&ready);
	}
	return arg;
}
int main(void)
{
	sem_init(&ready, 0, 0), sem_init(&go, 0, 0);
	pthread_t t = start(waiter, NULL);
	sem_wait(&ready);
	CHECK_OK(pthread_kill(t, SIGUSR1));
	sem_post(&go);
	sem_wait(&ready);
	sleep_ms(5);
	CHECK_OK(pthread_kill(t, SIGUSR1));
	end(t);
	puts("ok");
	return 0;
}
