// A producer and three consumers share a queue of two places: the producer waits when
// they fall behind, and gev_queue_join returns when all work is done. Prints who has done
// which job, and in the end how many each has done.
//
//     cc producer_consumer.c $(pkg-config --cflags --libs geventrs) -o producer_consumer
#include <geventrs.h>
#include <stdio.h>

static gev_queue *jobs;

static void *consume(void *name)
{
	size_t done = 0;
	void *job;
	while (gev_queue_get(jobs, &job, GEV_FOREVER) == 0) {
		gev_sleep(20 * GEV_MILLISECOND);
		printf("%s has done job %d\n", (const char *)name, *(int *)job);
		done++;
		gev_queue_task_done(jobs);
	}
	return (void *)done;
}

int main(void)
{
	const char *names[] = { "ann", "bob", "cid" };
	int numbers[9];
	gev_greenlet *consumers[3];
	jobs = gev_queue_new(GEV_FIFO, 2);
	for (int i = 0; i < 3; i++)
		consumers[i] = gev_spawn(consume, (void *)names[i]);
	for (int i = 0; i < 9; i++) {
		numbers[i] = i + 1;
		gev_queue_put(jobs, &numbers[i], GEV_FOREVER);
	}
	printf("all jobs are given, %zu are waiting\n", gev_queue_len(jobs));
	gev_queue_join(jobs, GEV_FOREVER);
	gev_queue_shutdown(jobs, 0);
	printf("done:");
	for (int i = 0; i < 3; i++) {
		void *done;
		gev_get(consumers[i], &done, GEV_FOREVER);
		printf(" %zu", (size_t)done);
		gev_release(consumers[i]);
	}
	printf("\n");
	gev_queue_free(jobs);
	return 0;
}
