/* Threads that compute: helpers of the tests of the hub moving between OS
 * threads. */
#ifndef HOG_H
#define HOG_H
#include "../check.h"
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#ifdef __cplusplus
#include <atomic>
using namespace std;
#else
#include <stdatomic.h>
#endif
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#define UNUSED __attribute__((unused))

static UNUSED pthread_t start(void *(*fn)(void *), long arg)
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, fn, (void *)(intptr_t)arg));
	return t;
}

static UNUSED void *join(pthread_t t)
{
	void *value;
	CHECK_OK(pthread_join(t, &value));
	return value;
}

/* A counter of the processor that runs at a constant rate; reading it is no
 * call. */
static inline uint64_t cycles(void)
{
#if defined __x86_64__
	return __builtin_ia32_rdtsc();
#else
	uint64_t t;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
	return t;
#endif
}

static uint64_t hog_rate; /* cycles a millisecond */

/* Once, before the first thread. */
static UNUSED void hog_init(void)
{
	int64_t t0 = now_ns();
	uint64_t c0 = cycles();
	while (now_ns() - t0 < 2000000)
		;
	hog_rate = (cycles() - c0) * 1000000 / (uint64_t)(now_ns() - t0);
}

/* Compute for so long without a call. */
static UNUSED __attribute__((noinline)) uint64_t compute_ms(int ms)
{
	uint64_t end = cycles() + hog_rate * ms, n = 0;
	while (cycles() < end)
		n++;
	return n;
}

static atomic_int hog_stop;

/* Compute until `hog_stop`, without a call. */
static UNUSED void *hog(void *arg)
{
	uint64_t n = 0;
	while (!atomic_load_explicit(&hog_stop, memory_order_relaxed))
		n++;
	(void)arg;
	return (void *)(uintptr_t)n;
}

/* All entries of /proc/self/task, the library's own included. */
static UNUSED int all_tasks(void)
{
	DIR *d = opendir("/proc/self/task");
	int n = 0;
	CHECK(d != NULL);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static UNUSED int processors(void)
{
	cpu_set_t set;
	CHECK(sched_getaffinity(0, sizeof set, &set) == 0);
	return CPU_COUNT(&set);
}

/* System calls that libc does not see. */
static UNUSED long raw_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
#if defined __x86_64__
	long ret;
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
	                 : "rcx", "r11", "memory");
	return ret;
#else
	register long x8 __asm__("x8") = nr, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#endif
}
#endif
