// rule: sleep() suspends the calling thread only, and threads end in the order their sleeps do
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

struct job {
	const char *name;
	unsigned seconds;
	sem_t started;
};

static void *work(void *arg)
{
	struct job *job = arg;
	printf("%s start\n", job->name);
	sem_post(&job->started);
	CHECK_EQ(sleep(job->seconds), 0);
	printf("%s end\n", job->name);
	check_os_threads(1);
	return NULL;
}

int main(void)
{
	struct job jobs[3] = { { "foo", 3 }, { "bar", 2 }, { "eat", 1 } };
	pthread_t threads[3];
	int64_t t0 = now_ns();
	for (int i = 0; i < 3; i++) {
		sem_init(&jobs[i].started, 0, 0);
		CHECK_OK(pthread_create(&threads[i], NULL, work, &jobs[i]));
		/* Natively the starts have no order of their own. */
		CHECK_EQ(sem_wait(&jobs[i].started), 0);
	}
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_join(threads[i], NULL));
	CHECK(now_ns() - t0 >= 3000000000LL);
	check_os_threads(1);
	return 0;
}
