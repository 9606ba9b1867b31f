// rule: gettid() differs between live threads, equals getpid() in the main thread only, and getpid() is the same in all
// one-thread: yes
#include "../check.h"

#define N 20
static pid_t pid, tid[N];
static pthread_barrier_t b;
static void *worker(void *arg)
{
	int n = (intptr_t)arg;
	tid[n] = gettid();
	CHECK(tid[n] > 0);
	CHECK_EQ(getpid(), pid);
	sched_yield();
	CHECK_EQ(gettid(), tid[n]);
	CHECK_EQ(syscall(SYS_gettid), tid[n]);
	pthread_barrier_wait(&b);
	check_os_threads(1);
	CHECK_EQ(gettid(), tid[n]);
	return NULL;
}

int main(void)
{
	pthread_t t[N];
	pid = getpid();
	CHECK_EQ(gettid(), getpid());
	CHECK_EQ(syscall(SYS_gettid), getpid());
	CHECK_OK(pthread_barrier_init(&b, NULL, N + 1));
	for (intptr_t i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)i));
	pthread_barrier_wait(&b);
	for (int i = 0; i < N; i++) {
		CHECK(tid[i] != getpid());
		for (int j = 0; j < i; j++)
			CHECK(tid[i] != tid[j]);
		CHECK_OK(pthread_join(t[i], NULL));
	}
	CHECK_EQ(gettid(), getpid());
	printf("%d thread ids\n", N);
	return 0;
}
