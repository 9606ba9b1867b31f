// rule: sigqueue(3), pthread_sigqueue(3): real-time signals that a thread blocks queue up to RLIMIT_SIGPENDING, thousands of them, and come in their order; those of another thread are not mixed in
// timeout: 60
#include "sig.h"
#include <errno.h>

enum { MANY = 5000 };
static volatile int next_value, taken;
static sem_t ready, go;

static void on(int s, siginfo_t *info, void *context)
{
	(void)s, (void)context;
	CHECK_EQ(info->si_value.sival_int, next_value);
	next_value++;
}
static void *handles(void *arg)
{
	mask(SIG_BLOCK, SIGRTMIN + 1, 0);
	sem_post(&ready);
	sem_wait(&go);
	CHECK_EQ(next_value, 0);
	mask(SIG_UNBLOCK, SIGRTMIN + 1, 0);
	return arg;
}
static void *waits(void *arg)
{
	sigset_t set = set_of(SIGRTMIN + 2, 0);
	siginfo_t info;
	mask(SIG_BLOCK, SIGRTMIN + 2, 0);
	sem_post(&ready);
	sem_wait(&go);
	for (; sigtimedwait(&set, &info, &(struct timespec){ 0, 0 }) > 0; taken++)
		CHECK_EQ(info.si_value.sival_int, -taken);
	CHECK_EQ(errno, EAGAIN);
	return arg;
}
int main(void)
{
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO };
	sem_init(&ready, 0, 0), sem_init(&go, 0, 0);
	sigaction(SIGRTMIN + 1, &sa, NULL);
	for (int round = 0; round < 2; round++) {
		next_value = taken = 0;
		pthread_t a = start(handles, NULL), b = start(waits, NULL);
		sem_wait(&ready), sem_wait(&ready);
		for (int i = 0; i < MANY; i++) {
			CHECK_OK(pthread_sigqueue(a, SIGRTMIN + 1, (union sigval){ .sival_int = i }));
			CHECK_OK(pthread_sigqueue(b, SIGRTMIN + 2, (union sigval){ .sival_int = -i }));
		}
		sem_post(&go), sem_post(&go);
		end(a), end(b);
		printf("%d handled, %d awaited\n", next_value, taken);
	}
	return 0;
}
