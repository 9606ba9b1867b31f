// rule: pthread_setcancelstate(3): while cancellation is disabled no call ends for it, whether it waits or not; enabled again, the request acts at the next cancellation point
// timeout: 60
// libs: -lrt
#include "points.h"

static volatile int enabled;

static void on(int s) { (void)s; }

static void *waits(void *arg)
{
	int old;
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	CHECK_OK(pthread_sigmask(SIG_UNBLOCK, &s, NULL));
	pthread_cleanup_push(count, NULL);
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old));
	CHECK_EQ(old, PTHREAD_CANCEL_ENABLE);
	call_it();
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old));
	CHECK_EQ(old, PTHREAD_CANCEL_DISABLE);
	enabled = 1;
	pthread_testcancel();
	enabled = 2;
	pthread_cleanup_pop(0);
	return arg;
}

int main(void)
{
	struct sigaction sa = { .sa_handler = on };
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	block_usr2();
	for (int i = 0; i < WAIT_CALLS; i++) {
		pthread_t t;
		void *value;
		enabled = 0;
		begin_test(i);
		printf("%s:", call->name);
		fflush(stdout);
		CHECK_OK(pthread_create(&t, NULL, waits, NULL));
		while (!began)
			sleep_ms(1);
		sleep_ms(5);
		CHECK_OK(pthread_cancel(t));
		sleep_ms(5);
		CHECK_EQ(returned, 0);
		if (call->release)
			call->release();
		else
			for (int n = 0; !returned && n < 1000; n++) {
				CHECK_OK(pthread_kill(t, SIGUSR1));
				sleep_ms(5);
			}
		struct timespec limit = ts_in(CLOCK_REALTIME, 15000);
		CHECK_OK(pthread_timedjoin_np(t, &value, &limit));
		CHECK(value == PTHREAD_CANCELED);
		CHECK_EQ(cleaned, 1);
		CHECK_EQ(returned, 1);
		CHECK_EQ(enabled, 1);
		printf(" %s%s\n", result ? "failed, " : "succeeded", result ? strerrorname_(result_errno) : "");
		end_test();
	}
	return 0;
}
