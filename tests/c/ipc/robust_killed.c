// rule: processes whose threads contend for a robust mutex are killed at any moment: the others get EOWNERDEAD or the mutex, and go on
// pending: blocking sections are plain calls
// timeout: 60
#include "ticks.h"

#define PROCESSES 3
#define THREADS 4
#define ROUNDS 40
static struct shared {
	pthread_mutex_t mutex;
	volatile int holder; /* process that is inside, 0: none */
	volatile long count[PROCESSES];
} *s;
static int number;
static void *worker(void *arg)
{
	for (;;) {
		int r = pthread_mutex_lock(&s->mutex);
		if (r == EOWNERDEAD) {
			CHECK_OK(pthread_mutex_consistent(&s->mutex));
		} else {
			CHECK_OK(r);
			CHECK_EQ(s->holder, 0);
		}
		s->holder = getpid();
		s->count[number]++;
		if (s->count[number] % 8 == 0)
			sched_yield();
		s->holder = 0;
		CHECK_OK(pthread_mutex_unlock(&s->mutex));
	}
	return arg;
}
static pid_t begin(int n)
{
	pid_t child = fork();
	if (child == 0) {
		number = n;
		pthread_t t[THREADS];
		for (int i = 0; i < THREADS; i++)
			CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
		CHECK_OK(pthread_join(t[0], NULL));
	}
	CHECK(child > 0);
	return child;
}
static void end(pid_t child)
{
	int status;
	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(void)
{
	pthread_mutexattr_t a;
	pid_t children[PROCESSES];
	s = shared_memory(sizeof *s);
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST));
	CHECK_OK(pthread_mutex_init(&s->mutex, &a));
	for (int i = 0; i < PROCESSES; i++)
		children[i] = begin(i);
	for (int round = 0; round < ROUNDS; round++) {
		int victim = round % PROCESSES, other = (round + 1) % PROCESSES;
		sleep_ms(5 + round % 7);
		end(children[victim]);
		/* Somebody else goes on. */
		long before = s->count[other] + s->count[(round + 2) % PROCESSES];
		int64_t t0 = now_ms();
		while (s->count[other] + s->count[(round + 2) % PROCESSES] == before) {
			CHECK(now_ms() - t0 < 10000);
			sleep_ms(1);
		}
		children[victim] = begin(victim);
	}
	for (int i = 0; i < PROCESSES; i++)
		end(children[i]);
	printf("%d\n", ROUNDS);
	return 0;
}
