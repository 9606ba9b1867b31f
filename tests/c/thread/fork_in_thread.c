// rule: fork() in a thread makes a process whose only thread is a copy of that one, with its stack and thread-locals; atfork handlers run in their order
#include "../check.h"
#include <sys/wait.h>

static __thread int mine = 1;
static void prepare2(void) { printf("prepare 2\n"); }
static void prepare1(void) { printf("prepare 1\n"); fflush(stdout); }
static void parent1(void) { printf("parent 1\n"); }
static void child1(void) { printf("child 1\n"); }
static void *other(void *arg)
{
	sleep_ms(100);
	__atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
	return NULL;
}
static void *worker(void *arg)
{
	int local = 5, status;
	mine = 42;
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK_EQ(local, 5);
		CHECK_EQ(mine, 42);
		CHECK_EQ(gettid(), getpid());
		/* The child may go on to make threads of its own. */
		pthread_t t;
		int count = 0;
		CHECK_OK(pthread_create(&t, NULL, other, &count));
		CHECK_OK(pthread_join(t, NULL));
		CHECK_EQ(count, 1);
		fflush(stdout);
		_exit(12);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	printf("child gave %d\n", WEXITSTATUS(status));
	return arg;
}

int main(void)
{
	pthread_t a, b;
	int count = 0;
	CHECK_OK(pthread_atfork(prepare1, parent1, child1));
	CHECK_OK(pthread_atfork(prepare2, NULL, NULL));
	CHECK_OK(pthread_create(&a, NULL, other, &count));
	CHECK_OK(pthread_create(&b, NULL, worker, NULL));
	CHECK_OK(pthread_join(b, NULL));
	CHECK_OK(pthread_join(a, NULL));
	printf("count %d\n", count);
	return 0;
}
