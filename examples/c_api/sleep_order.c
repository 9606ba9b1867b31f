// Three greenlets sleep 3, 2 and 1 seconds: whoever sleeps least ends first, and all
// three are done after 3 seconds, not 6. Prints that foo, bar and eat start, and that eat,
// bar and foo end, in this order.
//
//     cc sleep_order.c $(pkg-config --cflags --libs geventrs) -o sleep_order
#include <geventrs.h>
#include <stdio.h>

struct job {
	const char *name;
	int seconds;
};

static void *work(void *arg)
{
	struct job *job = arg;
	printf("%s start\n", job->name);
	gev_sleep(job->seconds * GEV_SECOND);
	printf("%s end\n", job->name);
	return NULL;
}

int main(void)
{
	struct job jobs[] = { { "foo", 3 }, { "bar", 2 }, { "eat", 1 } };
	gev_greenlet *greenlets[3];
	for (int i = 0; i < 3; i++)
		greenlets[i] = gev_spawn(work, &jobs[i]);
	gev_joinall(greenlets, 3, GEV_FOREVER);
	for (int i = 0; i < 3; i++)
		gev_release(greenlets[i]);
	return 0;
}
