// rule: joining a thread that joins the caller is no deadlock if that thread has been cancelled
// one-thread: yes
#include "../check.h"

static void *joiner(void *arg)
{
	pthread_join(*(pthread_t *)arg, NULL);
	return NULL;
}

int main(void)
{
	pthread_t me = pthread_self(), t;
	void *value;
	for (int i = 0; i < 3; i++) {
		CHECK_OK(pthread_create(&t, NULL, joiner, &me));
		sleep_ms(i * 10);
		CHECK_OK(pthread_cancel(t));
		CHECK_OK(pthread_join(t, &value));
		CHECK(value == PTHREAD_CANCELED);
	}
	printf("joined\n");
	return 0;
}
