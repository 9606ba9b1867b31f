// rule: pthread_exit(3): after it in main the others go on, whatever they do: wait in the hub, in the kernel, compute, make threads; the last one's end is exit(0)
#include "../waits.h"
static void at_exit(void) { printf("atexit\n"); }
static void cleanup(void *arg) { (void)arg, printf("main's handler\n"); }
static void *third(void *arg) { sleep_ms(30); printf("made later\n"); return arg; }
static void *makes(void *arg)
{
	pthread_t t;
	sleep_ms(20);
	CHECK_OK(pthread_create(&t, NULL, third, NULL));
	CHECK_OK(pthread_detach(t));
	return arg;
}
static void *locks(void *arg)
{
	CHECK_EQ(flock(w_fd[1], LOCK_EX), 0);
	return arg;
}
static void *unlocks(void *arg)
{
	sleep_ms(10);
	CHECK_EQ(flock(w_fd[0], LOCK_UN), 0);
	return arg;
}
static void *computes(void *arg)
{
	volatile unsigned long n = 0;
	int64_t end = now_ms() + 25;
	while (now_ms() < end)
		n++;
	return arg;
}
int main(void)
{
	void *(*f[])(void *) = { makes, locks, unlocks, computes };
	pthread_t t;
	setvbuf(stdout, NULL, _IOLBF, 0);
	p_flock();
	atexit(at_exit);
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t, NULL, f[i], NULL));
	pthread_cleanup_push(cleanup, NULL);
	pthread_exit(&t);
	pthread_cleanup_pop(0);
}
