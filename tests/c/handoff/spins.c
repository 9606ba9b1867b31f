// rule: loops over calls that never wait (sched_yield, usleep(0), poll with time-out 0, trylock) let those run who end them
#include "hog.h"
#include <poll.h>

static atomic_int flag[4];
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *yields(void *arg)
{
	while (!atomic_load(&flag[0]))
		sched_yield();
	return arg;
}

static void *naps(void *arg)
{
	while (!atomic_load(&flag[1]))
		usleep(0);
	return arg;
}

static void *polls(void *arg)
{
	while (!atomic_load(&flag[2]))
		CHECK_EQ(poll(NULL, 0, 0), 0);
	return arg;
}

static void *tries(void *arg)
{
	while (pthread_mutex_trylock(&m) == EBUSY)
		;
	CHECK(atomic_load(&flag[3]));
	CHECK_OK(pthread_mutex_unlock(&m));
	return arg;
}

int main(void)
{
	void *(*fn[])(void *) = {yields, naps, polls, tries};
	pthread_t t[8], h[3];
	hog_init();
	CHECK_OK(pthread_mutex_lock(&m));
	for (int i = 0; i < 3; i++)
		h[i] = start(hog, i);
	for (int i = 0; i < 8; i++)
		t[i] = start(fn[i % 4], i);
	for (int i = 0; i < 4; i++) {
		sleep_ms(20);
		compute_ms(15);
		atomic_store(&flag[i], 1);
	}
	CHECK_OK(pthread_mutex_unlock(&m));
	for (int i = 0; i < 8; i++)
		join(t[i]);
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < 3; i++)
		join(h[i]);
	puts("all ended");
	return 0;
}
