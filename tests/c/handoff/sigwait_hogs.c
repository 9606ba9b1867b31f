// rule: sigwait(3): a signal that every thread blocks is taken by the one that waits for it, while others compute
#include "hog.h"

static void *waits(void *arg)
{
	sigset_t set;
	int signal;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	for (int i = 0; i < 5; i++) {
		CHECK_OK(sigwait(&set, &signal));
		CHECK_EQ(signal, SIGUSR2);
		atomic_fetch_add((atomic_int *)arg, 1);
	}
	return arg;
}

int main(void)
{
	pthread_t h[7], w;
	static atomic_int taken;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 7; i++)
		h[i] = start(hog, i);
	CHECK_OK(pthread_create(&w, NULL, waits, &taken));
	for (int i = 0; i < 5; i++) {
		kill(getpid(), SIGUSR2);
		while (atomic_load(&taken) <= i)
			sleep_ms(1);
	}
	join(w);
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < 7; i++)
		join(h[i]);
	puts("taken");
	return 0;
}
