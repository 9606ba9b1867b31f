// rule: a conversion whose text comes in pieces waits for the rest without stopping other threads
// env: GEVENTRS_SLICE=5000
#include "waiting.h"

static void w_fscanf(const struct waiting *w)
{
	int a, b;
	char c[10];
	CHECK_EQ(fscanf(w->file, "%d %d %9s", &a, &b, c), 3);
	CHECK_EQ(a, 123);
	CHECK_EQ(b, 45);
	CHECK_STR(c, "word");
}
static void w_scan_set(const struct waiting *w)
{
	char c[20];
	CHECK_EQ(fscanf(w->file, "%19[^\n]", c), 1);
	CHECK_STR(c, "123 45");
}
static struct waiting in[] = {ENTRY(w_fscanf), ENTRY(w_scan_set)};

int main(void)
{
	waiting_input(in, 2, "12", "3 45\nword");
	return 0;
}
