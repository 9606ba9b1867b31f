// With RLIMIT_NOFILE reached, calls fail with EMFILE and the threads go on
// working with the descriptors they have.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int pair[2];

static void *echo(void *arg)
{
	char c;
	(void)arg;
	while (read(pair[1], &c, 1) == 1 && write(pair[1], &c, 1) == 1)
		;
	return NULL;
}

int main(void)
{
	pthread_t thread;
	int fds[100], n = 0;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 1;
	pthread_create(&thread, NULL, echo, NULL);
	while (n < 100 && (fds[n] = open("/dev/null", O_RDONLY)) >= 0)
		n++;
	// The library's own descriptors lie above the program's limit or are
	// counted in it; what the program must see is EMFILE, not how soon.
	printf("open: %s\n", strerror(errno));
	int s = socket(AF_INET, SOCK_STREAM, 0);
	printf("socket: %s\n", s < 0 ? strerror(errno) : "a descriptor");
	for (char c = 'a'; c <= 'e'; c++) {
		char back = 0;
		if (write(pair[0], &c, 1) != 1 || read(pair[0], &back, 1) != 1 || back != c)
			return 2;
	}
	pthread_t more[20];
	for (int i = 0; i < 20; i++)
		if (pthread_create(&more[i], NULL, (void *(*)(void *))usleep, (void *)1000) != 0)
			return 3;
	for (int i = 0; i < 20; i++)
		pthread_join(more[i], NULL);
	for (int i = 0; i < n; i++)
		close(fds[i]);
	s = socket(AF_INET, SOCK_STREAM, 0);
	printf("after closing: %s\n", s < 0 ? strerror(errno) : "a descriptor");
	shutdown(pair[0], SHUT_WR);
	pthread_join(thread, NULL);
	printf("done\n");
	return 0;
}
