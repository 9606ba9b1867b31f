// rule: sigaction(3p), signal(7): an action that ignores a signal discards what is pending of it, blocked or not; SIGCONT discards pending stop signals, and these a pending SIGCONT
#include "sig.h"

static volatile sig_atomic_t got[65];
static volatile int quit;
static void count(int s) { got[s]++; }

static int pending(int s)
{
	sigset_t set;
	CHECK_EQ(sigpending(&set), 0);
	return sigismember(&set, s);
}

static void *idle(void *arg)
{
	while (!quit)
		usleep(2000);
	return arg;
}

/* Blocks `s`, lets it wait, sets `action`: is it discarded? */
static void one(int s, void (*action)(int), int discarded)
{
	handle(s, count, 0);
	mask(SIG_BLOCK, s, 0);
	got[s] = 0;
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_kill(pthread_self(), s));
	CHECK_OK(pthread_sigqueue(pthread_self(), s, (union sigval){.sival_int = 1}));
	CHECK_EQ(pending(s), 1);
	CHECK(signal(s, action) != SIG_ERR);
	CHECK_EQ(pending(s), !discarded);
	handle(s, count, 0);
	mask(SIG_UNBLOCK, s, 0);
	CHECK_EQ(got[s] == 0, discarded);
}

static void *all(void *arg)
{
	one(SIGUSR1, SIG_IGN, 1);
	one(SIGRTMIN + 1, SIG_IGN, 1);
	one(SIGCHLD, SIG_DFL, 1);
	one(SIGURG, SIG_DFL, 1);
	one(SIGWINCH, SIG_DFL, 1);
	one(SIGUSR2, SIG_DFL, 0);
	one(SIGRTMIN + 2, SIG_DFL, 0);

	/* Nothing of this stops the process. */
	signal(SIGTSTP, SIG_DFL);
	mask(SIG_BLOCK, SIGTSTP, SIGTTIN);
	CHECK_EQ(raise(SIGTSTP), 0);
	CHECK_EQ(raise(SIGTTIN), 0);
	CHECK_EQ(pending(SIGTTIN), 1);
	CHECK_EQ(pending(SIGTSTP), 1);
	CHECK_EQ(kill(getpid(), SIGCONT), 0);
	CHECK_EQ(pending(SIGTSTP), 0);
	CHECK_EQ(pending(SIGTTIN), 0);
	mask(SIG_UNBLOCK, SIGTSTP, 0);
	mask(SIG_BLOCK, SIGTSTP, 0);
	CHECK_EQ(raise(SIGTSTP), 0);
	CHECK_EQ(raise(SIGCONT), 0);
	CHECK_EQ(pending(SIGTSTP), 0);
	handle(SIGCONT, count, 0);
	handle(SIGTSTP, count, 0);
	mask(SIG_BLOCK, SIGCONT, 0);
	CHECK_EQ(raise(SIGCONT), 0);
	CHECK_EQ(pending(SIGCONT), 1);
	CHECK_EQ(raise(SIGTSTP), 0);
	CHECK_EQ(pending(SIGCONT), 0);
	got[SIGCONT] = got[SIGTSTP] = 0;
	mask(SIG_UNBLOCK, SIGCONT, SIGTSTP);
	CHECK_EQ(got[SIGCONT], 0);
	CHECK_EQ(got[SIGTSTP], 1);
	signal(SIGTTIN, SIG_IGN);
	mask(SIG_UNBLOCK, SIGTTIN, 0);
	return arg;
}

int main(void)
{
	pthread_t other = start(idle, NULL);
	all(NULL);
	end(start(all, NULL));
	quit = 1;
	end(other);
	all(NULL);
	puts("discarded");
	return 0;
}
