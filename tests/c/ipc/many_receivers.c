// rule: 200 threads that wait in mq_receive(3) get 200 messages of another process, each one; 200 senders wait for room
// libs: -lrt
// one-thread: yes
#include "ticks.h"
#include <mqueue.h>

#define N 200
static mqd_t queue;
static int seen[N];
static void *receiver(void *arg)
{
	int n;
	CHECK_EQ(mq_receive(queue, (char *)&n, sizeof n, NULL), (ssize_t)sizeof n);
	CHECK(n >= 0 && n < N);
	seen[n]++;
	return arg;
}
static void *sender(void *arg)
{
	int n = (int)(intptr_t)arg;
	CHECK_EQ(mq_send(queue, (char *)&n, sizeof n, 0), 0);
	return NULL;
}

int main(void)
{
	char name[64];
	pthread_t t[N];
	int go[2];
	struct mq_attr attr = {.mq_maxmsg = 8, .mq_msgsize = sizeof(int)};
	snprintf(name, sizeof name, "/geventrs-many-%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
	CHECK(queue != (mqd_t)-1);
	CHECK_EQ(mq_unlink(name), 0);
	CHECK_EQ(pipe(go), 0);
	pid_t child = fork();
	if (child == 0) {
		char c;
		CHECK_EQ(read(go[0], &c, 1), 1);
		for (int n = 0; n < N; n++)
			CHECK_EQ(mq_send(queue, (char *)&n, sizeof n, 0), 0);
		CHECK_EQ(read(go[0], &c, 1), 1);
		for (int i = 0; i < N; i++)
			receiver(NULL);
		for (int i = 0; i < N; i++)
			CHECK_EQ(seen[i], 1);
		_exit(0);
	}
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, receiver, NULL));
	sleep_ms(50);
	CHECK_EQ(write(go[1], "x", 1), 1);
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	for (int i = 0; i < N; i++)
		CHECK_EQ(seen[i], 1);
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, sender, (void *)(intptr_t)i));
	sleep_ms(50);
	CHECK_EQ(write(go[1], "x", 1), 1);
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	reap(child);
	printf("%d\n", N);
	return 0;
}
