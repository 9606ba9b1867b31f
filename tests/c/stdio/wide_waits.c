// rule: wide-character streams wait on pipes without stopping other threads; bytes are converted as the locale says
// env: GEVENTRS_SLICE=5000
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "waiting.h"
#include <locale.h>

static void w_fgetwc(const struct waiting *w)
{
	CHECK_EQ(fgetwc(w->file), L'\u00e4');
	CHECK_EQ(getwc(w->file), L'b');
	CHECK_EQ(fgetwc_unlocked(w->file), L'\u20ac');
	CHECK_EQ(getwc_unlocked(w->file), L'\n');
	CHECK_EQ(ungetwc(L'z', w->file), L'z');
	CHECK_EQ(fgetwc(w->file), L'z');
	CHECK_EQ(fgetwc(w->file), L'l');
	CHECK_EQ(fgetwc(w->file), WEOF);
	CHECK(feof(w->file));
}
static void w_fgetws(const struct waiting *w)
{
	wchar_t b[20];
	CHECK(fgetws(b, 20, w->file) == b);
	CHECK_EQ(wcscmp(b, L"\u00e4b\u20ac\n"), 0);
	CHECK(fgetws(b, 20, w->file) == b);
	CHECK_EQ(wcscmp(b, L"l"), 0);
	CHECK(fgetws(b, 20, w->file) == NULL);
	CHECK(feof(w->file));
}
static void w_fgetws_unlocked(const struct waiting *w)
{
	wchar_t b[3];
	CHECK(fgetws_unlocked(b, 3, w->file) == b);
	CHECK_EQ(wcscmp(b, L"\u00e4b"), 0);
	CHECK(fgetws_unlocked(b, 3, w->file) == b);
	CHECK_EQ(wcscmp(b, L"\u20ac\n"), 0);
}
static void w_orientation(const struct waiting *w)
{
	CHECK_EQ(fwide(w->file, 0), 0);
	CHECK_EQ(fgetwc(w->file), L'\u00e4');
	CHECK(fwide(w->file, 0) > 0);
}
static struct waiting in[] = {ENTRY(w_fgetwc), ENTRY(w_fgetws), ENTRY(w_fgetws_unlocked), ENTRY(w_orientation)};

static wchar_t line[101];
static void w_fputws(const struct waiting *w) { for (int i = 0; i < 200; i++) CHECK(fputws(line, w->file) >= 0); }
static void w_fputwc(const struct waiting *w) { for (int i = 0; i < 20000; i++) CHECK_EQ(fputwc(line[i % 100], w->file), line[i % 100]); }
static void w_putwc_unlocked(const struct waiting *w) { for (int i = 0; i < 20000; i++) CHECK_EQ(putwc_unlocked(line[i % 100], w->file), line[i % 100]); }
static void w_fwprintf(const struct waiting *w) { for (int i = 0; i < 200; i++) CHECK_EQ(fwprintf(w->file, L"%ls", line), 100); }
static struct waiting out[] = {ENTRY(w_fputws), ENTRY(w_fputwc), ENTRY(w_putwc_unlocked), ENTRY(w_fwprintf)};

int main(void)
{
	CHECK(setlocale(LC_ALL, "C.UTF-8"));
	waiting_input(in, sizeof in / sizeof *in, "\xc3\xa4" "b", "\xe2\x82\xac\nl");
	static char want[20001];
	for (int i = 0; i < 100; i++)
		line[i] = i == 99 ? L'\n' : L'a' + i % 26;
	for (int i = 0; i < 20000; i++)
		want[i] = (char)line[i % 100];
	waiting_output(out, sizeof out / sizeof *out, _IOFBF, want);
	return 0;
}
