// rule: a character whose bytes come one after the other is one character; nobody else waits for it
// pending: libc reads on within a character, where it is program code that blocks: needs the monitor
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
	close(p[1]);
	u_join(t);
	puts("ok");
	return 0;
}
