// rule: _exit(2) by its number ends the calling thread only; the process ends with the last one
// source: _exit(2), exit_group(2)
// exit: 7
#include "../check.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int ended;

static void *ends(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&mutex));
	ended++;
	CHECK_OK(pthread_mutex_unlock(&mutex));
	if (arg)
		sleep_ms(2);
	syscall(SYS_exit, 3);
	CHECK(!"ended");
	return arg;
}

int main(void)
{
	pthread_t t[10];
	for (int i = 0; i < 10; i++)
		CHECK_OK(pthread_create(&t[i], NULL, ends, (void *)(intptr_t)(i % 2)));
	for (int i = 0; i < 10; i++) {
		void *value = &ended;
		CHECK_OK(pthread_join(t[i], &value));
		CHECK(value == NULL);
	}
	CHECK_EQ(ended, 10);
	puts("ended");
	fflush(stdout);
	syscall(SYS_exit, 7);
	return 1;
}
