/* Many threads, each in one call on a pipe of its own that is not ready for a
 * third of a second, while the first thread counts ticks of 10 ms. */
#ifndef WAITING_H
#define WAITING_H
#include "../io/util.h"
#include <wchar.h>

struct waiting {
	const char *name;
	void (*call)(const struct waiting *);
	FILE *file; /* the thread's end */
	int fd;     /* the other end */
	int done;
	pthread_t thread;
};

#define ENTRY(fn) {#fn, fn, NULL, -1, 0, 0}

static void *waiting_run(void *arg)
{
	struct waiting *w = arg;
	w->call(w);
	__atomic_store_n(&w->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void waiting_begin(struct waiting *w, int n)
{
	for (int i = 0; i < n; i++)
		w[i].thread = u_spawn(waiting_run, &w[i]);
}

/* Ticks that the first thread gets in 300 ms, while all the others wait. */
static void waiting_tick(const struct waiting *w, int n)
{
	int ticks = 0;
	int64_t end = now_ms() + 300;
	while (now_ms() < end) {
		u_sleep(10);
		ticks++;
	}
	if (preloaded())
		CHECK(ticks >= ENOUGH_TICKS);
	for (int i = 0; i < n; i++)
		if (__atomic_load_n(&w[i].done, __ATOMIC_SEQ_CST))
			check_fail(__FILE__, __LINE__, "%s did not wait", w[i].name);
}

static void waiting_end(struct waiting *w, int n)
{
	for (int i = 0; i < n; i++) {
		u_join(w[i].thread);
		printf("%s ok\n", w[i].name);
	}
}

/* Calls that read: each gets the same text afterwards, in two pieces. */
U_UNUSED static void waiting_input(struct waiting *w, int n, const char *first, const char *second)
{
	for (int i = 0; i < n; i++) {
		int p[2];
		u_pipe(p);
		CHECK(w[i].file = fdopen(p[0], "r"));
		w[i].fd = p[1];
	}
	waiting_begin(w, n);
	waiting_tick(w, n);
	for (int i = 0; i < n; i++)
		u_write_all(w[i].fd, first, strlen(first));
	u_sleep(20);
	for (int i = 0; i < n; i++) {
		u_write_all(w[i].fd, second, strlen(second));
		CHECK_EQ(close(w[i].fd), 0);
	}
	waiting_end(w, n);
}

/* Calls that write to a full pipe; the other end then reads as it likes. */
U_UNUSED static void waiting_output(struct waiting *w, int n, int mode, const char *want)
{
	enum { PIPE = 65536 };
	static char full[PIPE], got[PIPE];
	for (int i = 0; i < n; i++) {
		int p[2];
		u_pipe(p);
		CHECK_EQ(write(p[1], full, PIPE), PIPE);
		CHECK(w[i].file = fdopen(p[1], "w"));
		CHECK_EQ(setvbuf(w[i].file, NULL, mode, mode == _IONBF ? 0 : 512), 0);
		w[i].fd = p[0];
		CHECK_EQ(fcntl(p[0], F_GETPIPE_SZ), PIPE);
	}
	waiting_begin(w, n);
	waiting_tick(w, n);
	for (int i = 0; i < n; i++) {
		CHECK_EQ(u_read_all(w[i].fd, got, PIPE), PIPE);
		u_join(w[i].thread);
		CHECK_EQ(fclose(w[i].file), 0);
		size_t length = u_read_all(w[i].fd, got, PIPE);
		got[length] = 0;
		if (length != strlen(want) || memcmp(got, want, length) != 0)
			check_fail(__FILE__, __LINE__, "%s wrote %zu bytes \"%.40s\"", w[i].name, length, got);
		CHECK_EQ(close(w[i].fd), 0);
		printf("%s ok\n", w[i].name);
	}
}
#endif
