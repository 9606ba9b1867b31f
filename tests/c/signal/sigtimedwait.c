// rule: sigtimedwait(2): EAGAIN when the time is over, the signal and its information when one is pending or comes
#include "sig.h"
static void *sender(void *arg)
{
	sleep_ms(10);
	union sigval v = { .sival_int = 42 };
	CHECK_EQ(sigqueue(getpid(), SIGRTMIN, v), 0);
	return arg;
}
static void *other(void *arg) { sleep_ms(80); return arg; }
int main(void)
{
	siginfo_t info;
	sigset_t s = set_of(SIGRTMIN, SIGUSR1);
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &s, NULL));
	pthread_t o = start(other, NULL);
	struct timespec t = ts_ms(20), zero = { 0, 0 }, bad = { 0, 2000000000 };
	int64_t t0 = now_ns();
	CHECK_ERRNO(sigtimedwait(&s, &info, &t), EAGAIN);
	CHECK_WAITED(t0, 20);
	CHECK_ERRNO(sigtimedwait(&s, &info, &zero), EAGAIN);
	CHECK_ERRNO(sigtimedwait(&s, &info, &bad), EINVAL);
	kill(getpid(), SIGUSR1);
	CHECK_EQ(sigtimedwait(&s, &info, &zero), SIGUSR1);
	CHECK_EQ(info.si_pid, getpid());
	pthread_t q = start(sender, NULL);
	t = ts_ms(5000);
	CHECK_EQ(sigtimedwait(&s, &info, &t), SIGRTMIN);
	CHECK_EQ(info.si_code, SI_QUEUE);
	CHECK_EQ(info.si_value.sival_int, 42);
	end(q), end(o);
	puts("ok");
	return 0;
}
