// rule: a line-buffered stdout is written out before an unbuffered or line-buffered stream is read, not before a fully buffered one
// one-thread: yes
#include "../io/util.h"
static int q[2], a[2];
static void *answerer(void *arg)
{
	(void)arg;
	char b[20];
	CHECK_EQ(read(q[0], b, sizeof b), 6);
	CHECK_EQ(memcmp(b, "name? ", 6), 0);
	CHECK_EQ(write(a[1], "you\nx\n", 6), 6);
	return NULL;
}

int main(void)
{
	u_pipe(q);
	u_pipe(a);
	int out = dup(1);
	CHECK_EQ(dup2(q[1], 1), 1);
	setvbuf(stdout, NULL, _IOLBF, 1024);
	FILE *in = fdopen(a[0], "r");
	setvbuf(in, NULL, _IONBF, 0);
	pthread_t t = u_spawn(answerer, NULL);
	printf("name? ");
	char b[10];
	CHECK(fgets(b, sizeof b, in));
	u_join(t);
	CHECK_STR(b, "you\n");
	FILE *full = fdopen(a[0], "r");
	printf("kept");
	CHECK_EQ(fgetc(full), 'x');
	int n;
	CHECK_EQ(ioctl(q[0], FIONREAD, &n), 0);
	CHECK_EQ(n, 0);
	dprintf(out, "ok\n");
	_exit(0);
}
