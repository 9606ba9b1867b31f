// rule: PTHREAD_PRIO_PROTECT: a thread whose priority is above the ceiling gets EINVAL; one below has the mutex for itself; a real-time policy is needed; mistakes are answered by the type; the ceiling can be asked for and changed while others wait
// one-thread: yes
#include "../check.h"
#include <sched.h>

static pthread_mutex_t *m;
static int fresh(int type, int shared, int ceiling)
{
	pthread_mutexattr_t a;
	m = calloc(1, sizeof *m); /* a new one each time: what is left locked stays so */
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_settype(&a, type));
	CHECK_OK(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_PROTECT));
	CHECK_OK(pthread_mutexattr_setpshared(&a, shared));
	if (ceiling)
		CHECK_OK(pthread_mutexattr_setprioceiling(&a, ceiling));
	return pthread_mutex_init(m, &a);
}
static const char *as_number(int e)
{
	static char text[8][20];
	static int next;
	char *t = text[next++ % 8];
	if (e >= 1000)
		snprintf(t, sizeof text[0], "%d", e - 1000);
	else
		snprintf(t, sizeof text[0], "%s", e ? strerrorname_(e) : "0");
	return t;
}

static int lock(void) { return pthread_mutex_lock(m); }
static int try(void) { return pthread_mutex_trylock(m); }
static int unlock(void) { return pthread_mutex_unlock(m); }
static int timed(void)
{
	struct timespec t = ts_in(CLOCK_REALTIME, 3);
	return pthread_mutex_timedlock(m, &t);
}
static int clocked(void)
{
	struct timespec t = ts_in(CLOCK_MONOTONIC, 3);
	return pthread_mutex_clocklock(m, CLOCK_MONOTONIC, &t);
}
static int no_time(void)
{
	struct timespec t = { 1, 1000000000 };
	return pthread_mutex_timedlock(m, &t);
}
static int no_clock(void)
{
	struct timespec t = ts_in(CLOCK_MONOTONIC, 3);
	return pthread_mutex_clocklock(m, CLOCK_PROCESS_CPUTIME_ID, &t);
}
static int ceiling_2(void)
{
	int was = -7, r = pthread_mutex_setprioceiling(m, 2, &was);
	return r ? r : 1000 + was;
}
static int ceiling_9(void)
{
	int was = -7, r = pthread_mutex_setprioceiling(m, 9, &was);
	return r ? r : 1000 + was;
}
static int has_ceiling(void)
{
	int is = -7, r = pthread_mutex_getprioceiling(m, &is);
	return r ? r : 1000 + is;
}
static int no_ceiling(void) { return pthread_mutex_setprioceiling(m, 1000, &(int){ 0 }); }
static int destroy(void) { return pthread_mutex_destroy(m); }

/* A thread with a policy and a priority, that asks one thing after another. */
struct asker {
	int policy, priority;
	const char *const *names;
	int (*const *asks)(void);
	int allowed;
};
static void *ask(void *arg)
{
	struct asker *a = arg;
	struct sched_param p = { a->priority };
	a->allowed = pthread_setschedparam(pthread_self(), a->policy, &p);
	for (int i = 0; !a->allowed && a->asks[i]; i++)
		printf(" %s=%s", a->names[i], as_number(a->asks[i]()));
	return NULL;
}
static void by_thread(int policy, int priority, const char *const *names, int (*const *asks)(void))
{
	struct asker a = { policy, priority, names, asks, 0 };
	pthread_t t;
	printf(" %s %d:", policy == SCHED_FIFO ? "FIFO" : policy == SCHED_RR ? "RR" : "OTHER", priority);
	CHECK_OK(pthread_create(&t, NULL, ask, &a));
	CHECK_OK(pthread_join(t, NULL));
	printf("%s;", a.allowed ? " not allowed" : "");
}
#define ASKS(...) (int (*const[])(void)){ __VA_ARGS__, NULL }
#define BY(policy, priority, ...) by_thread(policy, priority, names_of(#__VA_ARGS__), ASKS(__VA_ARGS__))
static const char *const *names_of(const char *list)
{
	static const char *names[40];
	static char text[400];
	int n = 0;
	snprintf(text, sizeof text, "%s", list);
	for (char *w = strtok(text, ", "); w; w = strtok(NULL, ", "))
		names[n++] = w;
	return names;
}

static int counter;
static void *counts(void *arg)
{
	struct sched_param p = { 3 };
	int allowed = pthread_setschedparam(pthread_self(), SCHED_FIFO, &p) == 0;
	for (int i = 0; i < 2000 && allowed; i++) {
		CHECK_OK(pthread_mutex_lock(m));
		int seen = counter;
		if (i % 50 == 0)
			sched_yield();
		counter = seen + 1;
		CHECK_OK(pthread_mutex_unlock(m));
	}
	return arg;
}
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turns;
static void *waits(void *arg)
{
	struct sched_param p = { 3 };
	if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &p) != 0)
		return arg;
	CHECK_OK(pthread_mutex_lock(m));
	while (turns % 2 != (int)(intptr_t)arg)
		CHECK_OK(pthread_cond_wait(&cond, m));
	turns++;
	CHECK_OK(pthread_cond_broadcast(&cond));
	CHECK_OK(pthread_mutex_unlock(m));
	return NULL;
}

int main(void)
{
	static const char *const types[] = { "normal", "recursive", "errorcheck", "adaptive" };
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int type = 0; type < 4; type++) {
		for (int shared = 0; shared < 2; shared++) {
			int relocks = type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK;
			printf("%s%s:", types[type], shared ? " shared" : "");
			printf(" init=%s", as_number(fresh(type, shared, 5)));
			BY(SCHED_FIFO, 3, lock, unlock, try, unlock, timed, unlock, clocked, unlock);
			BY(SCHED_RR, 5, lock, has_ceiling, unlock, no_time, unlock, no_clock);
			BY(SCHED_FIFO, 6, lock, try, timed);
			BY(SCHED_FIFO, 3, lock, unlock);
			fresh(type, shared, 5);
			BY(SCHED_FIFO, 3, lock, try, timed, clocked, no_time, no_clock, destroy);
			BY(SCHED_FIFO, 4, try, timed, clocked, no_clock, try, unlock);
			if (relocks) {
				fresh(type, shared, 5);
				BY(SCHED_FIFO, 3, lock, lock, ceiling_2, has_ceiling, unlock, unlock, unlock);
				BY(SCHED_FIFO, 3, unlock, lock, unlock);
			}
			fresh(type, shared, 0);
			BY(SCHED_OTHER, 0, has_ceiling, ceiling_9, has_ceiling, no_ceiling, lock);
			BY(SCHED_OTHER, 0, try);
			BY(SCHED_OTHER, 0, timed);
			BY(SCHED_FIFO, 9, lock, unlock, ceiling_2, lock, has_ceiling);
			BY(SCHED_FIFO, 1, lock, unlock);
			printf("\n");
		}
	}
	for (int shared = 0; shared < 2; shared++) {
		pthread_t t[4];
		CHECK_OK(fresh(PTHREAD_MUTEX_NORMAL, shared, 5));
		counter = 0;
		for (int i = 0; i < 4; i++)
			CHECK_OK(pthread_create(&t[i], NULL, counts, NULL));
		for (int i = 0; i < 4; i++)
			CHECK_OK(pthread_join(t[i], NULL));
		turns = 0;
		for (int i = 0; i < 4; i++)
			CHECK_OK(pthread_create(&t[i], NULL, waits, (void *)(intptr_t)(i % 2)));
		for (int i = 0; i < 4; i++)
			CHECK_OK(pthread_join(t[i], NULL));
		printf("counted %d, turns %d\n", counter, turns);
	}
	return 0;
}
