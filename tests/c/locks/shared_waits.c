// rule: a thread that waits for a process-shared mutex, condition variable, read-write lock, barrier or semaphore lets other threads run, is woken by another process, and its time-outs are exact
// env: GEVENTRS_SLICE=5000
#include "../ipc/ticks.h"
#include <semaphore.h>

static struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	pthread_rwlock_t rwlock;
	pthread_barrier_t barrier;
	sem_t sem;
	volatile int flag;
} *s;
static sem_t *named;
static int ready[2];

/* A child that has taken what `take` takes, and 300 ms later gives it back. */
static pid_t child_with(void (*take)(void), void (*give)(void))
{
	char c;
	pid_t child = fork();
	if (child == 0) {
		if (take)
			take();
		CHECK_EQ(write(ready[1], "x", 1), 1);
		sleep_ms(BLOCKED_MS);
		give();
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	return child;
}
static void lock(void) { CHECK_OK(pthread_mutex_lock(&s->mutex)); }
static void unlock(void) { CHECK_OK(pthread_mutex_unlock(&s->mutex)); }
static void wrlock(void) { CHECK_OK(pthread_rwlock_wrlock(&s->rwlock)); }
static void rdlock(void) { CHECK_OK(pthread_rwlock_rdlock(&s->rwlock)); }
static void rwunlock(void) { CHECK_OK(pthread_rwlock_unlock(&s->rwlock)); }
static void meet(void)
{
	int r = pthread_barrier_wait(&s->barrier);
	CHECK(r == 0 || r == PTHREAD_BARRIER_SERIAL_THREAD);
}
static void post(void) { CHECK_EQ(sem_post(&s->sem), 0); }
static void post_named(void) { CHECK_EQ(sem_post(named), 0); }
static void signal_flag(void)
{
	lock();
	s->flag = 1;
	CHECK_OK(pthread_cond_signal(&s->cond));
	unlock();
}
static void wait_flag(void)
{
	lock();
	while (!s->flag)
		CHECK_OK(pthread_cond_wait(&s->cond, &s->mutex));
	s->flag = 0;
	unlock();
}
/* Also between threads of this process. */
static void unlock_later(void *arg)
{
	(void)arg;
	signal_flag();
}

int main(void)
{
	char name[64];
	pid_t child;
	pthread_mutexattr_t ma;
	pthread_condattr_t ca;
	pthread_rwlockattr_t ra;
	pthread_barrierattr_t ba;
	s = shared_memory(sizeof *s);
	CHECK_EQ(pipe(ready), 0);
	CHECK_OK(pthread_mutexattr_init(&ma));
	CHECK_OK(pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_mutex_init(&s->mutex, &ma));
	CHECK_OK(pthread_condattr_init(&ca));
	CHECK_OK(pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_cond_init(&s->cond, &ca));
	CHECK_OK(pthread_rwlockattr_init(&ra));
	CHECK_OK(pthread_rwlockattr_setpshared(&ra, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_rwlock_init(&s->rwlock, &ra));
	CHECK_OK(pthread_barrierattr_init(&ba));
	CHECK_OK(pthread_barrierattr_setpshared(&ba, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_barrier_init(&s->barrier, &ba, 2));
	CHECK_EQ(sem_init(&s->sem, 1, 0), 0);
	snprintf(name, sizeof name, "/geventrs-shared-%d", getpid());
	named = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	CHECK(named != SEM_FAILED);
	CHECK_EQ(sem_unlink(name), 0);
	ticks_start();

	child = child_with(lock, unlock);
	CHECK_RC(pthread_mutex_trylock(&s->mutex), EBUSY);
	TICKS_DURING(lock());
	unlock();
	reap(child);
	child = child_with(NULL, signal_flag);
	TICKS_DURING(wait_flag());
	reap(child);
	pthread_t t = later(unlock_later, NULL);
	TICKS_DURING(wait_flag());
	CHECK_OK(pthread_join(t, NULL));
	child = child_with(rdlock, rwunlock);
	rdlock();
	rwunlock();
	TICKS_DURING(wrlock());
	rwunlock();
	reap(child);
	child = child_with(wrlock, rwunlock);
	TICKS_DURING(rdlock());
	rwunlock();
	reap(child);
	child = child_with(NULL, meet);
	TICKS_DURING(meet());
	reap(child);
	child = child_with(NULL, post);
	errno = 77;
	TICKS_DURING(CHECK_EQ(sem_wait(&s->sem), 0));
	CHECK_EQ(errno, 77);
	reap(child);
	child = child_with(NULL, post_named);
	TICKS_DURING(CHECK_EQ(sem_wait(named), 0));
	reap(child);

	/* Times: a child keeps everything. */
	int keep[2];
	char c;
	CHECK_EQ(pipe(keep), 0);
	child = fork();
	if (child == 0) {
		close(keep[1]);
		lock();
		wrlock();
		CHECK_EQ(write(ready[1], "x", 1), 1);
		CHECK_EQ(read(keep[0], &c, 1), 0);
		rwunlock();
		unlock();
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
#define REAL ts_in(CLOCK_REALTIME, BLOCKED_MS)
#define MONO ts_in(CLOCK_MONOTONIC, BLOCKED_MS)
#define TIMED(time, call) \
	do { \
		struct timespec ts = time; \
		TICKS_DURING(CHECK_RC(call, ETIMEDOUT)); \
	} while (0)
	TIMED(REAL, pthread_mutex_timedlock(&s->mutex, &ts));
	TIMED(MONO, pthread_mutex_clocklock(&s->mutex, CLOCK_MONOTONIC, &ts));
	TIMED(REAL, pthread_rwlock_timedrdlock(&s->rwlock, &ts));
	TIMED(REAL, pthread_rwlock_timedwrlock(&s->rwlock, &ts));
	TIMED(MONO, pthread_rwlock_clockrdlock(&s->rwlock, CLOCK_MONOTONIC, &ts));
	TIMED(MONO, pthread_rwlock_clockwrlock(&s->rwlock, CLOCK_MONOTONIC, &ts));
	struct timespec ts = REAL, bad = {0, 1000000000};
	TICKS_DURING(CHECK_ERRNO(sem_timedwait(&s->sem, &ts), ETIMEDOUT));
	ts = MONO;
	TICKS_DURING(CHECK_ERRNO(sem_clockwait(&s->sem, CLOCK_MONOTONIC, &ts), ETIMEDOUT));
	CHECK_RC(pthread_mutex_timedlock(&s->mutex, &bad), EINVAL);
	CHECK_RC(pthread_rwlock_timedrdlock(&s->rwlock, &bad), EINVAL);
	CHECK_ERRNO(sem_timedwait(&s->sem, &bad), EINVAL);
	close(keep[1]);
	reap(child);
	CHECK_RC(pthread_rwlock_timedrdlock(&s->rwlock, &bad), EINVAL);
	CHECK_OK(pthread_mutex_timedlock(&s->mutex, &bad));
	TIMED(REAL, pthread_cond_timedwait(&s->cond, &s->mutex, &ts));
	TIMED(MONO, pthread_cond_clockwait(&s->cond, &s->mutex, CLOCK_MONOTONIC, &ts));
	unlock();

	ticks_end();
	CHECK_OK(pthread_cond_destroy(&s->cond));
	CHECK_OK(pthread_mutex_destroy(&s->mutex));
	printf("shared\n");
	return 0;
}
