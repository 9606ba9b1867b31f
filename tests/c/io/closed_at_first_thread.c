// rule: what is closed after the first thread was made is closed: a pipe without a reader gives EPIPE, one without a writer its end
// source: close(2); pipe(7)
#include "../check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { CHILDREN = 300 };

static void *nothing(void *arg) { return arg; }

/* Each process makes its first thread once. */
static void child(void)
{
	int no_reader[2], no_writer[2];
	char byte;
	pthread_t t;
	CHECK_EQ(pipe(no_reader), 0);
	CHECK_EQ(pipe(no_writer), 0);
	CHECK_EQ(fcntl(no_writer[0], F_SETFL, O_NONBLOCK), 0);
	CHECK_OK(pthread_create(&t, NULL, nothing, NULL));
	CHECK_EQ(close(no_reader[0]), 0);
	CHECK_EQ(close(no_writer[1]), 0);
	CHECK_ERRNO(write(no_reader[1], "x", 1), EPIPE);
	CHECK_EQ(read(no_writer[0], &byte, 1), 0);
	CHECK_OK(pthread_join(t, NULL));
	_exit(0);
}

int main(void)
{
	int status, wrong = 0;
	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();
		CHECK(pid >= 0);
		if (pid == 0)
			child();
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		wrong += status != 0;
	}
	printf("%d wrong\n", wrong);
	return 0;
}
