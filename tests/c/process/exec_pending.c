// rule: execve(2): the new program has the signal mask of the thread that makes the call, and what is pending for that thread and for the process; handlers are gone, ignored signals stay ignored, an alarm goes on; a call that fails changes nothing
#include "../signal/sig.h"
#include <sys/time.h>
#include <sys/wait.h>

static volatile sig_atomic_t got;
static char *self, *argument;
static void count(int s) { (void)s, got++; }

static int pending(int s)
{
	sigset_t set;
	CHECK_EQ(sigpending(&set), 0);
	return sigismember(&set, s);
}

/* In the new program: `own` says that it was a thread's own that were pending. */
static void look(int own)
{
	struct sigaction sa;
	struct timespec zero = {0, 0};
	sigset_t set = set_of(SIGRTMIN + 3, 0);
	siginfo_t info;
	struct itimerval left;
	CHECK_EQ(pending(SIGUSR1), 1);
	CHECK_EQ(pending(SIGUSR2), 0);
	CHECK_EQ(is_blocked(SIGUSR1), 1);
	CHECK_EQ(is_blocked(SIGUSR2), 1);
	CHECK_EQ(is_blocked(SIGTERM), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(sigtimedwait(&set, &info, &zero), SIGRTMIN + 3);
		CHECK_EQ(info.si_value.sival_int, 40 + i);
		CHECK_EQ(info.si_code, SI_QUEUE);
	}
	CHECK_ERRNO(sigtimedwait(&set, &info, &zero), EAGAIN);
	CHECK_EQ(sigaction(SIGHUP, NULL, &sa), 0);
	CHECK(sa.sa_handler == SIG_IGN);
	CHECK_EQ(sigaction(SIGUSR1, NULL, &sa), 0);
	CHECK(sa.sa_handler == SIG_DFL);
	CHECK_EQ(getitimer(ITIMER_REAL, &left), 0);
	CHECK(left.it_value.tv_sec > 100);
	printf("%s\n", own ? "the thread's" : "the process's");
	exit(0);
}

static void send(int own, int s, int value)
{
	union sigval v = {.sival_int = value};
	CHECK_EQ(own ? pthread_sigqueue(pthread_self(), s, v) : sigqueue(getpid(), s, v), 0);
}

static void *executes(void *arg)
{
	int own = *argument == 't';
	mask(SIG_BLOCK, SIGUSR1, SIGUSR2);
	mask(SIG_BLOCK, SIGRTMIN + 3, 0);
	CHECK_EQ(own ? raise(SIGUSR1) : kill(getpid(), SIGUSR1), 0);
	for (int i = 0; i < 3; i++)
		send(own, SIGRTMIN + 3, 40 + i);
	CHECK_ERRNO(execl("/nowhere", "nothing", NULL), ENOENT);
	CHECK_EQ(pending(SIGUSR1), 1);
	CHECK_EQ(is_blocked(SIGUSR2), 1);
	CHECK_EQ(is_blocked(SIGTERM), 0);
	execl("/proc/self/exe", self, argument, "new", NULL);
	CHECK(0);
	return arg;
}

static void *idle(void *arg)
{
	for (;;)
		usleep(2000);
	return arg;
}

static void run(char *how, int in_thread)
{
	int status;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		argument = how;
		handle(SIGUSR1, count, 0);
		CHECK(signal(SIGHUP, SIG_IGN) != SIG_ERR);
		alarm(1000);
		if (*how == 'p') { /* pending for the process: everybody blocks them */
			mask(SIG_BLOCK, SIGUSR1, SIGRTMIN + 3);
		}
		start(idle, NULL);
		if (in_thread)
			end(start(executes, NULL));
		executes(NULL);
	}
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
}

int main(int argc, char **argv)
{
	if (argc > 2)
		look(argv[1][0] == 't');
	self = argv[0];
	for (int in_thread = 0; in_thread < 2; in_thread++) {
		run("thread", in_thread);
		run("process", in_thread);
	}
	return 0;
}
