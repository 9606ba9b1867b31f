/* A thread that ticks every 10 ms: proves that others ran during a wait.  And
 * memory that processes share. */
#ifndef TICKS_H
#define TICKS_H
#include "../check.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#ifndef BLOCKED_MS
#define BLOCKED_MS 300
#endif

static volatile int ticks_, ticks_before_, ticking_, tick_stop_;
static pthread_t ticker_;
__attribute__((unused)) static void *tick_(void *arg)
{
	while (!tick_stop_) {
		sleep_ms(10);
		ticks_++;
	}
	return arg;
}
__attribute__((unused)) static void ticks_start(void)
{
	CHECK_OK(pthread_create(&ticker_, NULL, tick_, NULL));
	ticking_ = 1;
}
__attribute__((unused)) static void ticks_end(void)
{
	ticking_ = 0;
	tick_stop_ = 1;
	CHECK_OK(pthread_join(ticker_, NULL));
}

/* The call blocks for BLOCKED_MS, and the other thread gets some of
 * the ticks that fit in. (Natively a busy machine may not run it for so long.) */
#define TICKS_DURING(call) \
	do { \
		ticks_before_ = ticks_; \
		int64_t ticks_t0_ = now_ns(); \
		call; \
		CHECK_WAITED(ticks_t0_, BLOCKED_MS - 50); \
		int ticks_got_ = ticks_ - ticks_before_; \
		if (preloaded() && ticks_got_ < ENOUGH_TICKS) \
			check_fail(__FILE__, __LINE__, "%d ticks during %s", ticks_got_, #call); \
	} while (0)

/* Call fn(arg) in a thread of its own, BLOCKED_MS from now, or later if the machine is
 * too busy for the ticks that are wanted meanwhile. */
struct later_ {
	void (*fn)(void *);
	void *arg;
};
__attribute__((unused)) static void *later_main_(void *arg)
{
	struct later_ l = *(struct later_ *)arg;
	free(arg);
	int64_t patience = now_ms() + 10000;
	sleep_ms(BLOCKED_MS);
	while (ticking_ && ticks_ - ticks_before_ < ENOUGH_TICKS && now_ms() < patience)
		sleep_ms(10);
	l.fn(l.arg);
	return NULL;
}
__attribute__((unused)) static pthread_t later(void (*fn)(void *), void *arg)
{
	pthread_t t;
	struct later_ *l = malloc(sizeof *l);
	*l = (struct later_){fn, arg};
	CHECK_OK(pthread_create(&t, NULL, later_main_, l));
	return t;
}

__attribute__((unused)) static void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED);
	return p;
}

/* The child ended as it should. */
__attribute__((unused)) static void reap(pid_t child)
{
	int status;
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
}
#endif
