// rule: select() with no descriptors suspends the calling thread only, until its time-out
// one-thread: yes
#include "../check.h"
#include <semaphore.h>
#include <sys/select.h>

static int64_t start;
static sem_t turn[4];

/* Whole seconds: how long a loaded machine takes to get
 * there is not what is tested; the wait is never shorter than asked. */
static double tic(void)
{
	return (double)((now_ms() - start) / 1000);
}

static void *poller(void *arg)
{
	int n = *(int *)arg;
	struct timeval timeout = { 2, 0 };
	sem_wait(&turn[n]);
	printf("Started Polling: at %.1f seconds\n", tic());
	sem_post(&turn[n + 1]);
	CHECK_EQ(select(0, NULL, NULL, NULL, &timeout), 0);
	printf("Ended Polling: at %.1f seconds\n", tic());
	check_os_threads(1);
	return NULL;
}

static void *worker(void *arg)
{
	int n = *(int *)arg;
	sem_wait(&turn[n]);
	printf("Hey lets do some stuff while the greenlets poll, at %.1f seconds\n", tic());
	sleep(1);
	CHECK(now_ms() - start >= 1000);
	return NULL;
}

int main(void)
{
	void *(*work[])(void *) = { poller, poller, worker };
	int number[3] = { 0, 1, 2 };
	pthread_t threads[3];
	for (int i = 0; i < 4; i++)
		sem_init(&turn[i], 0, 0);
	start = now_ms();
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_create(&threads[i], NULL, work[i], &number[i]));
	sem_post(&turn[0]);
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_join(threads[i], NULL));
	return 0;
}
