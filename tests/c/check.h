/* Helpers for the test programs.  Needs _GNU_SOURCE, so include it first.
 *
 * The same binary runs natively (the oracle) and with the library preloaded;
 * in the preloaded run the harness sets GEVENTRS_TEST_PRELOADED=1. */
#ifndef GEVENTRS_CHECK_H
#define GEVENTRS_CHECK_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A failed check ends the process at once (no atexit handlers: they could
 * block on what the check found broken). */
__attribute__((unused, noreturn, cold, format(printf, 3, 4)))
static void check_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "%s:%d: ", file, line);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	fflush(stdout);
	fflush(stderr);
	_exit(1);
}

/* The expression is true. */
#define CHECK(expr) \
	do { \
		if (!(expr)) { \
			int check_errno_ = errno; \
			check_fail(__FILE__, __LINE__, "CHECK failed: %s (errno %d)", #expr, check_errno_); \
		} \
	} while (0)

/* Two integers are equal. */
#define CHECK_EQ(a, b) \
	do { \
		long long check_a_ = (long long)(a), check_b_ = (long long)(b); \
		if (check_a_ != check_b_) \
			check_fail(__FILE__, __LINE__, "CHECK_EQ failed: %s is %lld, %s is %lld", \
			           #a, check_a_, #b, check_b_); \
	} while (0)

/* Two strings are equal. */
#define CHECK_STR(a, b) \
	do { \
		const char *check_a_ = (a), *check_b_ = (b); \
		if (strcmp(check_a_, check_b_) != 0) \
			check_fail(__FILE__, __LINE__, "CHECK_STR failed: %s is \"%s\", %s is \"%s\"", \
			           #a, check_a_, #b, check_b_); \
	} while (0)

/* A call of the pthread style (the error number is returned) gives this. */
#define CHECK_RC(call, want) \
	do { \
		int check_rc_ = (call), check_want_ = (want); \
		if (check_rc_ != check_want_) \
			check_fail(__FILE__, __LINE__, "%s returned %d (%s), wanted %d (%s)", #call, \
			           check_rc_, strerrorname_(check_rc_), check_want_, strerrorname_(check_want_)); \
	} while (0)
#define CHECK_OK(call) CHECK_RC(call, 0)

/* A call of the system-call style fails (-1) with this errno. */
#define CHECK_ERRNO(call, want) \
	do { \
		errno = 0; \
		long check_r_ = (long)(call); \
		int check_e_ = errno; \
		if (check_r_ != -1 || check_e_ != (want)) \
			check_fail(__FILE__, __LINE__, "%s returned %ld with errno %d (%s), wanted -1 with %s", \
			           #call, check_r_, check_e_, strerrorname_(check_e_), #want); \
	} while (0)

__attribute__((unused)) static const char *strerrorname_(int e)
{
#if __GLIBC_PREREQ(2, 32)
	const char *s = strerrorname_np(e);
	return s ? s : "?";
#else
	return strerror(e);
#endif
}

/* The ticks, of 1 to 10 ms each, that another thread must get while one waits
 * for 100 ms or more. Few: the machine may be busy, and then a thread gets few
 * natively, too. Tests that count ticks set GEVENTRS_SLICE to seconds: without
 * the monitor's help, who stops the others leaves them none. */
#define ENOUGH_TICKS 3

/* Is this the run with the library preloaded? */
__attribute__((unused)) static int preloaded(void)
{
	const char *s = getenv("GEVENTRS_TEST_PRELOADED");
	return s && s[0] == '1';
}

/* How many OS threads the process has, without those of the library: its
 * monitor, and carriers that exist because somebody has blocked or computed for
 * long, which a busy machine can make of anybody. (The kernel's own list, by
 * system calls: nothing between here and the kernel can colour the answer.) */
__attribute__((unused)) static int os_threads(void)
{
	char buf[8192], path[64], name[32];
	long n, fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/task", O_RDONLY | O_CLOEXEC | O_DIRECTORY, 0);
	int count = 0;
	if (fd < 0)
		return -1;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof buf)) > 0) {
		for (long at = 0; at < n; at += *(unsigned short *)(buf + at + 16)) {
			const char *tid = buf + at + 19; /* of struct linux_dirent64 */
			if (*tid == '.')
				continue;
			snprintf(path, sizeof path, "/proc/self/task/%s/comm", tid);
			long comm = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
			long got = comm < 0 ? 0 : syscall(SYS_read, comm, name, sizeof name - 1);
			if (comm >= 0)
				syscall(SYS_close, comm);
			count += got < 8 || memcmp(name, "geventrs", 8) != 0;
		}
	}
	syscall(SYS_close, fd);
	return count - (getenv("GEVENTRS_TEST_EMULATED") != NULL); /* the emulator's own */
}

/* Under the preload the program has n OS threads; natively nothing is asked. */
#define check_os_threads(n) \
	do { \
		if (preloaded()) \
			CHECK_EQ(os_threads_settled(n), n); \
	} while (0)

/* A new thread of the library has its creator's name for a moment. */
__attribute__((unused)) static int os_threads_settled(int wanted)
{
	int n = os_threads();
	for (int i = 0; i < 1000 && n > wanted; i++) {
		struct timespec pause = {0, 2000000}; /* the kernel stores the rest here */
		syscall(SYS_ppoll, NULL, 0, &pause, NULL, 0);
		n = os_threads();
	}
	return n;
}

__attribute__((unused)) static int64_t clock_ms(clockid_t clock)
{
	struct timespec ts;
	if (clock_gettime(clock, &ts) != 0)
		check_fail(__FILE__, __LINE__, "clock_gettime(%d) failed", (int)clock);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

__attribute__((unused)) static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;
	if (clock_gettime(clock, &ts) != 0)
		check_fail(__FILE__, __LINE__, "clock_gettime(%d) failed", (int)clock);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* Monotonic milliseconds. */
__attribute__((unused)) static int64_t now_ms(void) { return clock_ms(CLOCK_MONOTONIC); }

/* Monotonic nanoseconds: for exact lower bounds. */
__attribute__((unused)) static int64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

/* At least `ms` milliseconds (exactly: a wait never ends early) and less than
 * ten seconds more (a loaded machine is no failure) went by since `t0_ns`. */
#define CHECK_WAITED(t0_ns, ms) \
	do { \
		int64_t check_d_ = now_ns() - (t0_ns); \
		if (check_d_ < (int64_t)(ms) * 1000000 || check_d_ > ((int64_t)(ms) + 10000) * 1000000) \
			check_fail(__FILE__, __LINE__, "waited %lld ns, wanted %lld ms", (long long)check_d_, \
			           (long long)(ms)); \
	} while (0)

/* `ms` milliseconds as a length of time. */
__attribute__((unused)) static struct timespec ts_ms(int64_t ms)
{
	struct timespec ts;
	ts.tv_sec = ms / 1000;
	ts.tv_nsec = ms % 1000 * 1000000;
	return ts;
}

/* The moment `ms` milliseconds from now (before now when negative). */
__attribute__((unused)) static struct timespec ts_in(clockid_t clock, int64_t ms)
{
	struct timespec ts;
	int64_t ns = clock_ns(clock) + ms * 1000000;
	ts.tv_sec = ns / 1000000000;
	ts.tv_nsec = ns % 1000000000;
	return ts;
}

__attribute__((unused)) static void sleep_ms(int64_t ms)
{
	struct timespec ts = ts_ms(ms);
	while (nanosleep(&ts, &ts) == -1 && errno == EINTR)
		;
}

#endif
