// rule: pthreads(7), functions that may be cancellation points: wordexp(3) is one while it waits for a command, system(3) too; popen(3) and pclose(3) are none
#include "../check.h"
#include <signal.h>
#include <wordexp.h>

enum { ROUNDS = 4 };
static int gate[2]; /* what the commands read from */
static char command[64];
static volatile int began, asked, returned, cleaned;
static FILE *stream;

static void do_wordexp(void)
{
	wordexp_t w;
	CHECK_EQ(wordexp(command, &w, 0), 0);
	wordfree(&w);
}
static void do_system(void) { CHECK_EQ(system(command), 0); }
static void do_popen(void) { CHECK((stream = popen(command, "w")) != NULL); }
static void do_pclose(void)
{
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
	do_popen();
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
	pclose(stream);
	stream = NULL;
}

static const struct call {
	const char *name, *format;
	void (*call)(void);
	int point, waits;
} calls[] = {
	{ "wordexp", "$(read x <&%d; echo $x)", do_wordexp, 1, 1 },
	{ "wordexp, two", "$(echo a) `read x <&%d; echo $x`", do_wordexp, 1, 1 },
	{ "system", "read x <&%d", do_system, 1, 1 },
	{ "popen", "read x <&%d", do_popen, 0, 0 },
	{ "pclose", "read x <&%d", do_pclose, 0, 1 },
};
static const struct call *c;
static int pending;

static void count(void *arg) { (void)arg, cleaned++; }
static void *worker(void *arg)
{
	sigset_t usr1;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &usr1, NULL)); /* another mask than the others' */
	pthread_cleanup_push(count, NULL);
	if (pending) {
		CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
		CHECK_OK(pthread_cancel(pthread_self()));
		CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
	}
	began = 1;
	c->call();
	returned = 1;
	while (!asked)
		sched_yield();
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return arg;
}

static void feed(void) { CHECK_EQ(write(gate[1], "x\n", 2), 2); }

static void test(int ready)
{
	pthread_t t;
	void *value;
	CHECK_EQ(pipe(gate), 0);
	snprintf(command, sizeof command, c->format, gate[0]);
	began = asked = returned = cleaned = 0;
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	while (!began)
		sleep_ms(1);
	if (!ready)
		sleep_ms(100);
	if (!pending)
		CHECK_OK(pthread_cancel(t));
	asked = 1;
	if (!c->point) {
		if (c->waits) {
			sleep_ms(50);
			CHECK_EQ(returned, 0);
		}
		feed();
	}
	struct timespec limit = ts_in(CLOCK_REALTIME, 30000);
	CHECK_OK(pthread_timedjoin_np(t, &value, &limit));
	CHECK(value == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 1);
	CHECK_EQ(returned, !c->point);
	close(gate[1]); /* a command that is left ends */
	close(gate[0]);
	if (stream)
		pclose(stream), stream = NULL;
}

static void *takes_usr1(void *arg) /* signals are still taken by those who do not block them */
{
	CHECK_EQ(raise(SIGUSR1), 0);
	return arg;
}
static volatile int got;
static void on_usr1(int s) { (void)s, got++; }

int main(void)
{
	pthread_t t;
	signal(SIGUSR1, on_usr1);
	CHECK_EQ(setenv("WORDS", "kept", 1), 0);
	for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
		c = &calls[i];
		printf("%s:", c->name);
		fflush(stdout);
		pending = 0;
		for (int n = 0; n < ROUNDS; n++)
			test(n % 2);
		pending = 1;
		test(0);
		printf(" cancelled%s\n", c->point ? "" : " after it");
		/* Nothing is left behind that the next call trips over. */
		wordexp_t w;
		CHECK_EQ(wordexp("$(echo $WORDS)", &w, 0), 0);
		CHECK_STR(w.we_wordv[0], "kept");
		wordfree(&w);
		CHECK_STR(getenv("WORDS"), "kept");
		CHECK_OK(pthread_create(&t, NULL, takes_usr1, NULL));
		CHECK_OK(pthread_join(t, NULL));
		CHECK_EQ(kill(getpid(), SIGUSR1), 0);
		while (got < 2)
			sleep_ms(1);
		got = 0;
	}
	return 0;
}
