// rule: with GEVENTRS_HANDOFF=off a thread that keeps the hub is reported on stderr, with its name, the time and its stack, each report after twice as long; one that waits is not
// env: GEVENTRS_HANDOFF=off
// cflags: -rdynamic
// timeout: 60
#include "hog.h"

static char text[65536];

/* What has been written to the file that stands for stderr. */
static const char *reported(FILE *f)
{
	rewind(f);
	text[fread(text, 1, sizeof text - 1, f)] = 0;
	return text;
}

static int lines_with(const char *in, const char *what)
{
	int n = 0;
	for (const char *at = in; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

__attribute__((noinline)) uint64_t computes_long(void)
{
	return compute_ms(900) + 1;
}

static void *hogs(void *arg)
{
	CHECK_OK(pthread_setname_np(pthread_self(), "the hog"));
	CHECK(computes_long() > 0);
	return arg;
}

static void *blocks(void *arg)
{
	struct timespec t = ts_ms(400);
	CHECK_OK(pthread_setname_np(pthread_self(), "the blocked"));
	CHECK_EQ(raw_syscall(SYS_nanosleep, (long)&t, 0, 0, 0, 0, 0), 0);
	return arg;
}

static void *waits(void *arg)
{
	CHECK_OK(pthread_setname_np(pthread_self(), "the waiter"));
	sleep_ms(400);
	return arg;
}

int main(void)
{
	hog_init();
	FILE *f = tmpfile();
	CHECK(f != NULL);
	int saved = dup(2);
	CHECK_EQ(dup2(fileno(f), 2), 2);
	pthread_t t = start(waits, 0);
	join(t);
	join(start(hogs, 0));
	join(start(blocks, 0));
	sleep_ms(300); /* the last report is written while its thread goes on */
	CHECK_EQ(dup2(saved, 2), 2);
	const char *said = reported(f);
	if (preloaded()) {
		CHECK_EQ(lines_with(said, "\"the waiter\""), 0);
		int hog = lines_with(said, "\"the hog\" has kept the hub for ");
		CHECK(hog >= 2 && hog <= 5); /* at 100, 200, 400 and 800 ms, or later */
		CHECK(strstr(said, "computes_long") != NULL);
		CHECK(lines_with(said, "\"the blocked\" has kept the hub for ") >= 1);
	} else
		CHECK_STR(said, "");
	puts("reported");
	return 0;
}
