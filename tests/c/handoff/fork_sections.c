// rule: fork(2) beside threads that wait for a file lock, for the other end of a FIFO, for a command's output: the child has none of them, the parent's go on
#include "hog.h"

static int lock_fd;

static void *locks(void *arg)
{
	int fd = open("lock", O_RDWR);
	CHECK(fd >= 0);
	CHECK_EQ(flock(fd, LOCK_EX), 0);
	close(fd);
	return arg;
}

static void *opens(void *arg)
{
	int fd = open("fifo", O_RDONLY);
	CHECK(fd >= 0);
	close(fd);
	return arg;
}

static void *commands(void *arg)
{
	char line[20] = "";
	FILE *f = popen("sleep 0.2; echo said", "r");
	CHECK(f != NULL);
	CHECK(fgets(line, sizeof line, f));
	CHECK_STR(line, "said\n");
	CHECK_EQ(pclose(f), 0);
	return arg;
}

static void *nothing(void *arg) { return arg; }

int main(void)
{
	int status;
	lock_fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(lock_fd >= 0);
	CHECK_EQ(flock(lock_fd, LOCK_EX), 0);
	CHECK_EQ(mkfifo("fifo", 0600), 0);
	pthread_t a = start(locks, 0), b = start(opens, 0), c = start(commands, 0), h = start(hog, 0);
	sleep_ms(60);
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();
		CHECK(pid >= 0);
		if (pid == 0) {
			close(lock_fd);
			pthread_t t = start(nothing, 1), k = start(hog, 0);
			CHECK_EQ((intptr_t)join(t), 1);
			atomic_store(&hog_stop, 1);
			join(k);
			_exit(4);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 4);
	}
	CHECK_EQ(flock(lock_fd, LOCK_UN), 0);
	int fd = open("fifo", O_WRONLY);
	CHECK(fd >= 0);
	join(a);
	join(b);
	join(c);
	atomic_store(&hog_stop, 1);
	join(h);
	puts("went on");
	return 0;
}
