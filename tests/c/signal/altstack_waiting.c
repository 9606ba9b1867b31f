// rule: sigaltstack(2): an SA_ONSTACK handler runs on its thread's alternate stack also when the thread waits in a call, whichever; it may wait itself, be left by siglongjmp, and end the thread by pthread_exit, which runs the cleanup handlers
// variant: high -DHIGH
// variant: high_fortify -DHIGH -O2 -D_FORTIFY_SOURCE=2
/* @high: the alternate stack lies above the thread's; unwinders must not take one
 * for being further out than the other. */
#include "sig.h"
#include <poll.h>
#include <setjmp.h>
#include <sys/mman.h>
enum { SIZE = 65536 };
static __thread char *low;
static __thread sigjmp_buf back;
static __thread volatile int count, way;
static volatile int waiting;
static int fd[2];
static void say(void *arg) { printf("%s\n", (char *)arg); }
static void on(int s)
{
	char here;
	stack_t now;
	(void)s;
	CHECK(&here >= low && &here < low + SIZE);
	CHECK_EQ(sigaltstack(NULL, &now), 0);
	CHECK_EQ(now.ss_flags, SS_ONSTACK);
	sleep_ms(2);
	count++;
	if (way == 1)
		siglongjmp(back, 1);
	if (way == 2) {
		pthread_cleanup_push(say, "of the handler");
		pthread_exit(&fd);
		pthread_cleanup_pop(0);
	}
}
static void waits(int n)
{
	char c;
	struct timespec t = { 100, 0 };
	struct pollfd p = { fd[0], POLLIN, 0 };
	waiting = 1;
	if (n % 3 == 0)
		CHECK_ERRNO(read(fd[0], &c, 1), EINTR);
	else if (n % 3 == 1)
		CHECK_ERRNO(nanosleep(&t, NULL), EINTR);
	else
		CHECK_ERRNO(poll(&p, 1, -1), EINTR);
}
static void *worker(void *stack)
{
	stack_t s = { .ss_sp = stack, .ss_size = SIZE };
	CHECK_EQ(sigaltstack(&s, NULL), 0);
	low = s.ss_sp;
	pthread_cleanup_push(say, "outer");
	for (volatile int i = 0; i < 9; i++) {
		way = i < 3 ? 0 : i < 6 ? 1 : i < 8 ? 0 : 2;
		pthread_cleanup_push(say, "inner");
		if (sigsetjmp(back, 1) == 0)
			waits(i);
		CHECK_EQ(count, i + 1);
		pthread_cleanup_pop(0);
	}
	pthread_cleanup_pop(0);
	return NULL;
}
int main(void)
{
	handle(SIGUSR1, on, SA_ONSTACK);
	CHECK_EQ(pipe(fd), 0);
	pthread_attr_t a;
	pthread_t t;
	/* Both stacks in one piece of memory, in a known order. */
	char *memory = mmap(NULL, 512 * 1024, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(memory != MAP_FAILED);
#ifdef HIGH
	char *own = memory, *alternate = memory + 256 * 1024;
#else
	char *own = memory + 256 * 1024, *alternate = memory;
#endif
	CHECK_OK(pthread_attr_init(&a));
	CHECK_OK(pthread_attr_setstack(&a, own, 256 * 1024));
	CHECK_OK(pthread_create(&t, &a, worker, alternate));
	struct timespec soon;
	do {
		while (!waiting)
			sched_yield();
		sleep_ms(5);
		waiting = 0;
		CHECK_EQ(pthread_kill(t, SIGUSR1) & ~ESRCH, 0);
		soon = ts_in(CLOCK_REALTIME, 1);
		for (int i = 0; i < 100 && !waiting; i++) {
			void *value;
			if (pthread_timedjoin_np(t, &value, &soon) == 0) {
				CHECK(value == &fd);
				puts("ended");
				return 0;
			}
			soon = ts_in(CLOCK_REALTIME, 10);
		}
	} while (1);
}
