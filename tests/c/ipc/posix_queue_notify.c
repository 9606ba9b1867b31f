// rule: mq_notify(3): while a thread is blocked in mq_receive(), a message goes to it and the registration stays; without one, it notifies once
// libs: -lrt
#include "ticks.h"
#include <mqueue.h>

static mqd_t queue;
static volatile int notified;
static void handler(int signal)
{
	(void)signal;
	notified++;
}
static void *receiver(void *arg)
{
	char b[64];
	CHECK_EQ(mq_receive(queue, b, sizeof b, NULL), 1);
	return arg;
}

int main(void)
{
	char name[64], b[64];
	pthread_t t;
	struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 64};
	snprintf(name, sizeof name, "/geventrs-notify-%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	CHECK(queue != (mqd_t)-1);
	CHECK_EQ(mq_unlink(name), 0);
	struct sigaction sa = {.sa_handler = handler, .sa_flags = SA_RESTART};
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	struct sigevent how = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	CHECK_EQ(mq_notify(queue, &how), 0);
	CHECK_ERRNO(mq_notify(queue, &how), EBUSY);

	CHECK_OK(pthread_create(&t, NULL, receiver, NULL));
	sleep_ms(100);
	CHECK_EQ(mq_send(queue, "a", 1, 0), 0);
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(notified, 0);
	CHECK_ERRNO(mq_notify(queue, &how), EBUSY);

	CHECK_EQ(mq_send(queue, "b", 1, 0), 0);
	while (!notified)
		sleep_ms(1);
	CHECK_EQ(mq_send(queue, "c", 1, 0), 0);
	CHECK_EQ(notified, 1);
	CHECK_EQ(mq_receive(queue, b, sizeof b, NULL), 1);
	CHECK_EQ(mq_receive(queue, b, sizeof b, NULL), 1);
	CHECK_EQ(mq_close(queue), 0);
	printf("notified\n");
	return 0;
}
