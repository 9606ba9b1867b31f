// rule: a signal that is sent to a thread before that has run is delivered to it at once when it runs, though it makes no call; its handler may end the thread
// source: signal(7); pthread_kill(3)
#include "../handoff/hog.h"

enum { N = 8 };

static atomic_int ran;

static void counts(int signal)
{
	(void)signal;
	atomic_fetch_add(&ran, 1);
}

static void ends(int signal)
{
	pthread_exit((void *)(intptr_t)signal);
}

static void *computes(void *arg)
{
	(void)arg;
	while (!atomic_load_explicit(&hog_stop, memory_order_relaxed))
		;
	return NULL;
}

static void on(int signal, void (*handler)(int))
{
	struct sigaction a = {.sa_handler = handler};
	CHECK(sigaction(signal, &a, NULL) == 0);
}

int main(void)
{
	pthread_t t[N];
	on(SIGUSR1, counts);
	on(SIGUSR2, ends);
	for (int i = 0; i < N; i++) {
		t[i] = start(computes, i);
		CHECK_OK(pthread_kill(t[i], i % 2 ? SIGUSR2 : SIGUSR1));
	}
	for (int i = 1; i < N; i += 2)
		CHECK_EQ((intptr_t)join(t[i]), SIGUSR2);
	for (int i = 0; atomic_load(&ran) < N / 2; i++) {
		CHECK(i < 10000);
		sleep_ms(1);
	}
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < N; i += 2)
		CHECK_EQ((intptr_t)join(t[i]), 0);
	puts("all");
	return 0;
}
