// rule: msgrcv(2) waits for a message of the wanted type, msgsnd(2) for room; IPC_NOWAIT gives ENOMSG and EAGAIN, a removed queue EIDRM; other threads run meanwhile
// env: GEVENTRS_SLICE=5000
#include "ticks.h"
#include <sys/ipc.h>
#include <sys/msg.h>

static int queue;
struct message {
	long type;
	char text[8192];
};
static void send_type(void *arg)
{
	struct message m = {(long)(intptr_t)arg, "hello"};
	CHECK_EQ(msgsnd(queue, &m, 6, 0), 0);
}
static void receive_any(void *arg)
{
	struct message m;
	CHECK_EQ(msgrcv(queue, &m, sizeof m.text, (long)(intptr_t)arg, 0), 4000);
}
static void removes(void *arg)
{
	(void)arg;
	CHECK_EQ(msgctl(queue, IPC_RMID, NULL), 0);
}

int main(void)
{
	static struct message m;
	pthread_t t;
	queue = msgget(IPC_PRIVATE, 0600);
	CHECK(queue >= 0);
	ticks_start();

	CHECK_ERRNO(msgrcv(queue, &m, sizeof m.text, 0, IPC_NOWAIT), ENOMSG);
	t = later(send_type, (void *)7);
	TICKS_DURING(CHECK_EQ(msgrcv(queue, &m, sizeof m.text, 7, 0), 6));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(m.type, 7);
	CHECK_STR(m.text, "hello");

	/* A message of another type is not what it waits for; by number. */
	send_type((void *)3);
	t = later(send_type, (void *)5);
	TICKS_DURING(CHECK_EQ(syscall(SYS_msgrcv, queue, &m, sizeof m.text, 5L, 0), 6));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(msgrcv(queue, &m, sizeof m.text, 5, MSG_EXCEPT), 6);
	CHECK_EQ(m.type, 3);

	/* Too long for the buffer. */
	send_type((void *)1);
	CHECK_ERRNO(msgrcv(queue, &m, 2, 0, 0), E2BIG);
	CHECK_EQ(msgrcv(queue, &m, 2, 0, MSG_NOERROR), 2);

	/* A full queue. */
	struct msqid_ds ds;
	CHECK_EQ(msgctl(queue, IPC_STAT, &ds), 0);
	m.type = 1;
	long n = 0;
	while (msgsnd(queue, &m, 4000, IPC_NOWAIT) == 0)
		n++;
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(n, ds.msg_qbytes / 4000);
	t = later(receive_any, (void *)0);
	TICKS_DURING(CHECK_EQ(msgsnd(queue, &m, 4000, 0), 0));
	CHECK_OK(pthread_join(t, NULL));

	CHECK_ERRNO(msgsnd(queue, &m, ds.msg_qbytes + 1, 0), EINVAL);
	m.type = 0;
	CHECK_ERRNO(msgsnd(queue, &m, 1, 0), EINVAL);
	CHECK_ERRNO(msgrcv(queue, &m, sizeof m.text, 0, MSG_COPY), EINVAL);

	while (msgrcv(queue, &m, sizeof m.text, 0, IPC_NOWAIT) >= 0)
		;
	CHECK_EQ(errno, ENOMSG);
	t = later(removes, NULL);
	TICKS_DURING(CHECK_ERRNO(msgrcv(queue, &m, 1, 0, 0), EIDRM));
	CHECK_OK(pthread_join(t, NULL));
	ticks_end();
	printf("messages\n");
	return 0;
}
