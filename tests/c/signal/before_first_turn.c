// rule: a signal that is sent to a thread before that has run is delivered to it at once when it runs, though it makes no call
// source: signal(7); pthread_kill(3)
#include "../handoff/hog.h"

enum { N = 4 };

static atomic_int ran;

static void counts(int signal)
{
	(void)signal;
	atomic_fetch_add(&ran, 1);
}

static void *computes(void *arg)
{
	(void)arg;
	while (!atomic_load_explicit(&hog_stop, memory_order_relaxed))
		;
	return NULL;
}

int main(void)
{
	pthread_t t[N];
	struct sigaction a = {.sa_handler = counts};
	CHECK(sigaction(SIGUSR1, &a, NULL) == 0);
	for (int i = 0; i < N; i++) {
		t[i] = start(computes, i);
		CHECK_OK(pthread_kill(t[i], SIGUSR1));
	}
	for (int i = 0; atomic_load(&ran) < N; i++) {
		CHECK(i < 10000);
		sleep_ms(1);
	}
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < N; i++)
		CHECK_EQ((intptr_t)join(t[i]), 0);
	puts("all");
	return 0;
}
