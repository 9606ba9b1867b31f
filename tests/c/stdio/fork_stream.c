// rule: fork(2): a stream that another thread holds in the parent is free in the child
#include "../io/util.h"
static FILE *in;
static int p[2];
static void *reader(void *arg)
{
	(void)arg;
	char b[20];
	CHECK(fgets(b, sizeof b, in));
	printf("parent %s", b);
	return NULL;
}
static void *holder(void *arg)
{
	flockfile(stderr);
	u_sleep(200);
	funlockfile(stderr);
	return arg;
}

int main(void)
{
	u_pipe(p);
	in = fdopen(p[0], "r");
	pthread_t t = u_spawn(reader, NULL), h = u_spawn(holder, NULL);
	u_sleep(30);
	pid_t c = fork();
	if (c == 0) {
		char b[20];
		int own[2];
		/* The pipe is the parent's reader's. */
		u_pipe(own);
		CHECK_EQ(dup2(own[0], p[0]), p[0]);
		CHECK_EQ(write(own[1], "a\n", 2), 2);
		CHECK(fgets(b, sizeof b, in));
		CHECK_STR(b, "a\n");
		fputs("child\n", stderr);
		_exit(7);
	}
	int st;
	CHECK_EQ(waitpid(c, &st, 0), c);
	CHECK_EQ(WEXITSTATUS(st), 7);
	CHECK_EQ(write(p[1], "b\n", 2), 2);
	u_join(t);
	u_join(h);
	return 0;
}
