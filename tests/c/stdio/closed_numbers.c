// rule: what is known of a descriptor's kind ends with it: a number that was a file waits when it is a pipe, and the other way round
// env: GEVENTRS_SLICE=5000
// glibc: 2.34
#include "../io/util.h"

static void file(int want)
{
	FILE *f = fopen("file", "w+");
	CHECK_EQ(fileno(f), want);
	CHECK(fputs("text\n", f) >= 0);
	CHECK_EQ(ftell(f), 5);
	CHECK_EQ(fseek(f, 0, SEEK_SET), 0);
	char b[10];
	CHECK(fgets(b, sizeof b, f));
	CHECK_EQ(ftell(f), 5);
	CHECK_EQ(fprintf(f, "%d", 12), 2);
	CHECK_EQ(fflush(f), 0);
	CHECK_EQ(ftell(f), 7);
	if (want % 2)
		CHECK_EQ(fclose(f), 0);
	else
		closefrom(want);
}
static void piped(int want)
{
	int p[2];
	u_pipe(p);
	CHECK_EQ(p[0], want);
	FILE *f = fdopen(p[0], "r");
	pthread_t t = u_write_later(10, p[1], "x\n");
	int before = u_ticks();
	CHECK_EQ(fgetc(f), 'x');
	u_ticked(before);
	u_join(t);
	CHECK_EQ(fclose(f), 0);
	CHECK_EQ(close(p[1]), 0);
}

int main(void)
{
	u_tick_start();
	int want = dup(0);
	close(want);
	for (int i = 0; i < 3; i++) {
		file(want);
		piped(want);
		FILE *f = popen("echo child", "r");
		char b[10];
		CHECK(fgets(b, sizeof b, f));
		fputs(b, stdout);
		CHECK_EQ(pclose(f), 0);
		f = fopen("file", "r");
		CHECK_EQ(dup2(fileno(f), 100), 100);
		FILE *g = fdopen(100, "r");
		CHECK_EQ(fgetc(g), 't');
		int p[2];
		u_pipe(p);
		fflush(g);
		CHECK_EQ(dup2(p[0], 100), 100);
		pthread_t t = u_write_later(10, p[1], "abcde");
		g = fdopen(100, "r");
		CHECK_EQ(fgetc(g), 'a');
		u_join(t);
		fclose(g);
		fclose(f);
		close(p[0]);
		close(p[1]);
	}
	u_tick_end();
	return 0;
}
