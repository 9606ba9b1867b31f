// rule: signal(7): the handler of SIGPIPE runs in the thread that writes to a broken pipe or socket, before the call fails with EPIPE
#include "sig.h"
#include <sys/socket.h>
static __thread int mine;
static volatile int total;
static void on(int s) { (void)s; mine++; __atomic_fetch_add(&total, 1, __ATOMIC_RELAXED); }
static void *writer(void *arg)
{
	int p[2];
	CHECK_EQ(pipe(p), 0);
	close(p[0]);
	for (int i = 0; i < 5; i++) {
		CHECK_ERRNO(write(p[1], "x", 1), EPIPE);
		CHECK_EQ(mine, 2 * i + 1);
		sched_yield();
		CHECK_ERRNO(dprintf(p[1], "hello"), EPIPE);
		CHECK_EQ(mine, 2 * i + 2);
	}
	close(p[1]);
	return arg;
}
int main(void)
{
	pthread_t t[4];
	handle(SIGPIPE, on, 0);
	for (int i = 0; i < 4; i++)
		t[i] = start(writer, NULL);
	writer(NULL);
	for (int i = 0; i < 4; i++)
		end(t[i]);
	printf("%d\n", total);
	return 0;
}
