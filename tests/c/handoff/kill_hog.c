// rule: pthread_kill(3): the handler runs in the given thread, also if that computes and never makes a call
#include "hog.h"

enum { N = 12 };
static __thread volatile sig_atomic_t got;
static atomic_int ready;

static void handler(int signal) { got = signal; }

static void *spins(void *arg)
{
	atomic_fetch_add(&ready, 1);
	while (!got)
		;
	CHECK_EQ(got, SIGUSR1);
	return arg;
}

static void round_of(int n)
{
	pthread_t t[N];
	atomic_store(&ready, 0);
	for (int i = 0; i < n; i++)
		t[i] = start(spins, i);
	while (atomic_load(&ready) < n)
		sched_yield();
	for (int i = 0; i < n; i++)
		CHECK_OK(pthread_kill(t[i], SIGUSR1));
	for (int i = 0; i < n; i++)
		join(t[i]);
	CHECK(!got);
}

int main(void)
{
	struct sigaction a = {.sa_handler = handler};
	sigaction(SIGUSR1, &a, NULL);
	round_of(1);
	round_of(2);
	round_of(N); /* more than there are processors, by far */
	puts("all");
	return 0;
}
