// rule: pthreads(7), "Cancellation points": a thread that is cancelled while a re-entrant look-up (getaddrinfo(3), getnameinfo(3), gethostbyname_r(3), resolver(3)) waits for a name server ends there: its cleanup handlers run, the look-up does not go on to its time limit; with cancellation disabled it does; others look up afterwards
// timeout: 60
#include "nameserver.h"
#include <semaphore.h>

enum { GETADDRINFO, GETNAMEINFO, GETHOSTBYNAME_R, RES_QUERY, FUNCTIONS };
static int port, answering, cleaned, function;
static sem_t begun;

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
}

static int look_up(int server, int seconds)
{
	struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
	struct sockaddr_in address = u_addr(80);
	struct hostent entry, *result;
	char text[4096];
	int error, r;
	address.sin_addr.s_addr = htonl(0x0a090001);
	ns_use(server);
	_res.retrans = seconds;
	sem_post(&begun);
	switch (function) {
	case GETADDRINFO:
		r = getaddrinfo("h1.example.", "80", &hints, &found);
		if (r == 0)
			freeaddrinfo(found);
		return r == EAI_AGAIN ? TRY_AGAIN : r;
	case GETNAMEINFO:
		r = getnameinfo((struct sockaddr *)&address, sizeof address, text, sizeof text, NULL, 0, NI_NAMEREQD);
		return r == EAI_AGAIN ? TRY_AGAIN : r;
	case GETHOSTBYNAME_R:
		return gethostbyname_r("h1.example.", &entry, text, sizeof text, &result, &error) || !result ? error : 0;
	default:
		return res_query("h1.example.", ns_c_in, ns_t_a, (unsigned char *)text, sizeof text) > 0 ? 0 : h_errno;
	}
}

static void *waits(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	if (arg != NULL)
		CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
	int r = look_up(port, arg != NULL ? 1 : 40);
	printf("%s\n", r == TRY_AGAIN ? "TRY_AGAIN" : hstrerror(r));
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return NULL;
}

static void *is_answered(void *arg)
{
	(void)arg;
	printf("answered: %d\n", look_up(answering, 5));
	return NULL;
}

/* Cancel a thread that waits for a server which does not answer. */
static void cancelled(int disabled)
{
	pthread_t t = u_spawn(waits, disabled ? "" : NULL);
	void *value;
	CHECK_OK(sem_wait(&begun));
	u_sleep(150);
	CHECK_OK(pthread_cancel(t));
	CHECK_OK(pthread_join(t, &value));
	printf("disabled %d: %s, %d cleaned\n", disabled, value == PTHREAD_CANCELED ? "cancelled" : "ended", cleaned);
}

int main(void)
{
	if (!ns_asked())
		return 0;
	CHECK_OK(sem_init(&begun, 0, 0));
	int silent = u_bound(SOCK_DGRAM, &port), s = u_bound(SOCK_DGRAM, &answering);
	pid_t server = ns_start(s, 0);
	int64_t before = now_ms();
	for (function = 0; function < FUNCTIONS; function++) {
		for (int i = 0; i < 3; i++)
			cancelled(0);
		cancelled(1);
		for (int i = 0; i < 2; i++) {
			pthread_t t = u_spawn(is_answered, NULL);
			CHECK_OK(pthread_join(t, NULL));
			CHECK_OK(sem_wait(&begun));
		}
	}
	/* One that had waited to its limit would have taken as long. */
	CHECK(now_ms() - before < 40000);
	ns_stop(server);
	close(silent);
	close(s);
	return 0;
}
