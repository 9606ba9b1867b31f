// rule: a signal sent to the process runs its handler in a thread that does not block it, also if that one only computes
#include "hog.h"

static volatile sig_atomic_t got;
static atomic_int answered;

static void handler(int signal) { got = signal; }

static void *blocks(void *arg)
{
	long n = (long)(intptr_t)arg;
	while (!atomic_load_explicit(&hog_stop, memory_order_relaxed)) {
		if (n % 2)
			sleep_ms(1);
		else
			compute_ms(12);
		sched_yield();
	}
	return arg;
}

static void *sends(void *arg)
{
	for (int i = 0; i < 12; i++) {
		while (atomic_load(&answered) < i)
			sleep_ms(1);
		sleep_ms(15); /* the others compute meanwhile */
		CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	}
	return arg;
}

int main(void)
{
	struct sigaction a = {.sa_handler = handler};
	sigset_t set;
	pthread_t t[4], s;
	hog_init();
	sigaction(SIGUSR1, &a, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < 4; i++)
		t[i] = start(blocks, i);
	s = start(sends, 0);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	for (int i = 0; i < 12; i++) {
		while (!got)
			;
		got = 0;
		atomic_fetch_add(&answered, 1);
		sleep_ms(2);
	}
	join(s);
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < 4; i++)
		join(t[i]);
	puts("12 signals");
	return 0;
}
