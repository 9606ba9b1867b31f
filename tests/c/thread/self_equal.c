// rule: pthread_self() is the id pthread_create() gave, differs between live threads, and never changes
// one-thread: yes
#include "../check.h"

#define N 50
static pthread_t id[N], self[N];
static pthread_barrier_t b;
static void *worker(void *arg)
{
	int n = (intptr_t)arg;
	self[n] = pthread_self();
	for (int i = 0; i < 20; i++) {
		sched_yield();
		CHECK(pthread_equal(self[n], pthread_self()));
	}
	pthread_barrier_wait(&b);
	return NULL;
}

int main(void)
{
	pthread_t main_id = pthread_self();
	CHECK_OK(pthread_barrier_init(&b, NULL, N + 1));
	for (intptr_t i = 0; i < N; i++)
		CHECK_OK(pthread_create(&id[i], NULL, worker, (void *)i));
	pthread_barrier_wait(&b);
	for (int i = 0; i < N; i++) {
		CHECK(pthread_equal(id[i], self[i]));
		CHECK(!pthread_equal(id[i], main_id));
		for (int j = 0; j < i; j++)
			CHECK(!pthread_equal(id[i], id[j]));
	}
	CHECK(pthread_equal(main_id, pthread_self()));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(id[i], NULL));
	printf("%d ids\n", N);
	return 0;
}
