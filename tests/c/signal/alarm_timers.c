// rule: alarm(2), setitimer(2): the handler runs while threads sleep and while one computes
#include "sig.h"
#include <sys/time.h>
static volatile int count;
static void on(int s) { (void)s; count++; }
static void *computes(void *arg)
{
	int want = count + 5;
	volatile unsigned x = 0;
	while (count < want)
		x++;
	return arg;
}
static void *sleeps(void *arg)
{
	int64_t t0 = now_ns();
	struct timespec left = ts_ms(150);
	while (nanosleep(&left, &left))
		CHECK_EQ(errno, EINTR);
	CHECK_WAITED(t0, 150);
	return arg;
}
int main(void)
{
	handle(SIGALRM, on, SA_RESTART);
	pthread_t a = start(sleeps, NULL), b = start(sleeps, NULL);
	struct itimerval it = { { 0, 5000 }, { 0, 5000 } }, off = { { 0, 0 }, { 0, 0 } };
	CHECK_EQ(setitimer(ITIMER_REAL, &it, NULL), 0);
	end(a), end(b);
	CHECK(count >= 3);
	end(start(computes, NULL));
	pthread_t s = start(sleeps, NULL);
	computes(NULL);
	end(s);
	CHECK_EQ(setitimer(ITIMER_REAL, &off, NULL), 0);
	int before = count;
	alarm(1);
	s = start(sleeps, NULL);
	while (count == before)
		usleep(1000);
	end(s);
	puts("ok");
	return 0;
}
