// rule: sigaltstack(2) is per thread: a thread that goes on elsewhere in its handler leaves no other thread without a stack of its own
#include "hog.h"

static atomic_int sleeping, wanted;

static void handler(int signal)
{
	(void)signal;
	atomic_store(&sleeping, 1);
	sleep_ms(150);
}

struct seen {
	stack_t stack;
	uint64_t mask;
};

static void look(struct seen *s)
{
	memset(s, 0, sizeof *s);
	CHECK_EQ(raw_syscall(SYS_sigaltstack, 0, (long)&s->stack, 0, 0, 0, 0), 0);
	CHECK_EQ(raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&s->mask, 8, 0, 0), 0);
}

static void *takes_signal(void *arg)
{
	struct seen *s = arg;
	/* Past every hook, so that the kernel calls the handler here. */
	CHECK_EQ(raw_syscall(SYS_tgkill, getpid(), raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0), SIGUSR1, 0, 0, 0), 0);
	while (!atomic_load(&wanted))
		compute_ms(1);
	look(s);
	compute_ms(60);
	look(s);
	return arg;
}

static void *computes(void *arg)
{
	struct seen *s = arg;
	while (!atomic_load(&sleeping))
		sched_yield();
	compute_ms(120);
	while (!atomic_load(&wanted))
		compute_ms(1);
	compute_ms(30);
	look(s);
	return arg;
}

int main(void)
{
	struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &a, NULL);
	hog_init();
	for (int round = 0; round < 4; round++) {
		struct seen one, two;
		atomic_store(&sleeping, 0);
		atomic_store(&wanted, 0);
		pthread_t t, u;
		CHECK_OK(pthread_create(&t, NULL, takes_signal, &one));
		CHECK_OK(pthread_create(&u, NULL, computes, &two));
		while (!atomic_load(&sleeping))
			sched_yield();
		sleep_ms(250);
		atomic_store(&wanted, 1);
		join(t);
		join(u);
		int both = !(one.stack.ss_flags & SS_DISABLE) && !(two.stack.ss_flags & SS_DISABLE);
		CHECK(!both || one.stack.ss_sp != two.stack.ss_sp);
		CHECK_EQ(one.mask >> (SIGUSR1 - 1) & 1, 0);
		CHECK_EQ(two.mask >> (SIGUSR1 - 1) & 1, 0);
	}
	puts("each its own");
	return 0;
}
