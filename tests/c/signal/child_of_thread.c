// rule: SIGCHLD goes to the thread that has made the child, if it does not block it, and ends that thread's wait only; else to another
#include "sig.h"
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;
static pthread_t main_thread, maker;
static volatile int by_maker, by_main;
static void handler(int s)
{
	(void)s;
	if (pthread_equal(pthread_self(), maker))
		by_maker++;
	else if (pthread_equal(pthread_self(), main_thread))
		by_main++;
	else
		_exit(2);
}

static pid_t by_fork(void)
{
	pid_t child = fork();
	if (child == 0) {
		sleep_ms(100);
		_exit(3);
	}
	return child;
}
static pid_t by_quick_fork(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(3);
	return child;
}
static pid_t by__fork(void)
{
	pid_t child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (child == 0) {
		syscall(SYS_nanosleep, &(struct timespec){ 0, 100000000 }, NULL);
		_exit(3);
	}
	return child;
}
static pid_t by_spawn(void)
{
	pid_t child;
	char *argv[] = { "sh", "-c", "sleep 0.1; exit 3", NULL };
	CHECK_OK(posix_spawn(&child, "/bin/sh", NULL, NULL, argv, environ));
	return child;
}
static pid_t by_vfork(void)
{
	pid_t child = vfork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", "sleep 0.1; exit 3", (char *)NULL);
		_exit(127);
	}
	return child;
}
static pid_t (*const ways[])(void) = { by_fork, by_quick_fork, by__fork, by_spawn, by_vfork };
enum { WAYS = sizeof ways / sizeof *ways };

static sem_t ready;
static int blocks;
static void *makes(void *arg)
{
	maker = pthread_self();
	if (blocks)
		mask(SIG_BLOCK, SIGCHLD, 0);
	for (int i = 0; i < WAYS; i++) {
		int status, before = by_maker + by_main;
		pid_t child = ways[i]();
		CHECK(child > 0);
		while (by_maker + by_main == before) {
			/* Ended by the handler, unless that has come before; if it runs on main, not. */
			struct timespec t = ts_ms(blocks ? 1 : 60000);
			if (nanosleep(&t, NULL) == -1)
				CHECK_EQ(errno, EINTR);
		}
		CHECK_EQ(waitpid(child, &status, 0), child);
		CHECK_EQ(WEXITSTATUS(status), 3);
	}
	/* The child that is waited for is the answer, not EINTR. */
	if (!blocks) {
		int status;
		pid_t child = by_fork();
		CHECK_EQ(waitpid(child, &status, 0), child);
	}
	sem_post(&ready);
	return arg;
}

int main(void)
{
	main_thread = pthread_self();
	handle(SIGCHLD, handler, 0);
	CHECK_EQ(sem_init(&ready, 0, 0), 0);
	for (blocks = 0; blocks < 2; blocks++) {
		by_maker = by_main = 0;
		pthread_t t = start(makes, NULL);
		int ends = 0;
		while (sem_wait(&ready))
			ends++;
		end(t);
		if (!blocks) {
			CHECK_EQ(by_main, 0);
			CHECK_EQ(ends, 0);
			CHECK_EQ(by_maker, WAYS + 1);
		} else {
			CHECK_EQ(by_maker, 0);
			CHECK_EQ(by_main, WAYS);
		}
	}
	puts("ok");
	return 0;
}
