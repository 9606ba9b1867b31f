// rule: a thread that spins on an atomic sees another thread change it; POSIX threads make progress independently (redis-server's I/O threads hand work over this way)
// timeout: 20
#include "check.h"
#include <stdatomic.h>

enum { WORKERS = 2, ROUNDS = 20 };

static atomic_long pending[WORKERS];
static pthread_mutex_t gates[WORKERS];

// Like redis: spin for work for a while, then sleep on a mutex that main holds
// when there is none.
static void *work(void *arg)
{
	long id = (long)(intptr_t)arg, done = 0;
	while (done < ROUNDS) {
		for (long i = 0; i < 100000 && atomic_load(&pending[id]) == 0; i++)
			;
		if (atomic_load(&pending[id]) == 0) {
			pthread_mutex_lock(&gates[id]);
			pthread_mutex_unlock(&gates[id]);
			continue;
		}
		done++;
		atomic_store(&pending[id], 0);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[WORKERS];
	for (int i = 0; i < WORKERS; i++) {
		pthread_mutex_init(&gates[i], NULL);
		pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < WORKERS; i++)
			atomic_store(&pending[i], 1);
		for (int i = 0; i < WORKERS; i++)
			while (atomic_load(&pending[i]) != 0)
				;
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	puts("done");
	return 0;
}
