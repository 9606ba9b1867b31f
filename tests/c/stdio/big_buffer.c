// rule: setvbuf(3): a buffer larger than the pipe is written out without stopping others, by fflush, fseek, exit of the stream and overflow
// env: GEVENTRS_SLICE=5000
// one-thread: yes
#include "../io/util.h"
enum { SIZE = 300000 };
static int p[2];
static void *reader(void *arg)
{
	(void)arg;
	unsigned char *b = malloc(4096);
	size_t at = 0;
	for (;;) {
		ssize_t n = read(p[0], b, 4096);
		CHECK(n >= 0);
		if (n == 0) break;
		CHECK(u_same(b, n, at));
		at += n;
		if (at % 50000 < 4096) u_sleep(1);
	}
	free(b);
	return (void *)at;
}

int main(void)
{
	unsigned char *data = malloc(2 * SIZE);
	u_fill(data, 2 * SIZE, 0);
	for (int how = 0; how < 5; how++) {
		u_pipe(p);
		FILE *f = fdopen(p[1], "w");
		CHECK_EQ(setvbuf(f, NULL, _IOFBF, how == 4 ? 0 : SIZE), 0);
		pthread_t t = u_spawn(reader, NULL);
		u_tick_start();
		u_sleep(5);
		int before = u_ticks();
		size_t n = how == 3 ? SIZE + 100000 : 200000;
		CHECK_EQ(fwrite(data, 1, n, f), n);
		if (how == 0) CHECK_EQ(fflush(f), 0);
		if (how == 1) CHECK_EQ(fseek(f, 0, SEEK_SET), -1);
		CHECK_EQ(fclose(f), 0);
		u_ticked(before);
		u_tick_end();
		printf("%zu\n", (size_t)u_join(t));
		close(p[0]);
	}
	free(data);
	return 0;
}
