// rule: signal-safety(7), pthread_cancel(3): a handler that runs in a waiting or computing thread may cancel that thread: it acts at the next cancellation point, in the handler or after it
#include "../check.h"
#include <signal.h>
static volatile int ready, way;
static void on(int s)
{
	(void)s;
	pthread_cancel(pthread_self());
	if (way == 1)
		pthread_testcancel();
}
static void say(void *arg) { printf("%s\n", (char *)arg); fflush(stdout); }
static void *waits(void *arg)
{
	struct timespec t = { 100, 0 };
	pthread_cleanup_push(say, "cleaned");
	ready = 1;
	if (way == 2) {
		while (ready == 1)
			;
	} else {
		nanosleep(&t, NULL);
	}
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return arg;
}
int main(void)
{
	struct sigaction sa = { .sa_handler = on };
	setvbuf(stdout, NULL, _IOLBF, 0);
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	for (way = 0; way < 3; way++) {
		pthread_t t;
		void *value;
		ready = 0;
		CHECK_OK(pthread_create(&t, NULL, waits, NULL));
		while (!ready)
			sleep_ms(1);
		sleep_ms(5);
		CHECK_OK(pthread_kill(t, SIGUSR1));
		if (way == 2)
			sleep_ms(50), ready = 2;
		CHECK_OK(pthread_join(t, &value));
		CHECK(value == PTHREAD_CANCELED);
	}
	puts("ok");
	return 0;
}
