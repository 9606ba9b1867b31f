// rule: locks between processes exclude: 4 processes of 4 threads each lose no increment of a counter in shared memory
// variant: lockf -DLOCKF
// variant: ofd -DOFD
// variant: semop -DSEMOP
// variant: mutex -DMUTEX
// variant: recursive -DMUTEX -DTYPE=PTHREAD_MUTEX_RECURSIVE
// variant: errorcheck -DMUTEX -DTYPE=PTHREAD_MUTEX_ERRORCHECK
// variant: robust -DMUTEX -DROBUST=PTHREAD_MUTEX_ROBUST
// variant: pi -DMUTEX -DPROTOCOL=PTHREAD_PRIO_INHERIT
// variant: rwlock -DRWLOCK
// variant: sem -DSEM
// timeout: 60
#include "ticks.h"
#include <semaphore.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#define PROCESSES 4
#define THREADS 4
#ifdef PROTOCOL /* asked again and again */
#define ROUNDS 30
#else
#define ROUNDS 100
#endif
static struct shared {
	volatile long count;
	volatile int inside;
	pthread_mutex_t mutex;
	pthread_rwlock_t rwlock;
	sem_t sem;
} *s;
static int set;
static char name[] = "/tmp/gvt-procXXXXXX";
static __thread int fd;
/* POSIX's file locks do not exclude threads of one process. */
static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;

static void init(void)
{
	pthread_mutexattr_t a;
	pthread_rwlockattr_t r;
	s = shared_memory(sizeof *s);
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED));
#ifdef TYPE
	CHECK_OK(pthread_mutexattr_settype(&a, TYPE));
#endif
#ifdef ROBUST
	CHECK_OK(pthread_mutexattr_setrobust(&a, ROBUST));
#endif
#ifdef PROTOCOL
	CHECK_OK(pthread_mutexattr_setprotocol(&a, PROTOCOL));
#endif
	CHECK_OK(pthread_mutex_init(&s->mutex, &a));
	CHECK_OK(pthread_rwlockattr_init(&r));
	CHECK_OK(pthread_rwlockattr_setpshared(&r, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_rwlock_init(&s->rwlock, &r));
	CHECK_EQ(sem_init(&s->sem, 1, 1), 0);
	set = semget(IPC_PRIVATE, 1, 0600);
	CHECK_EQ(semctl(set, 0, SETVAL, 1), 0);
	CHECK_EQ(close(mkstemp(name)), 0);
}
#if defined SEMOP
static void change(int by)
{
	struct sembuf op = {0, by, SEM_UNDO};
	CHECK_EQ(semop(set, &op, 1), 0);
}
static void enter(void) { change(-1); }
static void leave(void) { change(1); }
#elif defined MUTEX
static void enter(void) { CHECK_OK(pthread_mutex_lock(&s->mutex)); }
static void leave(void) { CHECK_OK(pthread_mutex_unlock(&s->mutex)); }
#elif defined RWLOCK
static void enter(void) { CHECK_OK(pthread_rwlock_wrlock(&s->rwlock)); }
static void leave(void) { CHECK_OK(pthread_rwlock_unlock(&s->rwlock)); }
#elif defined SEM
static void enter(void) { CHECK_EQ(sem_wait(&s->sem), 0); }
static void leave(void) { CHECK_EQ(sem_post(&s->sem), 0); }
#elif defined LOCKF
static void enter(void)
{
	CHECK_OK(pthread_mutex_lock(&own));
	CHECK_EQ(lockf(fd, F_LOCK, 0), 0);
}
static void leave(void)
{
	CHECK_EQ(lockf(fd, F_ULOCK, 0), 0);
	CHECK_OK(pthread_mutex_unlock(&own));
}
#elif defined OFD
static void set_lock(int type)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET};
	CHECK_EQ(fcntl(fd, F_OFD_SETLKW, &l), 0);
}
static void enter(void) { set_lock(F_WRLCK); }
static void leave(void) { set_lock(F_UNLCK); }
#else
static void enter(void) { CHECK_EQ(flock(fd, LOCK_EX), 0); }
static void leave(void) { CHECK_EQ(flock(fd, LOCK_UN), 0); }
#endif

static void *worker(void *arg)
{
	fd = open(name, O_RDWR);
	for (int i = 0; i < ROUNDS; i++) {
		enter();
		CHECK_EQ(s->inside, 0);
		s->inside = 1;
		long seen = s->count;
		if (i % 16 == 0)
			sleep_ms(1);
		else
			sched_yield();
		s->count = seen + 1;
		s->inside = 0;
		leave();
	}
	/* Closing would drop all of the process's POSIX locks on the file. */
	(void)own;
	return arg;
}

int main(void)
{
	pid_t children[PROCESSES];
	init();
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			pthread_t t[THREADS];
			for (int k = 0; k < THREADS; k++)
				CHECK_OK(pthread_create(&t[k], NULL, worker, NULL));
			for (int k = 0; k < THREADS; k++)
				CHECK_OK(pthread_join(t[k], NULL));
			_exit(0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		reap(children[i]);
	CHECK_EQ(semctl(set, 0, IPC_RMID), 0);
	CHECK_EQ(unlink(name), 0);
	CHECK_EQ(s->count, PROCESSES * THREADS * ROUNDS);
	printf("%ld\n", s->count);
	return 0;
}
