// rule: signal-safety(7): sem_post and write in a handler wake the threads that wait
#include "sig.h"
static sem_t sem;
static int fds[2], handled;
static void on(int s)
{
	(void)s;
	int e = errno;
	sem_post(&sem);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
	errno = e;
}
static void *waits(void *arg)
{
	for (int i = 0; i < 10; i++)
		while (sem_wait(&sem))
			CHECK_EQ(errno, EINTR);
	return arg;
}
static void *reads(void *arg)
{
	char c;
	for (int i = 0; i < 10; i++)
		CHECK_EQ(read(fds[0], &c, 1), 1);
	return arg;
}
int main(void)
{
	sem_init(&sem, 0, 0);
	CHECK_EQ(pipe(fds), 0);
	handle(SIGUSR1, on, SA_RESTART);
	pthread_t a = start(waits, NULL), b = start(reads, NULL);
	for (int i = 0; i < 10; i++) {
		if (i % 3 == 0)
			raise(SIGUSR1);
		else if (i % 3 == 1)
			pthread_kill(a, SIGUSR1);
		else
			kill(getpid(), SIGUSR1);
		/* Two of the same at a time would count as one. */
		while (__atomic_load_n(&handled, __ATOMIC_SEQ_CST) <= i)
			sleep_ms(1);
	}
	end(a), end(b);
	puts("ok");
	return 0;
}
