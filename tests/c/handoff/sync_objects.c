// rule: barriers, read-write locks, semaphores and once keep their promises among threads that compute between operations
#include "hog.h"
#include <semaphore.h>

enum { N = 6, ROUNDS = 4 };
static pthread_barrier_t barrier;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once[ROUNDS] = {PTHREAD_ONCE_INIT, PTHREAD_ONCE_INIT, PTHREAD_ONCE_INIT, PTHREAD_ONCE_INIT};
static sem_t sem;
static atomic_int phase[ROUNDS], serial, readers, inside, onces;
static long written;

static void init_once(void)
{
	compute_ms(15);
	atomic_fetch_add(&onces, 1);
}

static void *works(void *arg)
{
	int id = (int)(intptr_t)arg;
	for (int i = 0; i < ROUNDS; i++) {
		compute_ms(id % 2 ? 14 : 1);
		atomic_fetch_add(&phase[i], 1);
		int r = pthread_barrier_wait(&barrier);
		CHECK(r == 0 || r == PTHREAD_BARRIER_SERIAL_THREAD);
		atomic_fetch_add(&serial, r != 0);
		CHECK_EQ(atomic_load(&phase[i]), N);

		CHECK_OK(pthread_once(&once[i], init_once));
		CHECK(atomic_load(&onces) >= i + 1);

		if (id % 3 == 0) {
			CHECK_OK(pthread_rwlock_wrlock(&rw));
			CHECK_EQ(atomic_load(&readers), 0);
			long before = written;
			compute_ms(12);
			written = before + 1;
			CHECK_OK(pthread_rwlock_unlock(&rw));
		} else {
			CHECK_OK(pthread_rwlock_rdlock(&rw));
			atomic_fetch_add(&readers, 1);
			long before = written;
			compute_ms(6);
			CHECK_EQ(written, before);
			atomic_fetch_sub(&readers, 1);
			CHECK_OK(pthread_rwlock_unlock(&rw));
		}

		CHECK_EQ(sem_wait(&sem), 0);
		CHECK(atomic_fetch_add(&inside, 1) < 2);
		compute_ms(5);
		atomic_fetch_sub(&inside, 1);
		CHECK_EQ(sem_post(&sem), 0);
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	int value;
	hog_init();
	pthread_barrier_init(&barrier, NULL, N);
	sem_init(&sem, 0, 2);
	for (int i = 0; i < N; i++)
		t[i] = start(works, i);
	for (int i = 0; i < N; i++)
		join(t[i]);
	sem_getvalue(&sem, &value);
	printf("%d %d %ld %d\n", atomic_load(&serial), atomic_load(&onces), written, value);
	return 0;
}
