// rule: the standard streams on pipes: getchar, gets, putchar, puts, printf, perror, warn wait without stopping other threads
// env: GEVENTRS_SLICE=5000
// one-thread: yes
#include "../io/util.h"
#include <err.h>
#include <stdio_ext.h>
extern char *gets(char *);
static int in[2], out[2], err_[2];
static char full[65536];

static void *feeder(void *arg)
{
	u_sleep(50);
	for (const char *c = "ab\nline\nlast"; *c; c++) {
		CHECK_EQ(write(in[1], c, 1), 1);
		u_sleep(2);
	}
	CHECK_EQ(close(in[1]), 0);
	return arg;
}
static int go;
/* Empties a pipe some time after the first thread has come to its part. */
static void *drainer(void *arg)
{
	int fd = *(int *)arg, part = fd == out[0] ? 1 : 2;
	char b[400], full[65536];
	while (__atomic_load_n(&go, __ATOMIC_SEQ_CST) < part)
		u_sleep(1);
	u_sleep(30);
	CHECK_EQ(u_read_all(fd, full, sizeof full), sizeof full);
	ssize_t n = u_read_all(fd, b, 200);
	b[n] = 0;
	return strdup(b);
}

int main(void)
{
	int keep = dup(1), keep_err = dup(2);
	u_pipe(in);
	u_pipe(out);
	u_pipe(err_);
	u_write_all(out[1], full, sizeof full);
	u_write_all(err_[1], full, sizeof full);
	dup2(in[0], 0);
	dup2(out[1], 1);
	dup2(err_[1], 2);
	close(out[1]);
	close(err_[1]);
	setvbuf(stdout, NULL, _IONBF, 0);
	pthread_t f = u_spawn(feeder, NULL), o = u_spawn(drainer, &out[0]), e = u_spawn(drainer, &err_[0]);
	u_tick_start();
	u_sleep(5);

	int before = u_ticks();
	char b[20];
	CHECK_EQ(getchar(), 'a');
	u_ticked(before);
	CHECK_EQ(getchar_unlocked(), 'b');
	CHECK_EQ(getchar(), '\n');
	CHECK(gets(b) == b);
	CHECK_STR(b, "line");
	CHECK(gets(b) == b);
	CHECK_STR(b, "last");
	CHECK(gets(b) == NULL);
	CHECK_EQ(getchar(), EOF);

	before = u_ticks();
	__atomic_store_n(&go, 1, __ATOMIC_SEQ_CST);
	CHECK(puts("puts") >= 0);
	if (preloaded()) CHECK(u_ticks() > before);
	CHECK_EQ(putchar('c'), 'c');
	CHECK_EQ(putchar_unlocked('\n'), '\n');
	CHECK_EQ(printf("%s %d\n", "printf", 1), 9);
	CHECK_EQ(__fpending(stdout), 0);

	before = u_ticks();
	__atomic_store_n(&go, 2, __ATOMIC_SEQ_CST);
	errno = ENOENT;
	perror("perror");
	u_ticked(before);
	errno = EACCES;
	warn("%s %d", "warn", 5);
	warnx("warnx %g", .5);
	psignal(SIGHUP, "psignal");
	fprintf(stderr, "%s\n", "fprintf");

	dup2(keep, 1);
	dup2(keep_err, 2);
	u_tick_end();
	u_join(f);
	char *text = u_join(o), *complaint = u_join(e);
	/* warn() starts with the program's name. */
	printf("%s--\n%s", text, complaint);
	free(text);
	free(complaint);
	return 0;
}
