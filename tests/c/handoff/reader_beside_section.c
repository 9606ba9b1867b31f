// rule: a reader gets the bytes that are there while all other threads wait for something that only it will do
// source: recv(2), sem_wait(3)
// timeout: 60
#include "../io/util.h"
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { ROUNDS = 20, HABIT = 5 };

/* Between the processes. */
static struct shared {
	sem_t sent, served;
} *shared;
static sem_t go;

/* One byte at a time, then two at once. */
static void client(int port)
{
	char bytes[2] = "ab";
	int fd = u_connect(port);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < HABIT; i++) {
			CHECK_EQ(usleep(2000), 0);
			CHECK_EQ(send(fd, bytes, 1, 0), 1);
			CHECK_EQ(recv(fd, bytes, 1, 0), 1);
		}
		CHECK_EQ(usleep(2000), 0);
		CHECK_EQ(send(fd, bytes, 2, 0), 2);
		CHECK_EQ(usleep(20000), 0);
		CHECK_EQ(sem_post(&shared->sent), 0);
		CHECK_EQ(recv(fd, bytes, 1, 0), 1);
	}
	_exit(0);
}

/* Waits where the library cannot know for whom. */
static void *other(void *unused)
{
	for (int round = 0; round < ROUNDS; round++) {
		CHECK_EQ(sem_wait(&shared->sent), 0);
		CHECK_EQ(sem_post(&go), 0);
		CHECK_EQ(sem_wait(&shared->served), 0);
	}
	return unused;
}

int main(void)
{
	int port, listener = u_listen(1, &port), status;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	CHECK_EQ(sem_init(&shared->sent, 1, 0), 0);
	CHECK_EQ(sem_init(&shared->served, 1, 0), 0);
	CHECK_EQ(sem_init(&go, 0, 0), 0);
	pid_t child = fork();
	if (child == 0)
		client(port);
	int fd = accept(listener, NULL, NULL);
	CHECK(fd >= 0);
	pthread_t thread;
	CHECK_OK(pthread_create(&thread, NULL, other, NULL));
	char byte;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i <= HABIT; i++) {
			CHECK_EQ(recv(fd, &byte, 1, 0), 1);
			if (i < HABIT)
				CHECK_EQ(send(fd, &byte, 1, 0), 1);
		}
		CHECK_EQ(sem_wait(&go), 0);
		/* It came with the one before. */
		CHECK_EQ(recv(fd, &byte, 1, 0), 1);
		CHECK_EQ(sem_post(&shared->served), 0);
		CHECK_EQ(send(fd, &byte, 1, 0), 1);
	}
	CHECK_OK(pthread_join(thread, NULL));
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	puts("served");
	return 0;
}
