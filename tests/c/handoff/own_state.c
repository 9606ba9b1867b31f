// rule: errno, __thread variables, pthread keys and pthread_self belong to the thread, on whatever processor and however often it goes on elsewhere
#include "hog.h"

enum { N = 16 };
static __thread int own;
static __thread char more[3000];
static pthread_key_t key;
static pthread_barrier_t all;

static void *works(void *arg)
{
	int id = (int)(intptr_t)arg;
	pthread_t self = pthread_self();
	pid_t tid = gettid();
	own = id;
	memset(more, id, sizeof more);
	pthread_setspecific(key, arg);
	for (int i = 0; i < 6; i++) {
		errno = 1000 + id;
		compute_ms(8);
		CHECK_EQ(errno, 1000 + id);
		if (i % 2)
			sched_yield();
		else
			sleep_ms(1);
		CHECK_EQ(errno, 1000 + id);
		CHECK_EQ(own, id);
		CHECK(more[0] == id && more[sizeof more - 1] == id);
		CHECK(pthread_getspecific(key) == arg);
		CHECK(pthread_equal(self, pthread_self()));
		CHECK_EQ(tid, gettid());
		CHECK_ERRNO(close(-1), EBADF);
	}
	pthread_barrier_wait(&all);
	return &own;
}

int main(void)
{
	pthread_t t[N];
	hog_init();
	pthread_key_create(&key, NULL);
	pthread_barrier_init(&all, NULL, N);
	for (int i = 0; i < N; i++)
		t[i] = start(works, i + 1);
	own = 99;
	errno = 55;
	compute_ms(50);
	CHECK_EQ(errno, 55);
	CHECK_EQ(own, 99);
	for (int i = 0; i < N; i++)
		join(t[i]);
	puts("own");
	return 0;
}
