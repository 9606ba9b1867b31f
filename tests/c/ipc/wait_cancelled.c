// rule: pthreads(7): a thread that waits in open(2) of a FIFO, F_SETLKW, lockf(3), msgrcv(2), msgsnd(2) or sem_wait(3) of a shared semaphore is cancelled there; its cleanup handlers run
#include "ticks.h"
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/stat.h>

static int fd, queue;
static char name[] = "/tmp/gvt-cancelXXXXXX", fifo[64];
static sem_t *sem;
static volatile int cleaned;

static void do_open(void) { open(fifo, O_RDONLY); }
static void do_fcntl(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	fcntl(fd, F_SETLKW, &l);
}
static void do_lockf(void) { lockf(fd, F_LOCK, 0); }
static void do_msgrcv(void)
{
	char b[64];
	msgrcv(queue, b, 8, 2, 0);
}
static void do_msgsnd(void)
{
	static struct {
		long type;
		char text[4096];
	} m = {1, ""};
	while (msgsnd(queue, &m, sizeof m.text, IPC_NOWAIT) == 0)
		;
	msgsnd(queue, &m, sizeof m.text, 0);
}
static void do_sem(void) { sem_wait(sem); }

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
}
static void *waiter(void *call)
{
	pthread_cleanup_push(clean, NULL);
	((void (*)(void))call)();
	pthread_cleanup_pop(0);
	return NULL;
}
static void test(void (*call)(void))
{
	pthread_t t;
	void *result;
	cleaned = 0;
	CHECK_OK(pthread_create(&t, NULL, waiter, (void *)call));
	sleep_ms(50);
	CHECK_OK(pthread_cancel(t));
	CHECK_OK(pthread_join(t, &result));
	CHECK(result == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 1);
}

int main(void)
{
	void (*calls[])(void) = {do_open, do_fcntl, do_lockf, do_msgrcv, do_msgsnd, do_sem};
	char c;
	int ready[2], keep[2];
	CHECK_EQ(pipe(ready), 0);
	CHECK_EQ(pipe(keep), 0);
	sem = shared_memory(sizeof *sem);
	CHECK_EQ(sem_init(sem, 1, 0), 0);
	fd = mkstemp(name);
	snprintf(fifo, sizeof fifo, "%s.fifo", name);
	CHECK_EQ(mkfifo(fifo, 0600), 0);
	queue = msgget(IPC_PRIVATE, 0600);
	pid_t child = fork();
	if (child == 0) {
		close(keep[1]);
		do_fcntl();
		CHECK_EQ(write(ready[1], "x", 1), 1);
		CHECK_EQ(read(keep[0], &c, 1), 0);
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	for (int i = 0; i < 6; i++)
		test(calls[i]);
	close(keep[1]);
	reap(child);
	CHECK_EQ(msgctl(queue, IPC_RMID, NULL), 0);
	CHECK_EQ(unlink(fifo), 0);
	CHECK_EQ(unlink(name), 0);
	printf("cancelled\n");
	return 0;
}
