// rule: pthread_cancel ends a thread that waits in stdio; the stream's lock is free afterwards
// one-thread: yes
#include "../io/util.h"
static FILE *in, *out;
static int cleaned;
static void cleanup(void *arg) { (void)arg; cleaned++; }
static void *reader(void *arg)
{
	char b[100];
	pthread_cleanup_push(cleanup, NULL);
	fgets(b, sizeof b, in);
	pthread_cleanup_pop(0);
	return arg;
}
static void *printer(void *arg)
{
	static char big[200000];
	memset(big, 'x', sizeof big - 1);
	pthread_cleanup_push(cleanup, NULL);
	fprintf(out, "%s", big);
	pthread_cleanup_pop(0);
	return arg;
}

int main(void)
{
	int p[2], q[2];
	u_pipe(p);
	u_pipe(q);
	in = fdopen(p[0], "r");
	out = fdopen(q[1], "w");
	pthread_t a = u_spawn(reader, NULL), b = u_spawn(printer, NULL);
	u_sleep(50);
	CHECK_OK(pthread_cancel(a));
	CHECK(u_join(a) == PTHREAD_CANCELED);
	CHECK_OK(pthread_cancel(b));
	CHECK(u_join(b) == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 2);
	pthread_t t = u_write_later(20, p[1], "line\n");
	char line[10];
	CHECK(fgets(line, sizeof line, in));
	CHECK_STR(line, "line\n");
	u_join(t);
	CHECK_EQ(ftrylockfile(out), 0);
	funlockfile(out);
	puts("ok");
	return 0;
}
