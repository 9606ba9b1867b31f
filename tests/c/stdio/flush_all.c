// rule: fflush(NULL) writes out every stream, and waits for those that other threads hold
#include "../io/util.h"
static FILE *held, *full;
static int p[2];
static void *holder(void *arg)
{
	flockfile(held);
	u_sleep(150);
	fputs("held", held);
	funlockfile(held);
	return arg;
}
static void *reader(void *arg)
{
	static char b[100000];
	u_sleep(100);
	CHECK_EQ(u_read_all(p[0], b, sizeof b), 65536 + 5);
	return arg;
}

int main(void)
{
	static char big[65536];
	held = fopen("file", "w+");
	u_pipe(p);
	full = fdopen(p[1], "w");
	u_write_all(p[1], big, sizeof big);
	fputs("after", full);
	pthread_t t = u_spawn(holder, NULL), r = u_spawn(reader, NULL);
	u_sleep(20);
	CHECK_EQ(fflush(NULL), 0);
	struct stat st;
	CHECK_EQ(stat("file", &st), 0);
	printf("%d\n", (int)st.st_size);
	u_join(t);
	CHECK_EQ(fclose(full), 0);
	u_join(r);
	return 0;
}
