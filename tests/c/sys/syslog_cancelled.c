// rule: pthreads(7), "Cancellation points": a thread that is cancelled while syslog(3) waits for the log's service ends there; the log can be used afterwards
// source: pthreads(7), syslog(3)
// timeout: 60
#include "../io/util.h"
#include <sched.h>
#include <sys/mount.h>
#include <syslog.h>

enum { MOST = 5000 };

/* A /dev of the process's own with a log that only this test reads. */
static int own_log(void)
{
	if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return -1;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("own", "/dev", "tmpfs", 0, NULL) != 0)
		return -1;
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	CHECK(s >= 0);
	CHECK_EQ(bind(s, (struct sockaddr *)&a, sizeof a), 0);
	return s;
}

static int sent, cleaned;

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
}

static void *logs(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	for (int i = 0; i < MOST; i++) {
		syslog(LOG_INFO, "message %d", i);
		__atomic_store_n(&sent, i + 1, __ATOMIC_SEQ_CST);
	}
	pthread_cleanup_pop(0);
	return arg;
}

int main(void)
{
	int log = own_log();
	char text[256];
	if (log < 0) {
		puts("skipped: no /dev of one's own");
		return 0;
	}
	openlog("tester", 0, LOG_USER);
	for (int round = 0; round < 3; round++) {
		void *value;
		pthread_t t = u_spawn(logs, NULL);
		/* Until the queue is full. */
		for (int before = -1; before != __atomic_load_n(&sent, __ATOMIC_SEQ_CST) || before == 0;) {
			before = __atomic_load_n(&sent, __ATOMIC_SEQ_CST);
			u_sleep(200);
		}
		CHECK(sent < MOST);
		CHECK_OK(pthread_cancel(t));
		CHECK_OK(pthread_join(t, &value));
		printf("%s, %d cleaned\n", value == PTHREAD_CANCELED ? "cancelled" : "ended", cleaned);
		int got = 0;
		while (recv(log, text, sizeof text, MSG_DONTWAIT) > 0)
			got++;
		CHECK_EQ(got, sent);
		sent = 0;
		syslog(LOG_INFO, "afterwards");
		ssize_t n = recv(log, text, sizeof text - 1, 0);
		CHECK(n > 0);
		text[n] = 0;
		CHECK_STR(strrchr(text, ':') + 2, "afterwards");
	}
	return 0;
}
