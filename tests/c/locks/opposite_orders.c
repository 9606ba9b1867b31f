// rule: pthread_mutex_trylock(3): threads that take locks in opposite orders by lock, trylock and backing off all get on, as do loops of attempts
// timeout: 300
/* (Natively the threads take whole time slices from each other: more than a minute on a
 * machine with thirty times as much to run as processors.) */
#include "../check.h"
#include <sched.h>
#include <semaphore.h>

/* What std::lock does (libstdc++ 10 always begins with the same mutex), with
 * all kinds of locks that can be tried. */
struct lock {
	int (*lock)(struct lock *), (*try)(struct lock *), (*unlock)(struct lock *);
	pthread_mutex_t m;
	pthread_rwlock_t rw;
	pthread_spinlock_t spin;
	sem_t sem;
};

static int m_lock(struct lock *l) { return pthread_mutex_lock(&l->m); }
static int m_try(struct lock *l) { return pthread_mutex_trylock(&l->m); }
static int m_unlock(struct lock *l) { return pthread_mutex_unlock(&l->m); }
static int timed_try(struct lock *l)
{
	struct timespec past = ts_in(CLOCK_REALTIME, -1);
	return pthread_mutex_timedlock(&l->m, &past);
}
static int rw_lock(struct lock *l) { return pthread_rwlock_wrlock(&l->rw); }
static int rw_try(struct lock *l) { return pthread_rwlock_trywrlock(&l->rw); }
static int rw_timed_try(struct lock *l)
{
	struct timespec past = ts_in(CLOCK_REALTIME, -1);
	return pthread_rwlock_timedwrlock(&l->rw, &past);
}
static int rw_unlock(struct lock *l) { return pthread_rwlock_unlock(&l->rw); }
static int s_lock(struct lock *l) { return pthread_spin_lock(&l->spin); }
static int s_try(struct lock *l) { return pthread_spin_trylock(&l->spin); }
static int s_unlock(struct lock *l) { return pthread_spin_unlock(&l->spin); }
static int sem_lock(struct lock *l) { return sem_wait(&l->sem); }
static int sem_try(struct lock *l) { return sem_trywait(&l->sem); }
static int sem_unlock(struct lock *l) { return sem_post(&l->sem); }

enum { LOCKS = 3, ROUNDS = 12 };
static struct lock locks[LOCKS];
static int among, begins_with_try;
static volatile long count;
static long rounds_done;

static void take_all(const int *order)
{
	for (int again = 0;; again = 1) {
		struct lock *first = &locks[order[0]];
		if (begins_with_try) {
			if (first->try(first) != 0)
				continue;
		} else
			CHECK_OK(first->lock(first));
		if (!again)
			sched_yield(); /* the other takes its own first */
		int n = 1;
		while (n < among && locks[order[n]].try(&locks[order[n]]) == 0)
			n++;
		if (n == among)
			return;
		while (n-- > 0)
			CHECK_OK(locks[order[n]].unlock(&locks[order[n]]));
	}
}

static void *works(void *arg)
{
	int id = (int)(intptr_t)arg, order[LOCKS];
	for (int i = 0; i < among; i++)
		order[i] = id % 2 ? among - 1 - i : i;
	for (int i = 0; i < ROUNDS; i++) {
		take_all(order);
		long before = count;
		if (i % 8 == 0)
			sched_yield();
		count = before + 1;
		for (int k = among; k-- > 0;)
			CHECK_OK(locks[order[k]].unlock(&locks[order[k]]));
	}
	return arg;
}

static void run(int threads)
{
	pthread_t t[8];
	for (int try = 0; try < 2; try++) {
		begins_with_try = try;
		if (try && threads > 2)
			continue; /* natively these take whole time slices from each other */
		for (among = 2; among <= LOCKS; among++) {
			count = 0;
			for (long i = 0; i < threads; i++)
				CHECK_OK(pthread_create(&t[i], NULL, works, (void *)i));
			for (int i = 0; i < threads; i++)
				CHECK_OK(pthread_join(t[i], NULL));
			CHECK_EQ(count, (long)threads * ROUNDS);
			rounds_done++;
		}
	}
}

static volatile int held;

/* Keeps the first lock for a while; it runs only if the loops let it. */
static void *holds(void *arg)
{
	struct lock *l = arg;
	CHECK_OK(l->lock(l));
	held = 1;
	for (int i = 0; i < 50; i++)
		sched_yield();
	CHECK_OK(l->unlock(l));
	return arg;
}

static void spin_on(struct lock *l)
{
	pthread_t t;
	held = 0;
	CHECK_OK(pthread_create(&t, NULL, holds, l));
	while (!held)
		sched_yield();
	CHECK_OK(locks[1].lock(&locks[1]));
	while (l->try(l) != 0)
		;
	CHECK_OK(l->unlock(l));
	CHECK_OK(locks[1].unlock(&locks[1]));
	CHECK_OK(pthread_join(t, NULL));
}

int main(void)
{
	static int (*const kinds[][3])(struct lock *) = {{m_lock, m_try, m_unlock},
		{m_lock, timed_try, m_unlock}, {rw_lock, rw_try, rw_unlock},
		{rw_lock, rw_timed_try, rw_unlock}, {s_lock, s_try, s_unlock}, {sem_lock, sem_try, sem_unlock}};
	for (unsigned k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		for (int i = 0; i < LOCKS; i++) {
			struct lock *l = &locks[i];
			l->lock = kinds[k][0];
			l->try = kinds[k][1];
			l->unlock = kinds[k][2];
			pthread_mutex_init(&l->m, NULL);
			pthread_rwlock_init(&l->rw, NULL);
			pthread_spin_init(&l->spin, PTHREAD_PROCESS_PRIVATE);
			sem_init(&l->sem, 0, 1);
		}
		run(2);
		run(4);
		spin_on(&locks[0]);
		printf("kind %u\n", k);
		fflush(stdout);
	}
	printf("%ld rounds\n", rounds_done);
	return 0;
}
