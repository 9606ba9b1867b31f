// rule: pthread_setcancelstate(3): new threads, also the initial one, have cancellation enabled and deferred, whatever ended threads had; EINVAL for other values
#include "../check.h"

static void *leaves(void *arg)
{
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
	CHECK_OK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL));
	return arg;
}
static void *looks(void *arg)
{
	int state = 77, type = 77;
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state));
	CHECK_OK(pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type));
	CHECK_EQ(state, PTHREAD_CANCEL_ENABLE);
	CHECK_EQ(type, PTHREAD_CANCEL_DEFERRED);
	CHECK_RC(pthread_setcancelstate(77, NULL), EINVAL);
	CHECK_RC(pthread_setcanceltype(77, NULL), EINVAL);
	return arg;
}
int main(void)
{
	pthread_t t;
	looks(NULL);
	for (int i = 0; i < 10; i++) {
		CHECK_OK(pthread_create(&t, NULL, i % 2 ? looks : leaves, NULL));
		CHECK_OK(pthread_join(t, NULL));
	}
	looks(NULL);
	puts("fresh");
	return 0;
}
