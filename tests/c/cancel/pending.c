// rule: pthread_setcancelstate(3): a cancellation point acts on a request that is pending when it is entered, also if it would not wait; what is no cancellation point does not
// timeout: 60
// libs: -lrt
#include "points.h"

static int ready; /* what the call waits for has come before */

static void *calls(void *arg)
{
	pthread_cleanup_push(count, NULL);
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
	CHECK_OK(pthread_cancel(pthread_self()));
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
	call_it();
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return arg;
}

static void test(int i)
{
	pthread_t t;
	void *value;
	begin_test(i);
	if (ready)
		call->release();
	CHECK_OK(pthread_create(&t, NULL, calls, NULL));
	if (!call->point && !ready) {
		sleep_ms(5);
		CHECK_EQ(returned, 0);
		call->release();
	}
	struct timespec limit = ts_in(CLOCK_REALTIME, 15000);
	CHECK_OK(pthread_timedjoin_np(t, &value, &limit));
	CHECK(value == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 1);
	printf("; %s: %s", ready ? "ready" : "not ready", returned ? "returned" : "acted");
	if (call->prepare == p_thread) {
		if (!ready)
			r_sem();
		pthread_join(w_thread, NULL);
	}
	if (call->release == r_usr2 && ready && !returned) { /* still pending */
		sigset_t s = w_usr2();
		int got;
		CHECK_OK(sigwait(&s, &got));
	}
	end_test();
}

int main(void)
{
	block_usr2();
	for (int i = 0; i < WAIT_CALLS; i++) {
		printf("%s", wait_calls[i].name);
		fflush(stdout);
		ready = 0;
		test(i);
		ready = 1;
		if (wait_calls[i].early && wait_calls[i].release)
			test(i);
		printf("\n");
	}
	return 0;
}
