// rule: pthreads(7), functions that may be cancellation points: on a stream that waits, those of stdio are (glibc), and so are getpass(3), fflush(NULL) and dprintf(3); popen(3), flockfile(3), the locks and what only looks are not; a loop over a regular file's stream is cancelled
// timeout: 120
#include "../check.h"
#include <err.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <wchar.h>

static char block[65536];
static wchar_t wide[10];
static int in[2], out[2];
static FILE *r, *w, *file; /* of an empty pipe, unbuffered of a full one, of a regular file */
static FILE *held; /* with a byte in its buffer, for the full pipe */
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

#define CALL(name, ...) static void name(void) { __VA_ARGS__; }
CALL(do_fgetc, fgetc(r))
CALL(do_fgetc_unbuffered, setvbuf(r, NULL, _IONBF, 0); fgetc(r))
CALL(do_getc_unlocked, getc_unlocked(r))
CALL(do_getchar, getchar())
CALL(do_fgets, (void)!fgets(block, 10, r))
CALL(do_fread, (void)!fread(block, 1, 50000, r))
CALL(do_getdelim, char *l = NULL; size_t n = 0; (void)!getdelim(&l, &n, ':', r))
CALL(do_fscanf, int n; (void)!fscanf(r, "%d", &n))
CALL(do_fgetwc, fgetwc(r))
CALL(do_fgetws, (void)!fgetws(wide, 10, r))
CALL(do_fwscanf, int n; (void)!fwscanf(r, L"%d", &n))
CALL(do_fputc, fputc('x', w))
CALL(do_putc_unlocked, putc_unlocked('x', w))
CALL(do_fputs, fputs("hello", w))
CALL(do_fwrite, (void)!fwrite("hello", 1, 5, w))
CALL(do_fwrite_long, (void)!fwrite(block, 1, sizeof block, held))
CALL(do_fprintf, fprintf(w, "%d", 5))
CALL(do_fputwc, fputwc(L'x', w))
CALL(do_fputws, fputws(L"hello", w))
CALL(do_fwprintf, fwprintf(w, L"%d", 5))
CALL(do_dprintf, dprintf(out[1], "%d", 5))
CALL(do_perror, perror("x"))
CALL(do_psignal, psignal(SIGHUP, "x"))
CALL(do_warn, warn("x"))
CALL(do_fflush, fflush(held))
CALL(do_fflush_all, fflush(NULL))
CALL(do_fclose, fclose(held))
CALL(do_fseek, fseek(held, 0, SEEK_SET))
CALL(do_freopen, (void)!freopen("optional.file", "r", held))
CALL(do_fopen_fifo, (void)!fopen("optional.fifo", "r"))
CALL(do_freopen_fifo, (void)!freopen("optional.fifo", "r", r))
CALL(do_getpass, getpass("?"))
CALL(do_popen, CHECK(popen("true", "r") != NULL))
CALL(do_flockfile, flockfile(file); funlockfile(file))
CALL(do_rwlock, pthread_rwlock_rdlock(&lock); pthread_rwlock_unlock(&lock))
CALL(do_ungetc, ungetc('x', r))
CALL(do_stat, struct stat s; fstat(in[0], &s))
CALL(do_lseek, lseek(in[0], 0, SEEK_SET))
CALL(do_rename, rename("optional.no", "optional.none"))
CALL(loop_fputc, for (;;) fputc('x', file))
CALL(loop_fprintf, for (;;) fprintf(file, "%d", 5))
CALL(loop_fgets, for (;;) if (fgets(block, 10, file) == NULL) rewind(file))
CALL(loop_fgetwc, for (;;) if (fgetwc(file) == WEOF) rewind(file))

enum kind {
	WAITS, /* for ever, if it is not cancelled */
	RETURNS, /* and is no cancellation point */
	LOOPS, /* for ever, over what does not wait */
};
#define C(kind, name) { #name, name, kind }
static const struct call {
	const char *name;
	void (*call)(void);
	enum kind kind;
} calls[] = {
	C(WAITS, do_fgetc), C(WAITS, do_fgetc_unbuffered), C(WAITS, do_getc_unlocked), C(WAITS, do_getchar),
	C(WAITS, do_fgets), C(WAITS, do_fread), C(WAITS, do_getdelim), C(WAITS, do_fscanf), C(WAITS, do_fgetwc),
	C(WAITS, do_fgetws), C(WAITS, do_fwscanf), C(WAITS, do_fputc), C(WAITS, do_putc_unlocked), C(WAITS, do_fputs),
	C(WAITS, do_fwrite), C(WAITS, do_fwrite_long), C(WAITS, do_fprintf), C(WAITS, do_fputwc), C(WAITS, do_fputws),
	C(WAITS, do_fwprintf), C(WAITS, do_dprintf), C(WAITS, do_perror), C(WAITS, do_psignal), C(WAITS, do_warn),
	C(WAITS, do_fflush), C(WAITS, do_fflush_all), C(WAITS, do_fclose), C(WAITS, do_fseek), C(WAITS, do_freopen),
	C(WAITS, do_fopen_fifo), C(WAITS, do_freopen_fifo), C(WAITS, do_getpass), C(RETURNS, do_popen),
	C(RETURNS, do_flockfile), C(RETURNS, do_rwlock), C(RETURNS, do_ungetc), C(RETURNS, do_stat),
	C(RETURNS, do_lseek), C(RETURNS, do_rename), C(LOOPS, loop_fputc), C(LOOPS, loop_fprintf), C(LOOPS, loop_fgets),
	C(LOOPS, loop_fgetwc),
};
static const struct call *c;
static int pending;
static volatile int began, asked, returned;

static void *worker(void *arg)
{
	if (pending) {
		CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
		CHECK_OK(pthread_cancel(pthread_self()));
		CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
	}
	began = 1;
	while (c->kind == RETURNS && !asked)
		sched_yield();
	c->call();
	returned = 1;
	pthread_testcancel();
	return arg;
}

static void fill(int fd)
{
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	for (size_t n = sizeof block; n; n /= 2)
		while (write(fd, block, n) > 0)
			;
	CHECK_EQ(fcntl(fd, F_SETFL, 0), 0);
}

/* In a process of its own, without a terminal: what a cancelled call leaves is nobody's. */
static int in_child(void)
{
	pthread_t t;
	void *value;
	int mine = dup(2);
	setsid();
	alarm(60);
	CHECK(pipe(in) == 0 && pipe(out) == 0);
	CHECK((r = fdopen(in[0], "r")) && (w = fdopen(out[1], "w")) && (held = fdopen(dup(out[1]), "w")));
	CHECK((file = fopen("optional.file", "r+")) != NULL);
	setvbuf(w, NULL, _IONBF, 0);
	if (c->kind == WAITS)
		fputc('x', held);
	fill(out[1]);
	CHECK(dup2(in[0], 0) == 0 && dup2(out[1], 2) == 2);
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	if (!pending) {
		while (!began)
			sleep_ms(1);
		sleep_ms(30);
		CHECK_OK(pthread_cancel(t));
	}
	asked = 1;
	struct timespec limit = ts_in(CLOCK_REALTIME, 30000);
	int error = pthread_timedjoin_np(t, &value, &limit);
	CHECK(dup2(mine, 2) == 2);
	CHECK_OK(error);
	CHECK(value == PTHREAD_CANCELED);
	CHECK_EQ(returned, c->kind == RETURNS);
	return 0;
}

int main(void)
{
	int fd = open("optional.file", O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0 && write(fd, "1\n2\n3\n", 6) == 6);
	CHECK_EQ(mkfifo("optional.fifo", 0600), 0);
	for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
		c = &calls[i];
		printf("%s:", c->name);
		for (pending = 0; pending < 2; pending++) {
			int status;
			fflush(stdout);
			pid_t child = fork();
			if (child == 0)
				_exit(in_child());
			CHECK_EQ(waitpid(child, &status, 0), child);
			CHECK_EQ(status, 0);
			CHECK_EQ(ftruncate(fd, 6), 0);
		}
		printf(" cancelled%s\n", c->kind == RETURNS ? " after it" : "");
	}
	unlink("optional.file");
	unlink("optional.fifo");
	return 0;
}
