// rule: signal(7): a handler without SA_RESTART ends stdio's wait with EINTR and the error flag; with SA_RESTART it goes on
#include "../io/util.h"
static volatile sig_atomic_t hits;
static void on(int s) { (void)s; hits++; }
static int p[2];
static void *main_thread_pinger(void *arg)
{
	(void)arg;
	u_sleep(40);
	kill(getpid(), SIGUSR1);
	u_sleep(40);
	CHECK_EQ(write(p[1], "x\n", 2), 2);
	return NULL;
}

static void round_of(int flags)
{
	struct sigaction sa = {.sa_handler = on, .sa_flags = flags};
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	u_pipe(p);
	FILE *f = fdopen(p[0], "r");
	hits = 0;
	sigset_t none, all;
	sigfillset(&all);
	CHECK_OK(pthread_sigmask(SIG_SETMASK, &all, &none));
	pthread_t t = u_spawn(main_thread_pinger, NULL);
	CHECK_OK(pthread_sigmask(SIG_SETMASK, &none, NULL));
	char b[10] = "";
	errno = 0;
	char *r = fgets(b, sizeof b, f);
	int e = errno;
	printf("%s errno %s error %d hits %d\n", r ? b : "null", r ? "-" : strerrorname_(e), !!ferror(f), (int)hits);
	if (!r) {
		clearerr(f);
		printf("%s", fgets(b, sizeof b, f));
	}
	u_join(t);
	fclose(f);
	close(p[1]);
}

int main(void)
{
	round_of(0);
	round_of(SA_RESTART);
	return 0;
}
