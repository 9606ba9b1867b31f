// Three threads sleep 3, 2 and 1 seconds: whoever sleeps least ends first, and
// all three are done after 3 seconds, not 6.
//
//     gcc -pthread sleep_order.c -o sleep_order
//     ./sleep_order
//     LD_PRELOAD=libgeventrs.so ./sleep_order
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

struct job {
	const char *name;
	unsigned seconds;
};

static void *work(void *arg)
{
	struct job *job = arg;
	printf("%s start\n", job->name);
	sleep(job->seconds);
	printf("%s end\n", job->name);
	return NULL;
}

int main(void)
{
	struct job jobs[] = { { "foo", 3 }, { "bar", 2 }, { "eat", 1 } };
	pthread_t threads[3];
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work, &jobs[i]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
