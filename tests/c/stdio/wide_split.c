// rule: a character whose bytes come one after the other is one character; nobody else waits for it
// one-thread: yes
#include "waiting.h"
#include <locale.h>

static void *reader(void *arg)
{
	FILE *f = arg;
	CHECK_EQ(fgetwc(f), L'\u20ac');
	CHECK_EQ(fgetwc(f), WEOF);
	return NULL;
}

int main(void)
{
	CHECK(setlocale(LC_ALL, "C.UTF-8"));
	int p[2];
	u_pipe(p);
	FILE *f = fdopen(p[0], "r");
	pthread_t t = u_spawn(reader, f);
	for (int i = 0; i < 3; i++) {
		u_sleep(20);
		CHECK_EQ(write(p[1], &"\xe2\x82\xac"[i], 1), 1);
	}
	u_sleep(20);
	close(p[1]);
	u_join(t);

	/* A stream that ends within a character. */
	u_pipe(p);
	f = fdopen(p[0], "r");
	t = u_write_later(20, p[1], "x\xe2\x82");
	CHECK_EQ(fgetwc(f), L'x');
	u_join(t);
	t = u_close_later(20, p[1]);
	errno = 0;
	wint_t c = fgetwc(f);
	int e = errno;
	u_join(t);
	printf("%d errno %s eof %d error %d\n", (int)c, strerrorname_(e), !!feof(f), !!ferror(f));
	clearerr(f);
	errno = 0;
	c = fgetwc(f);
	printf("%d errno %s eof %d error %d\n", (int)c, strerrorname_(errno), !!feof(f), !!ferror(f));

	/* A byte that begins no character. */
	u_pipe(p);
	f = fdopen(p[0], "r");
	t = u_write_later(20, p[1], "\xff" "ab");
	errno = 0;
	c = fgetwc(f);
	e = errno;
	u_join(t);
	printf("%d errno %s eof %d error %d\n", (int)c, strerrorname_(e), !!feof(f), !!ferror(f));

	/* Pushed back before what is buffered. */
	u_pipe(p);
	f = fdopen(p[0], "r");
	CHECK_EQ(write(p[1], "abc", 3), 3);
	CHECK_EQ(fgetwc(f), L'a');
	CHECK_EQ(ungetwc(L'Z', f), L'Z');
	CHECK_EQ(fgetwc(f), L'Z');
	CHECK_EQ(fgetwc(f), L'b');
	CHECK_EQ(fgetwc(f), L'c');
	puts("ok");
	return 0;
}
