// rule: a handler that runs on a thread that computes may itself block (flock, fsync, sleep) and use stdio-free calls; the thread goes on afterwards
#include "hog.h"

enum { N = 8 };
static atomic_int ran;

static void handler(int signal)
{
	(void)signal;
	int e = errno;
	struct timespec t = {0, 2000000};
	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(flock(fd, LOCK_EX), 0);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(fsync(fd), 0);
	nanosleep(&t, NULL);
	compute_ms(12);
	CHECK_EQ(flock(fd, LOCK_UN), 0);
	CHECK_EQ(close(fd), 0);
	errno = e;
	atomic_fetch_add(&ran, 1);
}

int main(void)
{
	pthread_t t[N];
	struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
	hog_init();
	sigaction(SIGUSR1, &a, NULL);
	for (int i = 0; i < N; i++)
		t[i] = start(hog, i);
	for (int round = 0; round < 2; round++) {
		sleep_ms(20);
		for (int i = 0; i < N; i++)
			CHECK_OK(pthread_kill(t[i], SIGUSR1));
		while (atomic_load(&ran) < N * (round + 1))
			sleep_ms(1);
	}
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < N; i++)
		join(t[i]);
	printf("%d\n", atomic_load(&ran));
	return 0;
}
