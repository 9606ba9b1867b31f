// rule: semop(2) waits until all its operations can be done at once, IPC_NOWAIT gives EAGAIN, a removed set EIDRM, semtimedop a time-out EAGAIN; other threads run meanwhile
// env: GEVENTRS_SLICE=5000
#include "ticks.h"
#include <sys/ipc.h>
#include <sys/sem.h>

static int set;
static void add(void *arg)
{
	struct sembuf op = {(unsigned short)(intptr_t)arg, 1, 0};
	CHECK_EQ(semctl(set, op.sem_num, GETNCNT), 1); /* it waits in the kernel */
	CHECK_EQ(semop(set, &op, 1), 0);
}
static void decrease(void *arg)
{
	struct sembuf op = {0, -1, 0};
	CHECK_EQ(semctl(set, 0, GETZCNT), 1);
	CHECK_EQ(semop(set, &op, 1), 0);
	(void)arg;
}
static void removes(void *arg)
{
	(void)arg;
	CHECK_EQ(semctl(set, 0, IPC_RMID), 0);
}
static int take(int n)
{
	struct sembuf op = {n, -1, 0};
	return semop(set, &op, 1);
}

int main(void)
{
	pthread_t t;
	set = semget(IPC_PRIVATE, 2, 0600);
	CHECK(set >= 0);
	ticks_start();

	t = later(add, (void *)0);
	TICKS_DURING(CHECK_EQ(take(0), 0));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(semctl(set, 0, GETVAL), 0);

	/* By number. */
	t = later(add, (void *)1);
	struct sembuf one = {1, -1, 0};
	TICKS_DURING(CHECK_EQ(syscall(SYS_semtimedop, set, &one, 1, NULL), 0));
	CHECK_OK(pthread_join(t, NULL));

	/* Waiting for zero. */
	struct sembuf up = {0, 1, 0}, zero = {0, 0, 0};
	CHECK_EQ(semop(set, &up, 1), 0);
	t = later(decrease, NULL);
	TICKS_DURING(CHECK_EQ(semop(set, &zero, 1), 0));
	CHECK_OK(pthread_join(t, NULL));

	/* All or nothing. */
	CHECK_EQ(semop(set, &up, 1), 0);
	struct sembuf both[2] = {{0, -1, 0}, {1, -1, 0}};
	t = later(add, (void *)1);
	TICKS_DURING(CHECK_EQ(semop(set, both, 2), 0));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(semctl(set, 0, GETVAL) + semctl(set, 1, GETVAL), 0);

	/* No waiting asked for, for all or for the one that counts. */
	struct sembuf now[2] = {{0, -1, IPC_NOWAIT}, {1, -1, IPC_NOWAIT}};
	CHECK_ERRNO(semop(set, now, 2), EAGAIN);
	struct sembuf mixed[2] = {{0, 1, 0}, {1, -1, IPC_NOWAIT}};
	CHECK_ERRNO(semop(set, mixed, 2), EAGAIN);

	/* Times. */
	struct timespec ts = ts_ms(BLOCKED_MS), bad = {0, 1000000000}, none = {0, 0};
	struct sembuf op = {0, -1, 0};
	TICKS_DURING(CHECK_ERRNO(semtimedop(set, &op, 1, &ts), EAGAIN));
	CHECK_ERRNO(semtimedop(set, &op, 1, &bad), EINVAL);
	CHECK_ERRNO(semtimedop(set, &op, 1, &none), EAGAIN);
	CHECK_EQ(semtimedop(set, &up, 1, &none), 0);
	CHECK_EQ(take(0), 0);

	CHECK_ERRNO(semop(set, NULL, 1), EFAULT);
	CHECK_ERRNO(semop(set, &op, 0), EINVAL);
	CHECK_ERRNO(semop(set, &op, 1 << 20), E2BIG);
	struct sembuf none_such = {9, 1, 0};
	CHECK_ERRNO(semop(set, &none_such, 1), EFBIG);

	/* What a process did with SEM_UNDO is undone at its end. */
	pid_t child = fork();
	if (child == 0) {
		struct sembuf undo = {0, 1, SEM_UNDO};
		_exit(semop(set, &undo, 1) == 0 && semctl(set, 0, GETVAL) == 1 ? 0 : 1);
	}
	reap(child);
	CHECK_EQ(semctl(set, 0, GETVAL), 0);

	t = later(removes, NULL);
	TICKS_DURING(CHECK_ERRNO(take(0), EIDRM));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_ERRNO(take(0), EINVAL);
	ticks_end();
	printf("semop\n");
	return 0;
}
