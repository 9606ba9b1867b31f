// rule: sigqueue(3), sigwaitinfo(2): real-time signals of a process queue with their values, the lowest number first and each number in order, whether threads take them or a handler does; a child's come with its id
#include "sig.h"
#include <sys/wait.h>
enum { N = 60 };
static volatile int got[3], out_of_order;
static void on(int s, siginfo_t *i, void *c)
{
	(void)c;
	int n = s - SIGRTMIN;
	out_of_order += i->si_value.sival_int != got[n] || i->si_code != SI_QUEUE;
	got[n]++;
}
static void *sleeps(void *arg)
{
	for (int i = 0; i < 20; i++)
		sleep_ms(2);
	return arg;
}
static void send_all(pid_t to)
{
	for (int i = 0; i < N; i++)
		for (int n = 2; n >= 0; n--) {
			union sigval v = { .sival_int = i };
			CHECK_EQ(sigqueue(to, SIGRTMIN + n, v), 0);
		}
}
static sigset_t three(void)
{
	sigset_t s = set_of(SIGRTMIN, SIGRTMIN + 1);
	sigaddset(&s, SIGRTMIN + 2);
	return s;
}
static void *takes(void *arg)
{
	sigset_t s = three();
	siginfo_t i;
	for (int n = 0; n < 3; n++)
		for (int k = 0; k < N; k++) {
			CHECK_EQ(sigwaitinfo(&s, &i), SIGRTMIN + n);
			CHECK_EQ(i.si_value.sival_int, k);
			CHECK_EQ(i.si_pid, *(pid_t *)arg);
			CHECK_EQ(i.si_uid, getuid());
		}
	return arg;
}
int main(void)
{
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESTART };
	sigset_t s = three();
	pid_t me = getpid();
	sa.sa_mask = s;
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &s, NULL));
	pthread_t a = start(sleeps, NULL);
	send_all(me);
	end(start(takes, &me));
	pid_t child = fork();
	if (child == 0) {
		send_all(me);
		_exit(0);
	}
	CHECK_EQ(waitpid(child, NULL, 0), child);
	end(start(takes, &child));
	end(a);
	/* By a handler, in whatever threads. */
	for (int n = 0; n < 3; n++)
		CHECK_EQ(sigaction(SIGRTMIN + n, &sa, NULL), 0);
	pthread_t t[3];
	CHECK_OK(pthread_sigmask(SIG_UNBLOCK, &s, NULL));
	send_all(me);
	for (int i = 0; i < 3; i++)
		t[i] = start(sleeps, NULL);
	for (int i = 0; i < 3; i++)
		end(t[i]);
	while (got[0] < N || got[1] < N || got[2] < N)
		sleep_ms(1);
	printf("%d %d %d, out of order %d\n", got[0], got[1], got[2], out_of_order);
	return 0;
}
