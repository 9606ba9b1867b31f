// rule: threads that sleep cost the machine nothing: no OS thread of the process wakes up while all of them wait
#include "../check.h"
#include <dirent.h>

static void *nap(void *arg)
{
	sleep_ms(700);
	return arg;
}

/* How often the OS threads of the process have given up the processor. */
static long switches(void)
{
	char path[64], text[4096];
	long sum = 0;
	DIR *tasks = opendir("/proc/self/task");
	for (struct dirent *e; (e = readdir(tasks));) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/self/task/%s/status", e->d_name);
		int fd = open(path, O_RDONLY);
		long n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
		close(fd);
		text[n > 0 ? n : 0] = 0;
		char *p = strstr(text, "\nvoluntary_ctxt_switches:");
		sum += p ? atol(p + 25) : 0;
	}
	closedir(tasks);
	return sum;
}

int main(void)
{
	pthread_t threads[3];
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_create(&threads[i], NULL, nap, NULL));
	sleep_ms(150);
	long before = switches();
	sleep_ms(300);
	long after = switches();
	/* This thread's own sleep, and some for a busy machine. */
	CHECK(after - before <= 12);
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_join(threads[i], NULL));
	puts("quiet");
	return 0;
}
