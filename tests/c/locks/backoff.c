// rule: threads that take one lock, try for the other's and back off (as std::lock did before GCC 11) get on in the end
#include "../check.h"
#include <semaphore.h>

enum { ROUNDS = 300 };
static pthread_mutex_t m[3] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
static pthread_rwlock_t rw[2] = {PTHREAD_RWLOCK_INITIALIZER, PTHREAD_RWLOCK_INITIALIZER};
static pthread_spinlock_t spin[2];
static sem_t sem[2];
static int inside, held;

static int mutex_take(int i) { return pthread_mutex_lock(&m[i]); }
static int mutex_try(int i) { return pthread_mutex_trylock(&m[i]); }
static int mutex_give(int i) { return pthread_mutex_unlock(&m[i]); }
static int rw_take(int i) { return pthread_rwlock_wrlock(&rw[i]); }
static int rw_try(int i) { return pthread_rwlock_trywrlock(&rw[i]); }
static int rw_give(int i) { return pthread_rwlock_unlock(&rw[i]); }
static int spin_take(int i) { return pthread_spin_lock(&spin[i]); }
static int spin_try(int i) { return pthread_spin_trylock(&spin[i]); }
static int spin_give(int i) { return pthread_spin_unlock(&spin[i]); }
static int sem_take_(int i) { return sem_wait(&sem[i]); }
static int sem_try(int i) { return sem_trywait(&sem[i]); }
static int sem_give(int i) { return sem_post(&sem[i]); }

static const struct kind {
	const char *name;
	int (*take)(int), (*try)(int), (*give)(int);
} kinds[] = {
	{"mutexes", mutex_take, mutex_try, mutex_give},
	{"read-write locks", rw_take, rw_try, rw_give},
	{"spin locks", spin_take, spin_try, spin_give},
	{"semaphores", sem_take_, sem_try, sem_give},
};

struct work {
	const struct kind *kind;
	int first, third;
};

static void *works(void *arg)
{
	struct work *w = arg;
	const struct kind *k = w->kind;
	for (int i = 0; i < ROUNDS; i++) {
		for (;;) {
			CHECK_EQ(k->take(w->first), 0);
			if (w->third)
				CHECK_OK(pthread_mutex_lock(&m[2]));
			int failed = k->try(!w->first);
			if (w->third)
				CHECK_OK(pthread_mutex_unlock(&m[2]));
			if (failed == 0)
				break;
			CHECK_EQ(k->give(w->first), 0);
		}
		CHECK_EQ(inside++, 0);
		held++;
		inside--;
		CHECK_EQ(k->give(!w->first), 0);
		CHECK_EQ(k->give(w->first), 0);
		sched_yield();
	}
	return NULL;
}

int main(void)
{
	for (int i = 0; i < 2; i++) {
		CHECK_OK(pthread_spin_init(&spin[i], PTHREAD_PROCESS_PRIVATE));
		CHECK_EQ(sem_init(&sem[i], 0, 1), 0);
	}
	for (unsigned n = 0; n < 2 * sizeof kinds / sizeof *kinds; n++) {
		pthread_t t[2];
		struct work w[2];
		for (int i = 0; i < 2; i++) {
			w[i] = (struct work){&kinds[n / 2], i, n % 2};
			CHECK_OK(pthread_create(&t[i], NULL, works, &w[i]));
		}
		for (int i = 0; i < 2; i++)
			CHECK_OK(pthread_join(t[i], NULL));
		printf("%s%s: %d\n", kinds[n / 2].name, n % 2 ? " and a third" : "", held);
		held = 0;
	}
	return 0;
}
