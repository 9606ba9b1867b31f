// rule: raise(3), tgkill(2): to the calling thread, and to a thread by its id
#include "sig.h"
static volatile int count, stop;
static volatile pthread_t ran;
static volatile pid_t tid;
static void on(int s) { (void)s; ran = pthread_self(); count++; }
static void *worker(void *arg)
{
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_EQ(count, 1);
	CHECK(pthread_equal(ran, pthread_self()));
	tid = gettid();
	while (!stop)
		sched_yield();
	return arg;
}
int main(void)
{
	handle(SIGUSR1, on, 0);
	pthread_t t = start(worker, NULL);
	while (!tid)
		sched_yield();
	CHECK_EQ(tgkill(getpid(), tid, SIGUSR1), 0);
	while (count < 2)
		sched_yield();
	CHECK(pthread_equal(ran, t));
	CHECK_EQ(syscall(SYS_tgkill, getpid(), tid, SIGUSR1), 0);
	while (count < 3)
		sched_yield();
	CHECK(pthread_equal(ran, t));
	CHECK_EQ(syscall(SYS_tkill, tid, SIGUSR1), 0);
	while (count < 4)
		sched_yield();
	CHECK(pthread_equal(ran, t));
	CHECK_EQ(tgkill(getpid(), gettid(), SIGUSR1), 0);
	CHECK(pthread_equal(ran, pthread_self()));
	CHECK_ERRNO(raise(65), EINVAL);
	CHECK_EQ(tgkill(getpid(), tid, 0), 0);
	stop = 1;
	end(t);
	puts("ok");
	return 0;
}
