// rule: 200 threads wait for one thing that excludes: each has it once, alone (flock(2), semop(2), mq_receive(3), a mutex and a semaphore in shared memory)
// libs: -lrt
// variant: semop -DSEMOP
// variant: mutex -DMUTEX
// variant: robust -DROBUST
// variant: sem -DSEM
#include "ticks.h"
#include <semaphore.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/sem.h>

#define N 200
static int inside, count;
#if defined SEMOP
static int set;
static void init(void)
{
	set = semget(IPC_PRIVATE, 1, 0600);
	CHECK_EQ(semctl(set, 0, SETVAL, 1), 0);
}
static void change(int by)
{
	struct sembuf op = {0, by, SEM_UNDO};
	CHECK_EQ(semop(set, &op, 1), 0);
}
#define ENTER change(-1)
#define LEAVE change(1)
#define DONE CHECK_EQ(semctl(set, 0, IPC_RMID), 0)
#elif defined MUTEX || defined ROBUST
static pthread_mutex_t *m;
static void init(void)
{
	pthread_mutexattr_t a;
	m = shared_memory(sizeof *m);
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED));
#ifdef ROBUST
	CHECK_OK(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST));
#endif
	CHECK_OK(pthread_mutex_init(m, &a));
}
#define ENTER CHECK_OK(pthread_mutex_lock(m))
#define LEAVE CHECK_OK(pthread_mutex_unlock(m))
#define DONE CHECK_OK(pthread_mutex_destroy(m))
#elif defined SEM
static sem_t *s;
static void init(void)
{
	s = shared_memory(sizeof *s);
	CHECK_EQ(sem_init(s, 1, 1), 0);
}
#define ENTER CHECK_EQ(sem_wait(s), 0)
#define LEAVE CHECK_EQ(sem_post(s), 0)
#define DONE CHECK_EQ(sem_destroy(s), 0)
#else
static char name[] = "/tmp/gvt-manyXXXXXX";
static __thread int fd;
static void init(void) { CHECK_EQ(close(mkstemp(name)), 0); }
#define ENTER fd = open(name, O_RDWR), CHECK_EQ(flock(fd, LOCK_EX), 0)
#define LEAVE CHECK_EQ(flock(fd, LOCK_UN), 0), close(fd)
#define DONE CHECK_EQ(unlink(name), 0)
#endif
#undef CHECK_EQ
#define CHECK_EQ(a, b) ((a) == (b) ? (void)0 : check_fail(__FILE__, __LINE__, "%s, errno %d", #a, errno))
#undef CHECK_OK
#define CHECK_OK(a) CHECK_EQ(a, 0)

static void *worker(void *arg)
{
	ENTER;
	CHECK_EQ(inside, 0);
	inside = 1;
	sleep_ms(1);
	inside = 0;
	count++;
	LEAVE;
	return arg;
}

int main(void)
{
	pthread_t t[N];
	init();
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	DONE;
	printf("%d\n", count);
	return 0;
}
