// rule: every byte output function waits on a full pipe without stopping other threads, buffered or not
// env: GEVENTRS_SLICE=5000
// one-thread: yes
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "waiting.h"
#include <stdarg.h>

enum { N = 6000 };
static char text[N + 1];

static void w_fputs(const struct waiting *w) { CHECK(fputs(text, w->file) >= 0); }
static void w_fputs_unlocked(const struct waiting *w) { CHECK(fputs_unlocked(text, w->file) >= 0); }
static void w_fwrite(const struct waiting *w) { CHECK_EQ(fwrite(text, 2, N / 2, w->file), N / 2); }
static void w_fwrite_unlocked(const struct waiting *w) { CHECK_EQ(fwrite_unlocked(text, N, 1, w->file), 1); }
static void w_putc(const struct waiting *w) { for (int i = 0; i < N; i++) CHECK_EQ((putc)(text[i], w->file), (unsigned char)text[i]); }
static void w_fputc(const struct waiting *w) { for (int i = 0; i < N; i++) CHECK_EQ(fputc(text[i], w->file), (unsigned char)text[i]); }
static void w_putc_unlocked(const struct waiting *w) { for (int i = 0; i < N; i++) CHECK_EQ(putc_unlocked(text[i], w->file), (unsigned char)text[i]); }
static void w_putc_unlocked_function(const struct waiting *w) { for (int i = 0; i < N; i++) CHECK_EQ((putc_unlocked)(text[i], w->file), (unsigned char)text[i]); }
static void w_putw(const struct waiting *w) { for (int i = 0; i < N; i += 4) { int v; memcpy(&v, text + i, 4); CHECK_EQ(putw(v, w->file), 0); } }
static void w_fprintf(const struct waiting *w) { CHECK_EQ(fprintf(w->file, "%.*s%s", 10, text, text + 10), N); }
static void w_fprintf_pieces(const struct waiting *w) { for (int i = 0; i < N; i += 100) CHECK_EQ(fprintf(w->file, "%.100s", text + i), 100); }
static void w_vfprintf_(FILE *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	CHECK_EQ(vfprintf(f, fmt, ap), N);
	va_end(ap);
}
static void w_vfprintf(const struct waiting *w) { w_vfprintf_(w->file, "%s", text); }
static void w_dprintf(const struct waiting *w) { CHECK_EQ(dprintf(fileno(w->file), "%s", text), N); }
static void w_fflush(const struct waiting *w)
{
	for (int i = 0; i < N; i += 300) {
		CHECK_EQ(fwrite(text + i, 1, 300, w->file), 300);
		CHECK_EQ(fflush(w->file), 0);
	}
}
static void w_overflow(const struct waiting *w)
{
	extern int __overflow(FILE *, int);
	for (int i = 0; i < N; i++)
		CHECK_EQ(__overflow(w->file, (unsigned char)text[i]), (unsigned char)text[i]);
}

static const struct waiting all[] = {
	ENTRY(w_fputs), ENTRY(w_fputs_unlocked), ENTRY(w_fwrite), ENTRY(w_fwrite_unlocked), ENTRY(w_putc),
	ENTRY(w_fputc), ENTRY(w_putc_unlocked), ENTRY(w_putc_unlocked_function), ENTRY(w_putw), ENTRY(w_fprintf),
	ENTRY(w_fprintf_pieces), ENTRY(w_vfprintf), ENTRY(w_dprintf), ENTRY(w_fflush), ENTRY(w_overflow),
};

int main(void)
{
	enum { COUNT = sizeof all / sizeof *all };
	static const int modes[] = {_IOFBF, _IOLBF, _IONBF};
	static struct waiting copy[COUNT];
	for (int i = 0; i < N; i++)
		text[i] = i % 61 == 60 ? '\n' : 'a' + i % 26;
	for (int m = 0; m < 3; m++) {
		memcpy(copy, all, sizeof all);
		waiting_output(copy, COUNT, modes[m], text);
	}
	return 0;
}
