// rule: a signal's handler runs while its thread spins in pthread_spin_lock()
#include "../check.h"
#include <signal.h>

static pthread_spinlock_t lock;
static volatile sig_atomic_t handled, spins;

/* The handler does what ends the spinning. */
static void unlock(int number)
{
	handled += number == SIGUSR1;
	pthread_spin_unlock(&lock);
}

static void *spinner(void *arg)
{
	spins = 1;
	CHECK_OK(pthread_spin_lock(&lock));
	CHECK(handled == 1);
	CHECK_OK(pthread_spin_unlock(&lock));
	return arg;
}

static void leave(int number)
{
	(void)number;
	pthread_exit((void *)7);
}

int main(void)
{
	pthread_t t;
	void *value;
	signal(SIGUSR1, unlock);
	signal(SIGUSR2, leave);
	CHECK_OK(pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE));

	CHECK_OK(pthread_spin_lock(&lock));
	CHECK_OK(pthread_create(&t, NULL, spinner, NULL));
	while (!spins)
		sched_yield();
	sleep_ms(20);
	CHECK_OK(pthread_kill(t, SIGUSR1));
	CHECK_OK(pthread_join(t, NULL));

	/* It may also leave the thread. */
	spins = 0;
	CHECK_OK(pthread_spin_lock(&lock));
	CHECK_OK(pthread_create(&t, NULL, spinner, NULL));
	while (!spins)
		sched_yield();
	sleep_ms(20);
	CHECK_OK(pthread_kill(t, SIGUSR2));
	CHECK_OK(pthread_join(t, &value));
	printf("handled %d, then left with %d\n", (int)handled, (int)(intptr_t)value);
	return 0;
}
