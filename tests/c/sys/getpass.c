// rule: getpass(3) blocks only its thread, on a terminal and where there is none
// stderr: ignore
// timeout: 60
#include "../ipc/ticks.h"
#include <pty.h>
#include <sys/ioctl.h>

static int writer;

static void types(void *text)
{
	CHECK_EQ(write(writer, text, strlen(text)), (long)strlen(text));
}

/* Without a controlling terminal it reads the standard input. */
static void from_pipe(void)
{
	int p[2];
	CHECK(setsid() > 0);
	CHECK_EQ(pipe(p), 0);
	CHECK_EQ(dup2(p[0], 0), 0);
	writer = p[1];
	ticks_start();
	pthread_t t = later(types, "secret\n");
	char *got;
	TICKS_DURING(got = getpass("word: "));
	CHECK(got != NULL);
	CHECK_STR(got, "secret");
	CHECK_OK(pthread_join(t, NULL));
	ticks_end();
}

/* With one it reads that, without echo. */
static void from_terminal(void)
{
	int master, slave;
	CHECK(setsid() > 0);
	CHECK_EQ(openpty(&master, &slave, NULL, NULL, NULL), 0);
	CHECK_EQ(ioctl(slave, TIOCSCTTY, 0), 0);
	writer = master;
	ticks_start();
	pthread_t t = later(types, "hidden\n");
	char *got;
	TICKS_DURING(got = getpass("word: "));
	CHECK(got != NULL);
	CHECK_STR(got, "hidden");
	CHECK_OK(pthread_join(t, NULL));
	ticks_end();
	char shown[100];
	long n = read(master, shown, sizeof shown - 1);
	CHECK(n > 0);
	shown[n] = 0;
	CHECK_STR(shown, "word: \r\n");
}

static void in_child(void (*test)(void))
{
	pid_t c = fork();
	CHECK(c >= 0);
	if (c == 0) {
		test();
		_exit(0);
	}
	reap(c);
}

int main(void)
{
	in_child(from_pipe);
	in_child(from_terminal);
	puts("asked twice");
	return 0;
}
