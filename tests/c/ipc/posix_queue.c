// rule: mq_receive(3) waits for a message and mq_send(3) for room, the timed forms until a CLOCK_REALTIME time; highest priority first, EMSGSIZE, EAGAIN under O_NONBLOCK; other threads run meanwhile
// env: GEVENTRS_SLICE=5000
// libs: -lrt
// one-thread: yes
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "ticks.h"
#include <mqueue.h>

static mqd_t queue;
static void send_hello(void *arg)
{
	(void)arg;
	CHECK_EQ(mq_send(queue, "hello", 6, 3), 0);
}
static void receive_one(void *arg)
{
	char b[64];
	(void)arg;
	CHECK(mq_receive(queue, b, sizeof b, NULL) >= 0);
}
static void handler(int signal) { (void)signal; }
static void interrupt(void *thread) { CHECK_OK(pthread_kill(*(pthread_t *)thread, SIGUSR1)); }
static int cleaned;
static void clean(void *arg)
{
	(void)arg;
	cleaned = 1;
}
static void *cancelled(void *arg)
{
	char b[64];
	pthread_cleanup_push(clean, NULL);
	mq_receive(queue, b, sizeof b, NULL);
	pthread_cleanup_pop(0);
	return arg;
}

int main(void)
{
	char name[64], b[64];
	unsigned priority;
	pthread_t t, self = pthread_self();
	struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 64};
	snprintf(name, sizeof name, "/geventrs-test-%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	CHECK(queue != (mqd_t)-1);
	CHECK_EQ(mq_unlink(name), 0);
	ticks_start();

	t = later(send_hello, NULL);
	TICKS_DURING(CHECK_EQ(mq_receive(queue, b, sizeof b, &priority), 6));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(priority, 3);
	CHECK_STR(b, "hello");

	t = later(send_hello, NULL);
	TICKS_DURING(CHECK_EQ(syscall(SYS_mq_timedreceive, queue, b, sizeof b, NULL, NULL), 6));
	CHECK_OK(pthread_join(t, NULL));

	/* Full: the fifth waits for room. */
	for (int i = 0; i < 4; i++)
		CHECK_EQ(mq_send(queue, "0123" + i, 1, i), 0);
	struct timespec past = {0, 0};
	CHECK_ERRNO(mq_timedsend(queue, "x", 1, 0, &past), ETIMEDOUT);
	t = later(receive_one, NULL);
	TICKS_DURING(CHECK_EQ(mq_send(queue, "4", 1, 4), 0));
	CHECK_OK(pthread_join(t, NULL));
	/* The receiver took the highest of the first four. */
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(mq_receive(queue, b, sizeof b, &priority), 1);
		CHECK_EQ(priority, "\4\2\1\0"[i]);
		CHECK_EQ(b[0], "4210"[i]);
	}

	/* Times. */
	struct timespec ts = ts_in(CLOCK_REALTIME, BLOCKED_MS), bad = {0, 1000000000}, before = {-1, 0};
	TICKS_DURING(CHECK_ERRNO(mq_timedreceive(queue, b, sizeof b, NULL, &ts), ETIMEDOUT));
	CHECK_ERRNO(mq_timedreceive(queue, b, sizeof b, NULL, &past), ETIMEDOUT);
	CHECK_ERRNO(mq_timedreceive(queue, b, sizeof b, NULL, &bad), EINVAL);
	CHECK_ERRNO(mq_timedreceive(queue, b, sizeof b, NULL, &before), EINVAL);
	ts = ts_in(CLOCK_REALTIME, 60000);
	t = later(send_hello, NULL);
	TICKS_DURING(CHECK_EQ(mq_timedreceive(queue, b, sizeof b, NULL, &ts), 6));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(mq_timedsend(queue, "soon", 5, 0, &ts), 0);
	CHECK_EQ(mq_timedreceive(queue, b, sizeof b, NULL, &past), 5);
	ts = ts_in(CLOCK_REALTIME, BLOCKED_MS);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(mq_send(queue, "x", 1, 0), 0);
	TICKS_DURING(CHECK_ERRNO(mq_timedsend(queue, "x", 1, 0, &ts), ETIMEDOUT));
	for (int i = 0; i < 4; i++)
		CHECK_EQ(mq_receive(queue, b, sizeof b, NULL), 1);

	/* Errors come before any wait. */
	CHECK_ERRNO(mq_receive(queue, b, 63, NULL), EMSGSIZE);
	CHECK_ERRNO(mq_send(queue, b, 65, 0), EMSGSIZE);
	CHECK_ERRNO(mq_send(queue, b, 1, 1u << 30), EINVAL);
	CHECK_ERRNO(mq_receive(99, b, sizeof b, NULL), EBADF);
	int p[2];
	CHECK_EQ(pipe(p), 0);
	CHECK_ERRNO(mq_receive(p[0], b, sizeof b, NULL), EBADF);

	/* Signals: EINTR, or again under SA_RESTART. */
	struct sigaction sa = {.sa_handler = handler};
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	t = later(interrupt, &self);
	TICKS_DURING(CHECK_ERRNO(mq_receive(queue, b, sizeof b, NULL), EINTR));
	CHECK_OK(pthread_join(t, NULL));
	sa.sa_flags = SA_RESTART;
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	t = later(interrupt, &self);
	ts = ts_in(CLOCK_REALTIME, 2 * BLOCKED_MS);
	TICKS_DURING(CHECK_ERRNO(mq_timedreceive(queue, b, sizeof b, NULL, &ts), ETIMEDOUT));
	CHECK_OK(pthread_join(t, NULL));

	/* A cancellation. */
	void *result;
	CHECK_OK(pthread_create(&t, NULL, cancelled, NULL));
	sleep_ms(50);
	CHECK_OK(pthread_cancel(t));
	CHECK_OK(pthread_join(t, &result));
	CHECK(result == PTHREAD_CANCELED && cleaned);

	struct mq_attr now = {.mq_flags = O_NONBLOCK};
	CHECK_EQ(mq_setattr(queue, &now, NULL), 0);
	CHECK_ERRNO(mq_receive(queue, b, sizeof b, NULL), EAGAIN);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(mq_send(queue, "x", 1, 0), 0);
	CHECK_ERRNO(mq_send(queue, "x", 1, 0), EAGAIN);
	CHECK_EQ(mq_close(queue), 0);
	CHECK_ERRNO(mq_close(queue), EBADF);
	CHECK_ERRNO(mq_send(queue, "x", 1, 0), EBADF);
	ticks_end();
	printf("mq\n");
	return 0;
}
