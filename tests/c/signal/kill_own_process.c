// rule: kill(2), sigqueue(3): a signal that a thread sends its own process is delivered before the call returns, to the first thread, and to one that alone does not block it; whatever others wait for, compute or have done in the kernel
#include "../check.h"
#include <sched.h>
#include <signal.h>
#include <sys/file.h>

static pthread_barrier_t begun;
enum { ROUNDS = 60 };
static volatile sig_atomic_t got, code, value;
static volatile pid_t sender;
static int file;

static void on_signal(int s, siginfo_t *info, void *context)
{
	(void)s, (void)context;
	got++;
	code = info->si_code;
	sender = info->si_pid;
	value = info->si_value.sival_int;
}

static void sends(int signal, int i)
{
	got = 0;
	CHECK_EQ(kill(getpid(), signal), 0);
	CHECK_EQ(got, 1);
	CHECK_EQ(code, SI_USER);
	CHECK_EQ(sender, getpid());
	CHECK_EQ(sigqueue(getpid(), signal, (union sigval){.sival_int = i}), 0);
	CHECK_EQ(got, 2);
	CHECK_EQ(code, SI_QUEUE);
	CHECK_EQ(value, i);
}

static void block(int how, int signal)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, signal);
	CHECK_OK(pthread_sigmask(how, &set, NULL));
}

/* Waits in the kernel, computes, waits in the hub. (Who changes its mask looks for signals,
 * and takes one that is on its way to another thread: Linux. So all begin first.) */
static void *others(void *arg)
{
	block(SIG_BLOCK, SIGUSR2);
	pthread_barrier_wait(&begun);
	for (int i = 0; i < 3; i++) {
		flock(file, LOCK_EX);
		fsync(file);
		flock(file, LOCK_UN);
		for (volatile int n = 0; n < 200000; n++)
			;
		usleep(200);
	}
	return arg;
}

static void *alone(void *arg)
{
	block(SIG_UNBLOCK, SIGUSR2);
	for (int i = 0; i < ROUNDS; i++)
		sends(SIGUSR2, i);
	return arg;
}

static void join(pthread_t t) { CHECK_OK(pthread_join(t, NULL)); }

int main(void)
{
	struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	CHECK_EQ(sigaction(SIGUSR2, &sa, NULL), 0);
	file = open("kill_own.file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(file >= 0);
	unlink("kill_own.file");
	CHECK_OK(pthread_barrier_init(&begun, NULL, 5));
	for (int i = 0; i < ROUNDS; i++) {
		pthread_t t[4];
		for (int k = 0; k < 4; k++)
			CHECK_OK(pthread_create(&t[k], NULL, others, NULL));
		pthread_barrier_wait(&begun);
		if (i % 3 == 0)
			usleep(1000);
		sends(SIGUSR1, i);
		for (int k = 0; k < 4; k++)
			join(t[k]);
		sends(SIGUSR1, i);
		if (i % 10 == 0) {
			pclose(popen("true", "r"));
			sends(SIGUSR1, i);
			CHECK_EQ(system("true"), 0);
			sends(SIGUSR1, i);
		}
	}
	pthread_t t[4];
	block(SIG_BLOCK, SIGUSR2);
	CHECK_OK(pthread_barrier_init(&begun, NULL, 2));
	CHECK_OK(pthread_create(&t[0], NULL, others, NULL));
	pthread_barrier_wait(&begun);
	CHECK_OK(pthread_create(&t[1], NULL, alone, NULL));
	join(t[1]);
	join(t[0]);
	puts("before it returns");
	return 0;
}
