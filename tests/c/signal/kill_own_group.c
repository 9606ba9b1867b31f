// rule: kill(2), killpg(3), pidfd_send_signal(2): a signal that a thread sends its own process is delivered before the call returns, in whatever way it is sent: with its whole process group, by a descriptor, by the numbers of the system calls; the group's other processes get each one, too
// timeout: 120
#include "../check.h"
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#define SYS_pidfd_send_signal 424
#endif

static pthread_barrier_t begun;
enum { ROUNDS = 25 };
static volatile sig_atomic_t got, code, value;
static volatile pid_t sender;
static int file, descriptor, to_group;

static void on_signal(int s, siginfo_t *info, void *context)
{
	(void)s, (void)context;
	got++;
	code = info->si_code;
	sender = info->si_pid;
	value = info->si_value.sival_int;
}

static void fill(siginfo_t *info, int signal, int with)
{
	memset(info, 0, sizeof *info);
	info->si_signo = signal;
	info->si_code = SI_QUEUE;
	info->si_pid = getpid();
	info->si_uid = getuid();
	info->si_value.sival_int = with;
}

static int kill_0(int s) { return kill(0, s); }
static int kill_minus(int s) { return kill(-getpgrp(), s); }
static int killpg_0(int s) { return killpg(0, s); }
static int killpg_own(int s) { return killpg(getpgrp(), s); }
static int number_kill(int s) { return syscall(SYS_kill, getpid(), s); }
static int number_kill_0(int s) { return syscall(SYS_kill, 0, s); }
static int number_tgkill(int s) { return syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), s); }
static int number_tkill(int s) { return syscall(SYS_tkill, syscall(SYS_gettid), s); }
static int number_queue(int s)
{
	siginfo_t info;
	fill(&info, s, 5);
	return syscall(SYS_rt_sigqueueinfo, getpid(), s, &info);
}
static int number_tgqueue(int s)
{
	siginfo_t info;
	fill(&info, s, 6);
	return syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), s, &info);
}
static int by_descriptor(int s) { return syscall(SYS_pidfd_send_signal, descriptor, s, NULL, 0); }
static int by_descriptor_told(int s)
{
	siginfo_t info;
	fill(&info, s, 7);
	return syscall(SYS_pidfd_send_signal, descriptor, s, &info, 0);
}

static const struct {
	const char *name;
	int (*send)(int);
	int group, code, value;
} ways[] = {
	{"kill(0)", kill_0, 1, SI_USER, 0},
	{"kill(-group)", kill_minus, 1, SI_USER, 0},
	{"killpg(0)", killpg_0, 1, SI_USER, 0},
	{"killpg(group)", killpg_own, 1, SI_USER, 0},
	{"SYS_kill", number_kill, 0, SI_USER, 0},
	{"SYS_kill, 0", number_kill_0, 1, SI_USER, 0},
	{"SYS_tgkill", number_tgkill, 0, SI_TKILL, 0},
	{"SYS_tkill", number_tkill, 0, SI_TKILL, 0},
	{"SYS_rt_sigqueueinfo", number_queue, 0, SI_QUEUE, 5},
	{"SYS_rt_tgsigqueueinfo", number_tgqueue, 0, SI_QUEUE, 6},
	{"pidfd_send_signal", by_descriptor, 0, SI_USER, 0},
	{"pidfd_send_signal, told", by_descriptor_told, 0, SI_QUEUE, 7},
};
enum { WAYS = sizeof ways / sizeof *ways };

static void sends(int signal)
{
	for (int i = 0; i < WAYS; i++) {
		got = 0;
		if (ways[i].send(signal) != 0)
			check_fail(__FILE__, __LINE__, "%s: errno %d", ways[i].name, errno);
		if (got != 1 || code != ways[i].code || sender != getpid() || value != ways[i].value && ways[i].value)
			check_fail(__FILE__, __LINE__, "%s: %d handlers, code %d, value %d, sender %d of %d", ways[i].name,
			           (int)got, (int)code, (int)value, (int)sender, (int)getpid());
		to_group += ways[i].group;
	}
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
	block(SIG_BLOCK, SIGRTMIN + 2);
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
	block(SIG_UNBLOCK, SIGRTMIN + 2);
	for (int i = 0; i < ROUNDS; i++)
		sends(SIGRTMIN + 2);
	return arg;
}

/* The group's other process: counts, and tells how many there were until SIGTERM. */
static void counts(int from)
{
	sigset_t set;
	int signal, n = 0;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a check that fails leaves nobody */
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 1);
	sigaddset(&set, SIGRTMIN + 2);
	sigaddset(&set, SIGRTMAX);
	while (sigwait(&set, &signal) == 0 && signal != SIGRTMAX)
		n++;
	CHECK_EQ(write(from, &n, sizeof n), sizeof n);
	_exit(0);
}

int main(void)
{
	struct sigaction sa = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
	int back[2], n, status;
	CHECK_EQ(setpgid(0, 0), 0);
	CHECK_EQ(pipe(back), 0);
	block(SIG_BLOCK, SIGRTMIN + 1);
	block(SIG_BLOCK, SIGRTMIN + 2);
	block(SIG_BLOCK, SIGRTMAX);
	pid_t child = fork();
	if (child == 0)
		counts(back[1]);
	CHECK(child > 0);
	CHECK_EQ(sigaction(SIGRTMIN + 1, &sa, NULL), 0);
	CHECK_EQ(sigaction(SIGRTMIN + 2, &sa, NULL), 0);
	block(SIG_UNBLOCK, SIGRTMIN + 1);
	block(SIG_UNBLOCK, SIGRTMIN + 2);
	descriptor = syscall(SYS_pidfd_open, getpid(), 0);
	CHECK(descriptor >= 0);
	file = open("kill_own_group.file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(file >= 0);
	unlink("kill_own_group.file");
	sends(SIGRTMIN + 1);
	CHECK_OK(pthread_barrier_init(&begun, NULL, 5));
	for (int i = 0; i < ROUNDS; i++) {
		pthread_t t[4];
		for (int k = 0; k < 4; k++)
			CHECK_OK(pthread_create(&t[k], NULL, others, NULL));
		pthread_barrier_wait(&begun);
		if (i % 3 == 0)
			usleep(1000);
		sends(SIGRTMIN + 1);
		for (int k = 0; k < 4; k++)
			CHECK_OK(pthread_join(t[k], NULL));
		sends(SIGRTMIN + 1);
	}
	pthread_t t[2];
	block(SIG_BLOCK, SIGRTMIN + 2);
	CHECK_OK(pthread_barrier_init(&begun, NULL, 2));
	CHECK_OK(pthread_create(&t[0], NULL, others, NULL));
	pthread_barrier_wait(&begun);
	CHECK_OK(pthread_create(&t[1], NULL, alone, NULL));
	CHECK_OK(pthread_join(t[0], NULL));
	CHECK_OK(pthread_join(t[1], NULL));

	/* Errors, and what is blocked, are as ever. */
	CHECK_ERRNO(kill(0, 99), EINVAL);
	CHECK_ERRNO(killpg(-1, SIGUSR1), EINVAL);
	CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getpid(), SIGRTMIN + 1, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGRTMIN + 1, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_pidfd_send_signal, file, SIGRTMIN + 1, NULL, 0), EBADF);
	got = 0;
	block(SIG_BLOCK, SIGRTMIN + 1);
	CHECK_EQ(kill(0, SIGRTMIN + 1), 0);
	to_group++;
	CHECK_EQ(got, 0);
	block(SIG_UNBLOCK, SIGRTMIN + 1);
	CHECK_EQ(got, 1);

	CHECK_EQ(kill(child, SIGRTMAX), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	CHECK_EQ(read(back[0], &n, sizeof n), sizeof n);
	CHECK_EQ(n, to_group);
	puts("before it returns");
	return 0;
}
