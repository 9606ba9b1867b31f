/* One thread in one call of the table of waits.h, with its cleanup handler. */
#include "../waits.h"

static const struct wait_call *call;
static volatile int began, returned, cleaned, result, result_errno;

static void count(void *arg) { (void)arg, cleaned++; }

static void begin_test(int i)
{
	call = &wait_calls[i];
	began = returned = cleaned = result = result_errno = 0;
	call->prepare();
}

static void call_it(void)
{
	began = 1;
	result = call->wait() < 0 ? -1 : 0;
	result_errno = errno;
	returned = 1;
}

/* What a test has left: threads that the table's entry has made, descriptors. */
static void end_test(void)
{
	if ((call->prepare == p_aio || call->prepare == p_lio) && aio_error(&w_aio) == EINPROGRESS)
		r_aio();
	if (call->prepare == p_once && !call->point && !returned)
		r_once();
	w_finish();
}

static void block_usr2(void)
{
	sigset_t s = w_usr2();
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &s, NULL));
}
