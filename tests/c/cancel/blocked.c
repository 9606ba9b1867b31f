// rule: pthreads(7), "Cancellation points": a thread that waits in one is cancelled there: its cleanup handlers run and the join gives PTHREAD_CANCELED; one that waits elsewhere goes on, and is cancelled at its next cancellation point
// timeout: 60
// libs: -lrt
// variant: unwind -fexceptions
#define CANCELS
#include "points.h"

static void *waits(void *arg)
{
	pthread_cleanup_push(count, NULL);
	call_it();
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return arg;
}

int main(void)
{
	block_usr2();
	for (int i = 0; i < WAIT_CALLS; i++) {
		pthread_t t;
		void *value;
		begin_test(i);
		printf("%s:", call->name);
		fflush(stdout);
		CHECK_OK(pthread_create(&t, NULL, waits, NULL));
		while (!began)
			sleep_ms(1);
		sleep_ms(10);
		CHECK_OK(pthread_cancel(t));
		if (!call->point) {
			sleep_ms(10);
			CHECK_EQ(returned, 0);
			call->release();
		}
		struct timespec limit = ts_in(CLOCK_REALTIME, 15000);
		CHECK_OK(pthread_timedjoin_np(t, &value, &limit));
		CHECK(value == PTHREAD_CANCELED);
		CHECK_EQ(cleaned, 1);
		CHECK_EQ(returned, !call->point);
		if (call->prepare == p_thread) { /* it can still be joined */
			r_sem();
			CHECK_OK(pthread_join(w_thread, NULL));
		}
		end_test();
		printf(" cancelled%s\n", call->point ? "" : " after it");
	}
	return 0;
}
