// rule: scanf waits for its first character without stopping other threads, and converts words that have come
// env: GEVENTRS_SLICE=5000
#include "waiting.h"
#include <wchar.h>

static void w_fscanf(const struct waiting *w)
{
	int a, b;
	CHECK_EQ(fscanf(w->file, "%d", &a), 1);
	CHECK_EQ(fscanf(w->file, "%x", &b), 1);
	CHECK_EQ(a, 12);
	CHECK_EQ(b, 0x34);
	CHECK_EQ(fgetc(w->file), '\n');
	u_sleep(60); /* the rest has come, and the end */
	CHECK_EQ(fscanf(w->file, "%d", &a), 0);
	char word[10];
	CHECK_EQ(fscanf(w->file, "%9s", word), 1);
	CHECK_STR(word, "end");
	CHECK_EQ(fscanf(w->file, "%9s", word), EOF);
	CHECK(feof(w->file));
	CHECK_EQ(fscanf(w->file, ""), 0);
}
static void w_fwscanf(const struct waiting *w)
{
	int a;
	CHECK_EQ(fwscanf(w->file, L"%d", &a), 1);
	CHECK_EQ(a, 12);
}
static void w_many(const struct waiting *w)
{
	/* More arguments than there are registers. */
	char a, b, c, d, e, f, g, h;
	CHECK_EQ(fscanf(w->file, "%c%c%c%c%c%c%c%c", &a, &b, &c, &d, &e, &f, &g, &h), 8);
	char all[] = {a, b, c, d, e, f, g, h, 0};
	CHECK_STR(all, "12 34\nen");
}
static struct waiting in[] = {ENTRY(w_fscanf), ENTRY(w_fwscanf), ENTRY(w_many)};

int main(void)
{
	waiting_input(in, 2, "12 34\n", "end");
	in[2].done = 0;
	int p[2];
	u_pipe(p);
	u_write_all(p[1], "12 34\nend", 9);
	CHECK(in[2].file = fdopen(p[0], "r"));
	pthread_t t = u_spawn(waiting_run, &in[2]);
	u_join(t);
	puts("ok");
	return 0;
}
