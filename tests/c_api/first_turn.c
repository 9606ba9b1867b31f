// A greenlet's stack and thread-locals come with its first turn: gev_spawn(3). Where
// there is no memory for libc's tables then, it waits until there is; and a greenlet is
// found by its pthread_t while it lives.
#include "check.h"
#include <geventrs.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

void *__libc_calloc(size_t n, size_t size);

static int short_of_memory;
static int refused;

// What ld.so allocates for a thread is an array of pairs of words.
void *calloc(size_t n, size_t size)
{
	if (short_of_memory && size == 2 * sizeof(void *) && n >= 16) {
		refused++;
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(n, size);
}

static int begun;
static gev_event *go;

static void *waits(void *arg)
{
	begun++;
	CHECK_EQ(gev_event_wait(go, GEV_FOREVER), 0);
	return arg;
}

static void *runs(void *arg)
{
	begun++;
	return arg;
}

static pthread_t thread;
static int handled;

static void handler(int signal)
{
	(void)signal;
	handled += pthread_equal(pthread_self(), thread) != 0;
}

static void *tells(void *arg)
{
	thread = pthread_self();
	gev_event_wait(go, GEV_FOREVER);
	CHECK(pthread_equal(thread, pthread_self()));
	return arg;
}

static void no_memory(void)
{
	enum { N = 4 };
	gev_greenlet *g[N];
	for (int i = 0; i < N; i++)
		g[i] = gev_spawn(i == N - 1 ? runs : waits, (void *)(size_t)(i + 1));
	// The first one has got the unit that its spawn has made, and makes none for
	// the others.
	short_of_memory = 1;
	CHECK_EQ(gev_sleep(0), 0);
	CHECK_EQ(begun, 1);
	CHECK(refused > 0);
	CHECK_EQ(gev_sleep(GEV_MILLISECOND), 0);
	CHECK_EQ(begun, 1);
	CHECK(!gev_ready(g[N - 1]));
	// Who ends leaves his to the next one.
	gev_event_set(go);
	CHECK_EQ(gev_join(g[0], GEV_FOREVER), 0);
	CHECK_EQ(gev_join(g[1], GEV_FOREVER), 0);
	CHECK_EQ(gev_joinall(g, N, GEV_FOREVER), 0);
	CHECK_EQ(begun, N);
	gev_event_clear(go);
	for (int i = 0; i < N; i++)
		gev_release(g[i]);
}

static void memory_again(void)
{
	enum { N = 8 };
	gev_greenlet *g[N];
	begun = 0;
	for (int i = 0; i < N; i++)
		g[i] = gev_spawn(waits, NULL);
	// A killed one does not begin, but it needs a stack to end on.
	CHECK_EQ(gev_kill_nowait(g[N - 1]), 0);
	refused = 0;
	CHECK_EQ(gev_sleep(0), 0);
	CHECK(refused > 0);
	int before = begun;
	CHECK(before >= 1 && before < N - 1);
	short_of_memory = 0;
	// The hub tries by itself when nobody is runnable.
	CHECK_EQ(gev_join(g[N - 1], GEV_FOREVER), 0);
	CHECK_EQ(begun, N - 1);
	CHECK_ERRNO(gev_get(g[N - 1], NULL, GEV_FOREVER), ECANCELED);
	gev_event_set(go);
	CHECK_EQ(gev_joinall(g, N, GEV_FOREVER), 0);
	gev_event_clear(go);
	for (int i = 0; i < N; i++)
		gev_release(g[i]);
}

static void found_by_its_thread(void)
{
	if (!getenv("LD_PRELOAD"))
		return;
	signal(SIGUSR1, handler);
	gev_greenlet *g = gev_spawn(tells, NULL);
	CHECK_EQ(gev_sleep(0), 0);
	char name[16];
	CHECK_EQ(pthread_kill(thread, 0), 0);
	CHECK_EQ(pthread_setname_np(thread, "told"), 0);
	CHECK_EQ(pthread_getname_np(thread, name, sizeof name), 0);
	CHECK_STR(name, "told");
	CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
	CHECK_EQ(gev_sleep(GEV_MILLISECOND), 0);
	CHECK_EQ(handled, 1);
	gev_event_set(go);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	CHECK_EQ(gev_sleep(0), 0);
	CHECK_EQ(pthread_kill(thread, 0), ESRCH);
	gev_release(g);
}

int main(void)
{
	go = gev_event_new();
	no_memory();
	memory_again();
	found_by_its_thread();
	gev_event_free(go);
	return 0;
}
