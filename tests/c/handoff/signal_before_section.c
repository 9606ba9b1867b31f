// rule: pthread_kill(3): the handler runs also if the signal comes just before the thread blocks in the kernel, and a call that it restarts goes on to wait
// timeout: 60
#include "hog.h"

/* Each round one thread is about to block in flock, and the other, which holds the lock,
 * sends it a signal at that very moment, and unlocks when the handler has run. */
enum { ROUNDS = 150 };

static atomic_int round_, handled, locked;
static int fd;

static void handler(int signal)
{
	(void)signal;
	atomic_fetch_add(&handled, 1);
}

static void *blocks(void *arg)
{
	for (int i = 1; i <= ROUNDS; i++) {
		atomic_store(&round_, i);
		CHECK_EQ(flock(fd, LOCK_EX), 0);
		CHECK_EQ(flock(fd, LOCK_UN), 0);
		atomic_store(&locked, i);
		while (atomic_load(&locked) == i)
			sched_yield();
	}
	return arg;
}

int main(void)
{
	hog_init();
	int held = open("before_section", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	fd = open("before_section", O_RDWR | O_CLOEXEC);
	CHECK(held >= 0 && fd >= 0);
	CHECK_EQ(flock(held, LOCK_EX), 0);
	struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
	CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
	pthread_t t = start(blocks, 0);
	for (int i = 1; i <= ROUNDS; i++) {
		while (atomic_load(&round_) != i)
			sched_yield();
		CHECK_OK(pthread_kill(t, SIGUSR1));
		int64_t until = now_ms() + 20000;
		while (atomic_load(&handled) != i) {
			if (now_ms() > until) {
				fprintf(stderr, "round %d: the handler has not run\n", i);
				return 1;
			}
			sched_yield();
		}
		CHECK_EQ(flock(held, LOCK_UN), 0);
		while (atomic_load(&locked) != i)
			sched_yield();
		CHECK_EQ(flock(held, LOCK_EX), 0);
		atomic_store(&locked, 0);
	}
	join(t);
	printf("%d\n", atomic_load(&handled));
	return 0;
}
