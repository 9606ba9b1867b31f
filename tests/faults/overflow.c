// A named thread overruns its stack (or, with "null", dereferences null, or,
// with "handler"/"onstack", has a handler for it).
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *mode;
static sigjmp_buf back;
static char alt[64 * 1024];

__attribute__((noinline)) static int overrun(int n)
{
	volatile char block[1024];
	block[0] = n;
	return overrun(n + 1) + block[0];
}
static int crash(void)
{
	if (!strcmp(mode, "null") || !strcmp(mode, "recover"))
		return *(volatile int *)(uintptr_t)8;
	return overrun(0);
}
static void on(int s, siginfo_t *info, void *context)
{
	char here;
	(void)s, (void)context;
	if (!strcmp(mode, "recover") && info->si_addr != (void *)8)
		_exit(3);
	if (!strcmp(mode, "onstack") && !(&here >= alt && &here < alt + sizeof alt))
		_exit(4);
	siglongjmp(back, 1);
}
static void *worker(void *arg)
{
	pthread_setname_np(pthread_self(), "deep");
	if (!strcmp(mode, "onstack")) {
		stack_t s = { .ss_sp = alt, .ss_size = sizeof alt }, old;
		if (sigaltstack(&s, NULL) || sigaltstack(NULL, &old) || old.ss_sp != alt)
			_exit(5);
	}
	if (!strcmp(mode, "null") || !strcmp(mode, "overflow"))
		crash();
	// Twice: the mask is as it was after the first time.
	for (volatile int i = 0; i < 3; i++)
		if (!sigsetjmp(back, 1))
			crash();
	if (!strcmp(mode, "onstack")) {
		stack_t s = { .ss_flags = SS_DISABLE }, old;
		if (sigaltstack(&s, &old) || old.ss_sp != alt || sigaltstack(NULL, &old) ||
		    !(old.ss_flags & SS_DISABLE))
			_exit(6);
	}
	usleep(1000);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;
	struct sigaction now;
	int early = argc > 2;
	mode = argv[1];
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO };
	if (!strcmp(mode, "onstack"))
		sa.sa_flags |= SA_ONSTACK;
	int handles = !strcmp(mode, "recover") || !strcmp(mode, "handler") || !strcmp(mode, "onstack");
	if (handles && early)
		sigaction(SIGSEGV, &sa, NULL);
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	if (handles && !early) {
		// Threads exist when the handler is set.
		pthread_t first;
		pthread_create(&first, NULL, (void *(*)(void *))strdup, "");
		if (sigaction(SIGSEGV, &sa, &now) || now.sa_handler != SIG_DFL || now.sa_flags & SA_ONSTACK)
			return 7;
		pthread_join(first, NULL);
	}
	pthread_create(&t, &attr, worker, NULL);
	sigaction(SIGSEGV, NULL, &now);
	if (handles ? now.sa_sigaction != on : now.sa_handler != SIG_DFL)
		return 8;
	pthread_join(t, NULL);
	puts("survived");
	return 0;
}
