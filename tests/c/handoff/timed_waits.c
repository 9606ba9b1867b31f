// rule: timed waits (mutex, condition, semaphore, join, nanosleep) expire while other threads compute, not early
#include "hog.h"
#include <semaphore.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER, m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static pthread_t hogs[6];

static void *waits(void *arg)
{
	for (int i = 1; i <= 4; i++) {
		int64_t t0 = now_ns();
		struct timespec until = ts_in(CLOCK_REALTIME, 15 * i);
		switch ((intptr_t)arg) {
		case 0: CHECK_RC(pthread_mutex_timedlock(&held, &until), ETIMEDOUT); break;
		case 1:
			pthread_mutex_lock(&m);
			int r;
			while ((r = pthread_cond_timedwait(&c, &m, &until)) == 0)
				;
			CHECK_RC(r, ETIMEDOUT);
			pthread_mutex_unlock(&m);
			break;
		case 2: CHECK_ERRNO(sem_timedwait(&sem, &until), ETIMEDOUT); break;
		case 3: CHECK_RC(pthread_timedjoin_np(hogs[1], NULL, &until), ETIMEDOUT); break;
		default: sleep_ms(15 * i);
		}
		int64_t took = now_ns() - t0;
		CHECK(took >= (15 * i - 1) * 1000000ll); /* two clocks */
	}
	return arg;
}

int main(void)
{
	pthread_t t[5];
	sem_init(&sem, 0, 0);
	pthread_mutex_lock(&held);
	for (int i = 0; i < 6; i++)
		hogs[i] = start(hog, i);
	for (int i = 0; i < 5; i++)
		t[i] = start(waits, i);
	for (int i = 0; i < 5; i++)
		join(t[i]);
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < 6; i++)
		join(hogs[i]);
	puts("expired");
	return 0;
}
