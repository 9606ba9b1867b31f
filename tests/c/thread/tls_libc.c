// rule: what libc keeps per thread (h_errno, uselocale(), strerror()'s buffer) is the thread's own
// one-thread: yes
#include "../check.h"
#include <locale.h>
#include <netdb.h>

static locale_t utf8;
static pthread_barrier_t b;
static void *worker(void *arg)
{
	int n = (intptr_t)arg;
	char want[64];
	CHECK(uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
	CHECK_EQ(MB_CUR_MAX, 1);
	if (n % 2) {
		uselocale(utf8);
		CHECK_EQ(MB_CUR_MAX, 6);
	}
	h_errno = n;
	char *s = strerror(1000 + n);
	snprintf(want, sizeof want, "Unknown error %d", 1000 + n);
	pthread_barrier_wait(&b);
	check_os_threads(1);
	sched_yield();
#if __GLIBC_PREREQ(2, 32) /* before, the buffer is one for all threads */
	CHECK_STR(s, want);
#endif
	CHECK_EQ(h_errno, n);
	CHECK_EQ(MB_CUR_MAX, n % 2 ? 6 : 1);
	pthread_barrier_wait(&b);
	return NULL;
}

int main(void)
{
	pthread_t t[4];
	utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
	CHECK(utf8 != (locale_t)0);
	CHECK_OK(pthread_barrier_init(&b, NULL, 4));
	for (intptr_t i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)(i + 1)));
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_EQ(MB_CUR_MAX, 1);
	printf("own libc state\n");
	return 0;
}
