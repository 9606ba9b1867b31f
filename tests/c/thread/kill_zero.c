// rule: pthread_kill() with signal 0 only checks: 0 for a live thread and, since glibc 2.34, for one that ended unjoined; EINVAL for a bad signal
// one-thread: yes
#include "../check.h"
#include <semaphore.h>
#include <signal.h>

static sem_t go;
static void *worker(void *arg)
{
	CHECK_OK(pthread_kill(pthread_self(), 0));
	sem_wait(&go);
	return arg;
}

int main(void)
{
	pthread_t t;
	void *r;
	sem_init(&go, 0, 0);
	CHECK_OK(pthread_kill(pthread_self(), 0));
	CHECK_OK(pthread_create(&t, NULL, worker, (void *)1));
	CHECK_OK(pthread_kill(t, 0));
	check_os_threads(1);
	CHECK_RC(pthread_kill(t, 65), EINVAL);
	CHECK_RC(pthread_kill(t, -1), EINVAL);
	sem_post(&go);
	sleep_ms(100);
	while (os_threads() > 1) /* natively: until it has ended */
		sleep_ms(5);
#if __GLIBC_PREREQ(2, 34) /* before, such a thread is not found */
	CHECK_OK(pthread_kill(t, 0));
	CHECK_OK(pthread_kill(t, SIGTERM)); /* no one left to end */
#endif
	CHECK_OK(pthread_join(t, &r));
	CHECK_EQ((intptr_t)r, 1);
	printf("checked\n");
	return 0;
}
