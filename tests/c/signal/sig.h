/* Threads and handlers in few words. */
#include "../check.h"
#include <semaphore.h>
#include <signal.h>

__attribute__((unused)) static pthread_t start(void *(*f)(void *), void *arg)
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, f, arg));
	return t;
}
__attribute__((unused)) static void *end(pthread_t t)
{
	void *r;
	CHECK_OK(pthread_join(t, &r));
	return r;
}
__attribute__((unused)) static void handle(int signal, void (*f)(int), int flags)
{
	struct sigaction sa = { .sa_handler = f, .sa_flags = flags };
	CHECK_EQ(sigaction(signal, &sa, NULL), 0);
}
__attribute__((unused)) static sigset_t set_of(int a, int b)
{
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, a);
	if (b)
		sigaddset(&s, b);
	return s;
}
__attribute__((unused)) static void mask(int how, int a, int b)
{
	sigset_t s = set_of(a, b);
	CHECK_OK(pthread_sigmask(how, &s, NULL));
}
__attribute__((unused)) static int is_blocked(int signal)
{
	sigset_t s;
	CHECK_OK(pthread_sigmask(SIG_BLOCK, NULL, &s));
	return sigismember(&s, signal);
}
