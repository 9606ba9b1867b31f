// rule: setitimer(2): ITIMER_PROF and ITIMER_VIRTUAL count the process's processor time; the handler runs in a thread that computes, where it may look at the program counter and the thread's own data
#include "sig.h"
#include <sys/time.h>
#include <ucontext.h>
static __thread int is_computing;
static volatile int samples, elsewhere, no_pc;
static volatile int stop;
static void on(int s, siginfo_t *i, void *c)
{
	(void)s, (void)i;
	ucontext_t *u = c;
#if defined __x86_64__
	uintptr_t pc = u->uc_mcontext.gregs[REG_RIP];
#else
	uintptr_t pc = u->uc_mcontext.pc;
#endif
	no_pc += pc == 0;
	samples++;
	elsewhere += !is_computing;
}
static void *computes(void *arg)
{
	is_computing = 1;
	volatile unsigned long n = 0;
	while (!stop)
		n++;
	return arg;
}
static void *sleeps(void *arg)
{
	while (!stop)
		sleep_ms(5);
	return arg;
}
static void test(int which, int signal)
{
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerval it = { { 0, 10000 }, { 0, 10000 } }, off = { { 0, 0 }, { 0, 0 } };
	pthread_t t[4];
	stop = samples = elsewhere = 0;
	CHECK_EQ(sigaction(signal, &sa, NULL), 0);
	for (int i = 0; i < 4; i++)
		t[i] = start(i < 2 ? computes : sleeps, NULL);
	CHECK_EQ(setitimer(which, &it, NULL), 0);
	while (samples < 30)
		sleep_ms(2);
	CHECK_EQ(setitimer(which, &off, NULL), 0);
	stop = 1;
	for (int i = 0; i < 4; i++)
		end(t[i]);
	CHECK_EQ(no_pc, 0);
	CHECK(elsewhere < samples / 2);
	printf("sampled\n");
}
int main(void)
{
	test(ITIMER_PROF, SIGPROF);
	test(ITIMER_VIRTUAL, SIGVTALRM);
	return 0;
}
