// rule: sigset(3), sigvec(3): sighold, sigrelse, sigset(SIG_HOLD), sigignore, sigpause, sigblock, sigsetmask, siggetmask change the calling thread's mask, which pthread_sigmask tells, and no other's
// cflags: -Wno-deprecated-declarations
#include "sig.h"
static __thread volatile int count;
static void on(int s) { (void)s; count++; }
static void *worker(void *arg)
{
	CHECK_EQ(sighold(SIGUSR1), 0);
	CHECK_EQ(is_blocked(SIGUSR1), 1);
	sleep_ms(2);
	CHECK_OK(pthread_kill(pthread_self(), SIGUSR1));
	int before = count;
	sched_yield();
	CHECK_EQ(count, before);
	CHECK_EQ(sigrelse(SIGUSR1), 0);
	CHECK_EQ(count, before + 1);
	CHECK_EQ(is_blocked(SIGUSR1), 0);
	CHECK_EQ(sigblock(sigmask(SIGUSR2)), 0);
	CHECK_EQ(is_blocked(SIGUSR2), 1);
	sleep_ms(2);
	CHECK_EQ(siggetmask(), sigmask(SIGUSR2));
	CHECK_EQ(sigsetmask(sigmask(SIGUSR1)), sigmask(SIGUSR2));
	CHECK_EQ(is_blocked(SIGUSR2), 0);
	CHECK_EQ(is_blocked(SIGUSR1), 1);
	CHECK_OK(pthread_kill(pthread_self(), SIGUSR1));
	before = count;
	CHECK_ERRNO(sigpause(SIGUSR1), EINTR);
	CHECK_EQ(count, before + 1);
	CHECK_EQ(is_blocked(SIGUSR1), 1);
	CHECK(sigset(SIGUSR1, on) == SIG_HOLD);
	CHECK_EQ(is_blocked(SIGUSR1), 0);
	CHECK(sigset(SIGUSR1, SIG_HOLD) == on);
	CHECK_EQ(is_blocked(SIGUSR1), 1);
	CHECK(sigset(SIGUSR1, on) == SIG_HOLD);
	return arg;
}
int main(void)
{
	pthread_t t[3];
	handle(SIGUSR1, on, SA_RESTART);
	for (int i = 0; i < 3; i++)
		t[i] = start(worker, NULL);
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(is_blocked(SIGUSR1) + is_blocked(SIGUSR2), 0);
		sleep_ms(1);
	}
	for (int i = 0; i < 3; i++)
		end(t[i]);
	CHECK_ERRNO(sighold(0), EINVAL);
	CHECK_ERRNO(sigrelse(1000), EINVAL);
	CHECK_EQ(sigignore(SIGUSR2), 0);
	t[0] = start(worker, NULL);
	CHECK_EQ(kill(getpid(), SIGUSR2), 0);
	end(t[0]);
	puts("ok");
	return 0;
}
