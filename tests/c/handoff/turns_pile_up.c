// rule: however often a thread is asked for its turn before it hears of it, it is asked once: a small stack suffices
// timeout: 60
/* A thread that the kernel gives no processor to hears of nothing for long; here
 * each blocks the library's signal (32, which glibc uses for cancellation) for a while. */
#include "hog.h"

enum { N = 12 };
#define TURN_SIGNAL 32

static void *works(void *arg)
{
	uint64_t set = 1ull << (TURN_SIGNAL - 1);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, (long)&set, 0, 8, 0, 0), 0);
		compute_ms(400);
		CHECK_EQ(raw_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&set, 0, 8, 0, 0), 0);
		compute_ms(20);
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	pthread_attr_t attr;
	hog_init();
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setstacksize(&attr, 32768));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], &attr, works, NULL));
	for (int i = 0; i < N; i++)
		join(t[i]);
	puts("all");
	return 0;
}
