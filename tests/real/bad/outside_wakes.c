// Every thread waits, and what wakes them comes from outside: a child's write
// into a pipe, a child's end, a signal whose handler posts a semaphore, a
// time-out.
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sem_t posted;
static int ends[2];

static void handler(int number)
{
	(void)number;
	sem_post(&posted);
}

static void *read_pipe(void *arg)
{
	char c;
	(void)arg;
	if (read(ends[0], &c, 1) == 1)
		return "read";
	return NULL;
}

static void *wait_child(void *arg)
{
	int status;
	waitpid(*(pid_t *)arg, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 3 ? "waited" : NULL;
}

static void *wait_semaphore(void *arg)
{
	(void)arg;
	while (sem_wait(&posted) != 0)
		;
	return "posted";
}

static void *time_out(void *arg)
{
	pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t never = PTHREAD_COND_INITIALIZER;
	struct timespec until;
	(void)arg;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	pthread_mutex_lock(&lock);
	while (pthread_cond_timedwait(&never, &lock, &until) == 0)
		;
	pthread_mutex_unlock(&lock);
	return "timed out";
}

static void join(pthread_t thread)
{
	void *result;
	pthread_join(thread, &result);
	printf("%s\n", result ? (char *)result : "wrong");
	fflush(stdout);
}

int main(void)
{
	pthread_t thread;
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	pid_t child;
	if (pipe(ends) < 0)
		return 1;
	if ((child = fork()) == 0) {
		usleep(300000);
		_exit(write(ends[1], "x", 1) != 1);
	}
	pthread_create(&thread, NULL, read_pipe, NULL);
	join(thread);
	waitpid(child, NULL, 0);

	if ((child = fork()) == 0) {
		usleep(300000);
		_exit(3);
	}
	pthread_create(&thread, NULL, wait_child, &child);
	join(thread);

	pthread_create(&thread, NULL, time_out, NULL);
	join(thread);

	sem_init(&posted, 0, 0);
	sigaction(SIGUSR1, &action, NULL);
	if ((child = fork()) == 0) {
		usleep(300000);
		_exit(kill(getppid(), SIGUSR1) != 0);
	}
	pthread_create(&thread, NULL, wait_semaphore, NULL);
	join(thread);
	waitpid(child, NULL, 0);
	return 0;
}
