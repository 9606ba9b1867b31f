// rule: signal(7), "Interruption of system calls and library functions by signal handlers": every call that may wait ends with EINTR, or goes on under SA_RESTART, or goes on in any case
// timeout: 120
// libs: -lrt
// variant: process -DTO_PROCESS
// variant: main -DIN_MAIN
/* The signal goes to the thread that waits; @process: to the process, which all
 * other threads block; @main: the first thread waits. */
#include "../waits.h"

static volatile sig_atomic_t handled;
static volatile int waiting, returned, result, result_errno;
static pthread_t waiter;
static const struct wait_call *call;
#ifdef IN_MAIN
static sem_t prepared;
#endif

static void on(int s) { (void)s, handled++; }

static void block(int how)
{
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	CHECK_OK(pthread_sigmask(how, &s, NULL));
}

static void *waits(void *arg)
{
	block(SIG_UNBLOCK);
	waiting = 1;
	result = call->wait() < 0 ? -1 : 0;
	result_errno = errno;
	returned = 1;
	return arg;
}

static void interrupt(void)
{
	int before = handled;
#ifdef TO_PROCESS
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
#else
	CHECK_OK(pthread_kill(waiter, SIGUSR1));
#endif
	for (int i = 0; i < 2000 && handled == before; i++)
		sleep_ms(1);
	CHECK(handled > before || returned);
}

/* Send signals while the call waits; let it end if they do not do it. */
static void *disturbs(void *restart)
{
#ifdef IN_MAIN
	call->prepare(); /* (a lock has to be another thread's) */
	CHECK_EQ(sem_post(&prepared), 0);
#endif
	int ends = call->ends == EINTR_ALWAYS || (call->ends == RESTARTS && !restart);
	while (!waiting)
		sleep_ms(1);
	sleep_ms(5);
	/* (The first may come before it waits.) */
	for (int i = 0; !returned && (ends ? i < 200 : i < 3); i++) {
		interrupt();
		sleep_ms(5);
	}
	CHECK_EQ(returned, ends);
	if (!returned)
		call->release();
	return NULL;
}

static void test(int restart)
{
	struct sigaction sa = { .sa_handler = on, .sa_flags = restart ? SA_RESTART : 0 };
	pthread_t other;
	void *arg = restart ? &sa : NULL;
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	waiting = returned = 0;
#ifdef IN_MAIN
	waiter = pthread_self();
	CHECK_OK(pthread_create(&other, NULL, disturbs, arg));
	CHECK_EQ(sem_wait(&prepared), 0);
	waits(NULL);
	block(SIG_BLOCK);
#else
	call->prepare();
	CHECK_OK(pthread_create(&other, NULL, waits, NULL));
	waiter = other;
	disturbs(arg);
#endif
	CHECK_OK(pthread_join(other, NULL));
	if (call->prepare == p_aio && aio_error(&w_aio) == EINPROGRESS)
		r_aio();
	w_finish();
	printf(" %s%s", result ? "fails, " : "succeeds", result ? strerrorname_(result_errno) : "");
}

int main(void)
{
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &s, NULL));
	block(SIG_BLOCK);
#ifdef IN_MAIN
	CHECK_EQ(sem_init(&prepared, 0, 0), 0);
#endif
	for (int i = 0; i < WAIT_CALLS; i++) {
		call = &wait_calls[i];
		if (call->prepare == p_lio)
			continue; /* glibc crashes when its wait has been interrupted */
		printf("%s:", call->name);
		fflush(stdout);
		test(0);
		printf("; SA_RESTART:");
		test(1);
		printf("\n");
	}
	return 0;
}
