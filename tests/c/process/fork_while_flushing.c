// rule: fork(2) waits for a thread in fflush(NULL), and lets the one run that this waits for; stdio is whole in the child
// timeout: 60
#define _GNU_SOURCE 1
#include "../check.h"
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>

static int pipe_[2];
static atomic_int flushing, flushed;
static long drained;

static void *flushes(void *arg)
{
	atomic_store(&flushing, 1);
	CHECK_EQ(fflush(NULL), 0);
	atomic_store(&flushed, 1);
	return arg;
}

static void *drains(void *arg)
{
	static char buffer[65536];
	long n;
	sleep_ms(300);
	while ((n = read(pipe_[0], buffer, sizeof buffer)) > 0)
		drained += n;
	CHECK_EQ(n, 0);
	return arg;
}

static ssize_t slowly(void *cookie, const char *text, size_t length)
{
	(void)cookie, (void)text;
	atomic_store(&flushing, 2);
	sleep_ms(200);
	return (ssize_t)length;
}

static void in_child(void)
{
	FILE *f = fopen("/dev/null", "w");
	CHECK(f != NULL);
	CHECK(fputs("text", f) >= 0);
	CHECK_EQ(fclose(f), 0);
	_exit(7);
}

static void forks(void)
{
	int status;
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		in_child();
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 7 << 8);
}

int main(void)
{
	pthread_t t, d;
	char text[8000];
	long before = 0, n;

	/* The list's lock is held while a full pipe is waited for. */
	CHECK_EQ(pipe(pipe_), 0);
	memset(text, 'x', sizeof text);
	CHECK_EQ(fcntl(pipe_[1], F_SETFL, O_NONBLOCK), 0);
	while ((n = write(pipe_[1], text, sizeof text)) > 0)
		before += n;
	CHECK_EQ(fcntl(pipe_[1], F_SETFL, 0), 0);
	FILE *f = fdopen(pipe_[1], "w");
	CHECK(f != NULL);
	static char buffer[16384];
	setvbuf(f, buffer, _IOFBF, sizeof buffer);
	CHECK_EQ(fwrite(text, 1, sizeof text, f), sizeof text);
	CHECK_OK(pthread_create(&d, NULL, drains, NULL));
	CHECK_OK(pthread_create(&t, NULL, flushes, NULL));
	while (!atomic_load(&flushing))
		sched_yield();
	sleep_ms(50);
	forks();
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(fclose(f), 0);
	CHECK_OK(pthread_join(d, NULL));
	CHECK_EQ(drained, before + (long)sizeof text);

	/* It is held while a stream of the program's own waits. */
	cookie_io_functions_t io = {.write = slowly};
	f = fopencookie(NULL, "w", io);
	CHECK(f != NULL);
	setvbuf(f, NULL, _IOFBF, 100);
	CHECK(fputs("some", f) >= 0);
	atomic_store(&flushing, 0);
	CHECK_OK(pthread_create(&t, NULL, flushes, NULL));
	while (atomic_load(&flushing) != 2)
		sched_yield();
	forks();
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(fclose(f), 0);
	puts("forked");
	return 0;
}
