// Ten sleeping threads, and what the kernel counts then.
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *nap(void *arg)
{
	usleep(400000);
	return arg;
}

int main(void)
{
	pthread_t threads[10];
	char line[200];
	for (int i = 0; i < 10; i++)
		pthread_create(&threads[i], NULL, nap, NULL);
	usleep(100000);
	FILE *status = fopen("/proc/self/status", "r");
	while (fgets(line, sizeof line, status))
		if (strncmp(line, "Threads:", 8) == 0)
			fputs(line, stdout);
	for (int i = 0; i < 10; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
