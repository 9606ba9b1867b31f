/* The futex system call as programs with locks of their own make it. */
#ifndef FUTEX_H
#define FUTEX_H
#include "../check.h"
#include <limits.h>
#include <linux/futex.h>

__attribute__((unused))
static long futex(uint32_t *word, int op, uint32_t val, const void *timeout_or_val2, uint32_t *word2, uint32_t val3)
{
	return syscall(SYS_futex, word, op, val, timeout_or_val2, word2, val3);
}

/* FUTEX_WAKE until `n` waiters were woken: they may not all wait yet. */
__attribute__((unused))
static void futex_wake_all(uint32_t *word, int op, int n, uint32_t bits)
{
	int64_t t0 = now_ms();
	for (int woken = 0; woken < n;) {
		long r = futex(word, op, n - woken, NULL, NULL, bits);
		CHECK(r >= 0 && r <= n - woken);
		woken += r;
		CHECK(now_ms() - t0 < 10000);
		if (woken < n)
			sleep_ms(1);
	}
}
#endif
