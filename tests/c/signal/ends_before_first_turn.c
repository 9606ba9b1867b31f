// rule: the handler of a signal that is sent to a thread before that has run may end the thread with pthread_exit(3)
// source: signal(7); pthread_exit(3)
// glibc: 2.32
/* Before, a new thread took signals before it could be unwound, and died of SIGSEGV. */
#include "../handoff/hog.h"

enum { N = 8 };

static void ends(int signal)
{
	pthread_exit((void *)(intptr_t)signal);
}

static void *computes(void *arg)
{
	(void)arg;
	for (;;)
		;
}

int main(void)
{
	pthread_t t[N];
	struct sigaction a = {.sa_handler = ends};
	CHECK(sigaction(SIGUSR2, &a, NULL) == 0);
	for (int i = 0; i < N; i++) {
		t[i] = start(computes, i);
		CHECK_OK(pthread_kill(t[i], SIGUSR2));
	}
	for (int i = 0; i < N; i++)
		CHECK_EQ((intptr_t)join(t[i]), SIGUSR2);
	puts("all");
	return 0;
}
