// rule: SO_RCVLOWAT does not hold back a read of fewer bytes than the mark once they are there, whatever the reader's habit was
// source: socket(7), recv(2)
// timeout: 60
#include "../io/util.h"
#include <sys/wait.h>

enum { LOW = 4, HABIT = 6, ROUNDS = 5 };

static void client(int port)
{
	char bytes[LOW] = "abc", reply;
	int fd = u_connect(port);
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i <= HABIT; i++) {
			CHECK_EQ(usleep(2000), 0);
			size_t size = i < HABIT ? 1 : LOW;
			CHECK_EQ(send(fd, bytes, size, 0), (ssize_t)size);
			CHECK_EQ(recv(fd, &reply, 1, 0), 1);
		}
	_exit(0);
}

static void *sleeper(void *until)
{
	while (!*(volatile int *)until)
		CHECK_EQ(usleep(1000), 0);
	return NULL;
}

static void low_water(int fd, int mark)
{
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark), 0);
}

int main(void)
{
	int port, listener = u_listen(1, &port), status, over = 0;
	pid_t child = fork();
	if (child == 0)
		client(port);
	int fd = accept(listener, NULL, NULL);
	CHECK(fd >= 0);
	pthread_t other;
	CHECK_OK(pthread_create(&other, NULL, sleeper, &over));
	char byte;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < HABIT; i++) {
			CHECK_EQ(recv(fd, &byte, 1, 0), 1);
			if (i == HABIT - 1)
				low_water(fd, LOW);
			CHECK_EQ(send(fd, &byte, 1, 0), 1);
		}
		for (int i = 0; i < LOW; i++)
			CHECK_EQ(recv(fd, &byte, 1, 0), 1);
		low_water(fd, 1);
		CHECK_EQ(send(fd, &byte, 1, 0), 1);
	}
	over = 1;
	CHECK_OK(pthread_join(other, NULL));
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	puts("all at once");
	return 0;
}
