// rule: socket(7), SO_LINGER: close() waits until what was written has arrived; other threads run meanwhile
// env: GEVENTRS_SLICE=5000
#include "util.h"
#include "../ipc/ticks.h"

static int peer;
static size_t received;
static void drain(void *arg)
{
	char b[65536];
	ssize_t n;
	while ((n = read(peer, b, sizeof b)) > 0)
		received += n;
	CHECK_EQ(n, 0);
	(void)arg;
}

int main(void)
{
	int sv[2];
	char b[4096] = {0};
	size_t sent = 0;
	ssize_t n;
	u_tcp_pair(sv);
	peer = sv[1];
	struct linger l = {1, 60};
	CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_LINGER, &l, sizeof l), 0);
	ticks_start();
	while ((n = send(sv[0], b, sizeof b, MSG_DONTWAIT)) > 0)
		sent += n;
	pthread_t t = later(drain, NULL);
	TICKS_DURING(CHECK_EQ(close(sv[0]), 0));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(received, sent);
	ticks_end();
	printf("lingered\n");
	return 0;
}
