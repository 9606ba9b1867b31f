// rule: pthread_sigqueue(3), pthread_kill(3): the handler runs in the thread that was named, whether that computes, waits or is on its way from one to the other
#include "hog.h"

enum { N = 8 };
static __thread int own = -1;
static atomic_int handled[N], wrong, ready;

static void handler(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (signal != SIGRTMIN || own < 0 || info->si_value.sival_int != own)
		atomic_fetch_add(&wrong, 1);
	else
		atomic_fetch_add(&handled[own], 1);
}

static void *works(void *arg)
{
	own = (int)(intptr_t)arg;
	atomic_fetch_add(&ready, 1);
	for (int i = 0; !atomic_load(&hog_stop); i++) {
		compute_ms((i + own) % 3 ? 11 : 2);
		if (i % 2)
			sched_yield();
		else
			usleep(300);
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	int sent[N] = {0};
	struct sigaction a = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
	hog_init();
	sigaction(SIGRTMIN, &a, NULL);
	for (int i = 0; i < N; i++)
		t[i] = start(works, i);
	while (atomic_load(&ready) < N)
		sleep_ms(1);
	sleep_ms(30);
	for (int64_t t0 = now_ms(); now_ms() - t0 < 700;) {
		for (int i = 0; i < N; i++) {
			union sigval value = {.sival_int = i};
			CHECK_OK(pthread_sigqueue(t[i], SIGRTMIN, value));
			sent[i]++;
		}
		usleep(1500);
	}
	for (int i = 0; i < N; i++)
		while (atomic_load(&handled[i]) + atomic_load(&wrong) < sent[i])
			sleep_ms(1);
	CHECK_EQ(atomic_load(&wrong), 0);
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < N; i++)
		join(t[i]);
	for (int i = 0; i < N; i++)
		CHECK_EQ(atomic_load(&handled[i]), sent[i]);
	puts("right");
	return 0;
}
