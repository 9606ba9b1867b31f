// rule: pthread_getattr_np() tells the running thread's own stack, guard and detach state
// one-thread: yes
#include "../check.h"

struct want {
	size_t size, guard;
	int detach, ask;
};
static int done;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

static void *worker(void *arg)
{
	struct want *w = arg;
	pthread_attr_t attr;
	void *addr;
	size_t size, guard;
	int detach;
	volatile char local = 1;
	check_os_threads(1);
	CHECK_OK(pthread_getattr_np(pthread_self(), &attr));
	CHECK_OK(pthread_attr_getstack(&attr, &addr, &size));
	CHECK((char *)&local > (char *)addr && (char *)&local < (char *)addr + size);
	CHECK(size >= w->size);
	CHECK_OK(pthread_attr_getguardsize(&attr, &guard));
	CHECK_EQ(guard, w->guard);
	CHECK_OK(pthread_attr_getdetachstate(&attr, &detach));
	CHECK_EQ(detach, w->detach);
	/* All of it above the guard may be used: go near its lower end. */
	if (w->ask) {
		char *low = (char *)addr + w->guard + 16384;
		size_t room = (char *)&local - low;
		volatile char *block = __builtin_alloca(room);
		for (size_t i = 0; i < room; i += 4096)
			block[i] = (char)i;
	}
	CHECK_OK(pthread_attr_destroy(&attr));
	pthread_mutex_lock(&m);
	done++;
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	return NULL;
}

int main(void)
{
	pthread_attr_t attr;
	pthread_t t;
	struct want plain = { 0, 4096, PTHREAD_CREATE_JOINABLE, 0 };
	struct want sized = { 256 * 1024, 8192, PTHREAD_CREATE_JOINABLE, 1 };
	struct want detached = { 1024 * 1024, 4096, PTHREAD_CREATE_DETACHED, 1 };
	struct want bare = { 128 * 1024, 0, PTHREAD_CREATE_JOINABLE, 0 };

	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_getstacksize(&attr, &plain.size));
	CHECK_OK(pthread_create(&t, NULL, worker, &plain));
	CHECK_OK(pthread_join(t, NULL));

	CHECK_OK(pthread_attr_setstacksize(&attr, sized.size));
	CHECK_OK(pthread_attr_setguardsize(&attr, sized.guard));
	CHECK_OK(pthread_create(&t, &attr, worker, &sized));
	CHECK_OK(pthread_join(t, NULL));

	CHECK_OK(pthread_attr_setstacksize(&attr, bare.size));
	CHECK_OK(pthread_attr_setguardsize(&attr, bare.guard));
	CHECK_OK(pthread_create(&t, &attr, worker, &bare));
	CHECK_OK(pthread_join(t, NULL));

	CHECK_OK(pthread_attr_setstacksize(&attr, detached.size));
	CHECK_OK(pthread_attr_setguardsize(&attr, detached.guard));
	CHECK_OK(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED));
	CHECK_OK(pthread_create(&t, &attr, worker, &detached));
	pthread_mutex_lock(&m);
	while (done < 4)
		pthread_cond_wait(&c, &m);
	pthread_mutex_unlock(&m);
	printf("%d stacks\n", done);
	return 0;
}
