// rule: a semaphore lets as many in as it counts, and no post is lost
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

#define N 10
#define ROOM 3
static sem_t s, done;
static int inside, most;
static void *worker(void *arg)
{
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(sem_wait(&s), 0);
		int n = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		CHECK(n <= ROOM);
		if (n == ROOM)
			most = ROOM;
		sched_yield();
		__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
		CHECK_EQ(sem_post(&s), 0);
	}
	sem_post(&done);
	return arg;
}
static void *counter(void *arg)
{
	for (int i = 0; i < N; i++)
		CHECK_EQ(sem_wait(&done), 0);
	return arg;
}

int main(void)
{
	pthread_t t[N], c;
	int v;
	sem_init(&s, 0, ROOM);
	sem_init(&done, 0, 0);
	CHECK_OK(pthread_create(&c, NULL, counter, NULL));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_OK(pthread_join(c, NULL));
	sem_getvalue(&s, &v);
	printf("value %d\n", v);
	return 0;
}
