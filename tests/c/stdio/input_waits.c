// rule: every byte input function waits on a silent pipe without stopping other threads, and gets what comes
// env: GEVENTRS_SLICE=5000
// one-thread: yes
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "waiting.h"

/* The text is "ab" and then "c\nlast". */
static void rest_is(FILE *f, const char *want)
{
	char got[20] = "";
	size_t n = fread(got, 1, sizeof got - 1, f);
	got[n] = 0;
	CHECK_STR(got, want);
	CHECK(feof(f));
	CHECK(!ferror(f));
	CHECK_EQ(fclose(f), 0);
}
static void w_fgetc(const struct waiting *w) { CHECK_EQ(fgetc(w->file), 'a'); CHECK_EQ(fgetc(w->file), 'b'); CHECK_EQ(fgetc(w->file), 'c'); rest_is(w->file, "\nlast"); }
static void w_getc(const struct waiting *w) { CHECK_EQ((getc)(w->file), 'a'); rest_is(w->file, "bc\nlast"); }
static void w_getc_unlocked(const struct waiting *w) { CHECK_EQ((getc_unlocked)(w->file), 'a'); rest_is(w->file, "bc\nlast"); }
static void w_fgetc_unlocked(const struct waiting *w) { CHECK_EQ((fgetc_unlocked)(w->file), 'a'); rest_is(w->file, "bc\nlast"); }
/* What the macro of getc_unlocked is. */
static void w_uflow(const struct waiting *w)
{
	extern int __uflow(FILE *);
	CHECK_EQ(__uflow(w->file), 'a');
	CHECK_EQ(__uflow(w->file), 'b');
	CHECK_EQ(__uflow(w->file), 'c');
	rest_is(w->file, "\nlast");
}
static void w_underflow(const struct waiting *w)
{
	extern int __underflow(FILE *);
	CHECK_EQ(__underflow(w->file), 'a');
	rest_is(w->file, "abc\nlast");
}
static void w_fgets(const struct waiting *w) { char b[10]; CHECK(fgets(b, sizeof b, w->file) == b); CHECK_STR(b, "abc\n"); rest_is(w->file, "last"); }
static void w_fgets_short(const struct waiting *w) { char b[3]; CHECK(fgets(b, sizeof b, w->file) == b); CHECK_STR(b, "ab"); rest_is(w->file, "c\nlast"); }
static void w_fgets_unlocked(const struct waiting *w)
{
	char b[10];
	CHECK(fgets_unlocked(b, sizeof b, w->file) == b);
	CHECK_STR(b, "abc\n");
	CHECK(fgets_unlocked(b, sizeof b, w->file) == b);
	CHECK_STR(b, "last");
	CHECK(fgets_unlocked(b, sizeof b, w->file) == NULL);
	rest_is(w->file, "");
}
static void w_getline(const struct waiting *w)
{
	char *b = NULL;
	size_t n = 0;
	CHECK_EQ(getline(&b, &n, w->file), 4);
	CHECK_STR(b, "abc\n");
	CHECK_EQ(getline(&b, &n, w->file), 4);
	CHECK_STR(b, "last");
	CHECK_EQ(getline(&b, &n, w->file), -1);
	free(b);
	rest_is(w->file, "");
}
static void w_getdelim(const struct waiting *w)
{
	char *b = NULL;
	size_t n = 0;
	CHECK_EQ(getdelim(&b, &n, 'c', w->file), 3);
	CHECK_STR(b, "abc");
	free(b);
	rest_is(w->file, "\nlast");
}
static void w_fread(const struct waiting *w) { char b[4]; CHECK_EQ(fread(b, 2, 2, w->file), 2); CHECK_EQ(memcmp(b, "abc\n", 4), 0); rest_is(w->file, "last"); }
static void w_fread_part(const struct waiting *w) { char b[12]; CHECK_EQ(fread(b, 5, 2, w->file), 1); CHECK_EQ(memcmp(b, "abc\nlast", 8), 0); rest_is(w->file, ""); }
static void w_fread_great(const struct waiting *w) { static char b[100000]; CHECK_EQ(fread(b, 1, sizeof b, w->file), 8); CHECK_EQ(memcmp(b, "abc\nlast", 8), 0); rest_is(w->file, ""); }
static void w_fread_unlocked(const struct waiting *w) { char b[4]; CHECK_EQ(fread_unlocked(b, 1, 4, w->file), 4); CHECK_EQ(memcmp(b, "abc\n", 4), 0); rest_is(w->file, "last"); }
static void w_getw(const struct waiting *w) { int v; memcpy(&v, "abc\n", 4); CHECK_EQ(getw(w->file), v); rest_is(w->file, "last"); }
static void w_unbuffered(const struct waiting *w) { setvbuf(w->file, NULL, _IONBF, 0); char b[10]; CHECK(fgets(b, sizeof b, w->file)); CHECK_STR(b, "abc\n"); rest_is(w->file, "last"); }
static void w_ungetc(const struct waiting *w)
{
	char b[10];
	CHECK_EQ(ungetc('>', w->file), '>');
	CHECK_EQ(fgetc(w->file), '>');
	CHECK_EQ(fgetc(w->file), 'a');
	CHECK_EQ(ungetc('A', w->file), 'A');
	CHECK_EQ(ungetc('<', w->file), '<');
	CHECK(fgets(b, sizeof b, w->file));
	CHECK_STR(b, "<Abc\n");
	rest_is(w->file, "last");
}

static struct waiting all[] = {
	ENTRY(w_fgetc), ENTRY(w_getc), ENTRY(w_getc_unlocked), ENTRY(w_fgetc_unlocked), ENTRY(w_uflow),
	ENTRY(w_underflow), ENTRY(w_fgets), ENTRY(w_fgets_short), ENTRY(w_fgets_unlocked), ENTRY(w_getline),
	ENTRY(w_getdelim), ENTRY(w_fread), ENTRY(w_fread_part), ENTRY(w_fread_great), ENTRY(w_fread_unlocked),
	ENTRY(w_getw), ENTRY(w_unbuffered), ENTRY(w_ungetc),
};

int main(void)
{
	waiting_input(all, sizeof all / sizeof *all, "ab", "c\nlast");
	return 0;
}
