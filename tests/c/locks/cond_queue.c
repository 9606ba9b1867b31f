// rule: a bounded queue of a mutex and two condition variables passes every item on exactly once
// one-thread: yes
#include "../check.h"

#define ROOM 5
#define EACH 2000
#define PRODUCERS 4
#define CONSUMERS 3
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static int queue[ROOM], first, count, finished;
static char seen[PRODUCERS * EACH];
static void *producer(void *arg)
{
	for (int i = 0; i < EACH; i++) {
		pthread_mutex_lock(&m);
		while (count == ROOM)
			CHECK_OK(pthread_cond_wait(&not_full, &m));
		queue[(first + count++) % ROOM] = (int)(intptr_t)arg * EACH + i;
		pthread_cond_signal(&not_empty);
		pthread_mutex_unlock(&m);
	}
	return NULL;
}
static void *consumer(void *arg)
{
	intptr_t sum = 0;
	(void)arg;
	for (;;) {
		pthread_mutex_lock(&m);
		while (count == 0 && !finished)
			CHECK_OK(pthread_cond_wait(&not_empty, &m));
		if (count == 0) {
			pthread_mutex_unlock(&m);
			return (void *)sum;
		}
		int item = queue[first];
		first = (first + 1) % ROOM;
		count--;
		CHECK_EQ(seen[item], 0);
		seen[item] = 1;
		pthread_cond_signal(&not_full);
		pthread_mutex_unlock(&m);
		sum += item;
	}
}

int main(void)
{
	pthread_t p[PRODUCERS], c[CONSUMERS];
	intptr_t sum = 0;
	void *r;
	for (int i = 0; i < CONSUMERS; i++)
		CHECK_OK(pthread_create(&c[i], NULL, consumer, NULL));
	for (intptr_t i = 0; i < PRODUCERS; i++)
		CHECK_OK(pthread_create(&p[i], NULL, producer, (void *)i));
	for (int i = 0; i < PRODUCERS; i++)
		CHECK_OK(pthread_join(p[i], NULL));
	pthread_mutex_lock(&m);
	finished = 1;
	pthread_cond_broadcast(&not_empty);
	pthread_mutex_unlock(&m);
	for (int i = 0; i < CONSUMERS; i++) {
		CHECK_OK(pthread_join(c[i], &r));
		sum += (intptr_t)r;
	}
	printf("sum %ld\n", (long)sum);
	return 0;
}
