// rule: errno is the thread's own: a blocking call in one thread does not change it in another
// one-thread: yes
#include "../check.h"

static void *worker(void *arg)
{
	int n = (intptr_t)arg;
	CHECK_EQ(errno, 0);
	for (int i = 0; i < 200; i++) {
		errno = n;
		sched_yield();
		CHECK_EQ(errno, n);
		usleep(0);
		CHECK_EQ(errno, n);
		if (n % 2) {
			close(-1);
			CHECK_EQ(errno, EBADF);
		} else {
			access("/no/such/file", F_OK);
			CHECK_EQ(errno, ENOENT);
		}
	}
	return &errno;
}

int main(void)
{
	pthread_t t[8];
	errno = 1234;
	for (intptr_t i = 0; i < 8; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)(i + 1)));
	for (int i = 0; i < 8; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_EQ(errno, 1234);
	printf("errno kept\n");
	return 0;
}
