// rule: pthread_sigqueue(3): the thread named gets signal and value; real-time signals queue in order
#include "sig.h"
static int values[8];
static volatile int count;
static volatile pthread_t ran;
static sem_t ready, go;
static void on(int s, siginfo_t *info, void *context)
{
	(void)s, (void)context;
	CHECK_EQ(info->si_code, SI_QUEUE);
	CHECK_EQ(info->si_pid, getpid());
	ran = pthread_self();
	values[count++] = info->si_value.sival_int;
}
static void *worker(void *arg)
{
	mask(SIG_BLOCK, SIGRTMIN + 1, SIGUSR1);
	sem_post(&ready);
	sem_wait(&go);
	CHECK_EQ(count, 0);
	mask(SIG_UNBLOCK, SIGRTMIN + 1, 0);
	CHECK_EQ(count, 3);
	mask(SIG_UNBLOCK, SIGUSR1, 0);
	CHECK_EQ(count, 4);
	return arg;
}
int main(void)
{
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO };
	sem_init(&ready, 0, 0), sem_init(&go, 0, 0);
	sigaction(SIGRTMIN + 1, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	pthread_t t = start(worker, NULL);
	sem_wait(&ready);
	for (int i = 1; i <= 3; i++)
		CHECK_OK(pthread_sigqueue(t, SIGRTMIN + 1, (union sigval){ .sival_int = i * 11 }));
	CHECK_OK(pthread_sigqueue(t, SIGUSR1, (union sigval){ .sival_int = 7 }));
	CHECK_OK(pthread_sigqueue(t, SIGUSR1, (union sigval){ .sival_int = 8 }));
	sem_post(&go);
	end(t);
	CHECK(pthread_equal(ran, t));
	printf("%d %d %d %d\n", values[0], values[1], values[2], values[3]);
	CHECK_OK(pthread_sigqueue(pthread_self(), SIGRTMIN + 1, (union sigval){ .sival_int = 5 }));
	CHECK_EQ(values[4], 5);
	return 0;
}
