// rule: sigaction(2): SA_RESETHAND, SA_NODEFER, sa_mask, SA_SIGINFO and the old action, with threads about
#include "sig.h"
static volatile int depth, deepest, count;
static void reset(int s)
{
	struct sigaction now;
	count++;
	CHECK_EQ(sigaction(s, NULL, &now), 0);
	CHECK(now.sa_handler == SIG_DFL);
}
static void nested(int s)
{
	if (++depth > deepest)
		deepest = depth;
	if (depth < 3 && ++count < 10)
		raise(s);
	depth--;
}
static void masked(int s)
{
	CHECK(is_blocked(s) && is_blocked(SIGHUP) && !is_blocked(SIGUSR2));
	count++;
}
static void told(int s, siginfo_t *info, void *context)
{
	CHECK(context != NULL);
	CHECK_EQ(info->si_signo, s);
	CHECK_EQ(info->si_pid, getpid());
	count++;
}
static void *other(void *arg) { sleep_ms(50); return arg; }
static void *all(void *arg)
{
	struct sigaction old, sa = { .sa_handler = reset, .sa_flags = SA_RESETHAND | SA_RESTART };
	sigaddset(&sa.sa_mask, SIGHUP);
	CHECK_EQ(sigaction(SIGUSR1, &sa, &old), 0);
	CHECK(old.sa_handler == SIG_DFL);
	CHECK_EQ(sigaction(SIGUSR1, &sa, &old), 0);
	CHECK(old.sa_handler == reset && sigismember(&old.sa_mask, SIGHUP) && !sigismember(&old.sa_mask, SIGINT));
	CHECK_EQ(old.sa_flags & (SA_RESETHAND | SA_RESTART | SA_SIGINFO | SA_ONSTACK | SA_NODEFER), SA_RESETHAND | SA_RESTART);
	count = 0;
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(count, 1);

	deepest = count = 0;
	handle(SIGUSR1, nested, SA_NODEFER);
	raise(SIGUSR1);
	CHECK_EQ(deepest, 3);
	deepest = count = 0;
	handle(SIGUSR1, nested, 0);
	raise(SIGUSR1);
	CHECK_EQ(deepest, 1);

	count = 0;
	sa.sa_handler = masked;
	sa.sa_flags = 0;
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	raise(SIGUSR1);
	CHECK(!is_blocked(SIGUSR1) && !is_blocked(SIGHUP));
	struct sigaction si = { .sa_sigaction = told, .sa_flags = SA_SIGINFO };
	CHECK_EQ(sigaction(SIGUSR1, &si, NULL), 0);
	CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
	CHECK(old.sa_sigaction == told && (old.sa_flags & SA_SIGINFO));
	raise(SIGUSR1);
	CHECK_EQ(count, 2);
	CHECK_ERRNO(sigaction(SIGKILL, &si, NULL), EINVAL);
	CHECK_ERRNO(sigaction(65, &si, NULL), EINVAL);
	CHECK(signal(SIGUSR1, SIG_IGN) == (void (*)(int))told);
	raise(SIGUSR1);
	CHECK(signal(SIGUSR1, SIG_DFL) == SIG_IGN);
	return arg;
}
int main(void)
{
	pthread_t o = start(other, NULL);
	all(NULL);
	end(start(all, NULL));
	end(o);
	puts("ok");
	return 0;
}
