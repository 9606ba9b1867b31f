// rule: every kind of mutex (type, protocol, robust, shared) answers each mistaken or unusual call with glibc's number, for the first thread and for others
#include "../check.h"
#include <sched.h>
#include <signal.h>

/* For each kind of mutex and for each of the two threads that ask some lines of output, with
 * a word for each question. Where POSIX leaves the answer open it is glibc's all the same.
 * (Each prints what it got: the native run is the oracle.) */

/* Each a new one: those that are left locked stay in their holder's list. */
static pthread_mutex_t all[4096];
static int used;
#define m all[used]
static const char *as_number(int e)
{
	static char text[8][20];
	static int next;
	char *t = text[next++ % 8];
	const char *name = e ? strerrorname_(e) : "0";
	snprintf(t, sizeof text[0], "%s", name);
	return t;
}

/* What another thread gets. */
struct asked {
	int (*ask)(void);
	int answer;
};
static void *asks(void *arg)
{
	struct asked *a = arg;
	a->answer = a->ask();
	return NULL;
}
static int by_other(int (*ask)(void))
{
	struct asked a = { ask, -1 };
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, asks, &a));
	CHECK_OK(pthread_join(t, NULL));
	return a.answer;
}

static int lock(void) { return pthread_mutex_lock(&m); }
static int try(void) { return pthread_mutex_trylock(&m); }
static int unlock(void) { return pthread_mutex_unlock(&m); }
static int timed(void)
{
	struct timespec t = ts_in(CLOCK_REALTIME, 3);
	return pthread_mutex_timedlock(&m, &t);
}
static int clocked(void)
{
	struct timespec t = ts_in(CLOCK_MONOTONIC, 3);
	return pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &t);
}
static int past(void)
{
	struct timespec t = { 1, 0 };
	return pthread_mutex_timedlock(&m, &t);
}
static int before_all(void)
{
	struct timespec t = { -1, 0 };
	return pthread_mutex_timedlock(&m, &t);
}
static int no_time(void)
{
	struct timespec t = { 1, 1000000000 };
	return pthread_mutex_timedlock(&m, &t);
}
static int no_clock(void)
{
	struct timespec t = ts_in(CLOCK_MONOTONIC, 3);
	return pthread_mutex_clocklock(&m, CLOCK_PROCESS_CPUTIME_ID, &t);
}
static int consistent(void) { return pthread_mutex_consistent(&m); }
static int destroy(void) { return pthread_mutex_destroy(&m); }
static int ceiling(void)
{
	int was = -7, r = pthread_mutex_setprioceiling(&m, 2, &was);
	return r ? r : 1000 + was;
}
static int has_ceiling(void)
{
	int is = -7, r = pthread_mutex_getprioceiling(&m, &is);
	return r ? r : 1000 + is;
}
static int no_ceiling(void) { return pthread_mutex_setprioceiling(&m, 1000, &(int){ 0 }); }
static int dies_with_it(void) { return pthread_mutex_lock(&m); }

struct kind {
	int type, protocol, robust, shared;
};
static pthread_mutexattr_t attributes;
static int fresh(void)
{
	CHECK(++used < (int)(sizeof all / sizeof *all));
	return pthread_mutex_init(&m, &attributes);
}

static char name_[60];
static void begin(const char *what) { printf("\n%s, %s:", name_, what); }
#define SAY(what, call) printf(" %s=%s", what, as_number(call))

static void mistakes(const struct kind *k)
{
	static const char *const types[] = { "normal", "recursive", "errorcheck", "adaptive" };
	static const char *const protocols[] = { "none", "inherit" };
	snprintf(name_, sizeof name_, "%s %s%s%s", types[k->type], protocols[k->protocol],
	         k->robust ? " robust" : "", k->shared ? " shared" : "");
	begin("made");
	CHECK_OK(pthread_mutexattr_init(&attributes));
	SAY("type", pthread_mutexattr_settype(&attributes, k->type));
	SAY("protocol", pthread_mutexattr_setprotocol(&attributes, k->protocol));
	SAY("robust", pthread_mutexattr_setrobust(&attributes, k->robust));
	SAY("shared", pthread_mutexattr_setpshared(&attributes, k->shared));
	int made = fresh();
	SAY("init", made);
	if (made)
		return;
	begin("not held");
	SAY("unlock", unlock()); /* of one that was never locked */
	SAY("again", unlock());
	fresh();
	SAY("consistent", consistent());
	SAY("other's", by_other(unlock)); /* nobody's */
	fresh();
	SAY("no_time", no_time());
	fresh();
	SAY("no_clock", no_clock());
	fresh();
	SAY("past", past());
	begin("own");
	fresh();
	SAY("lock", lock());
	SAY("try", try());
	SAY("timed", timed());
	SAY("clocked", clocked());
	SAY("past", past());
	SAY("before_all", before_all());
	SAY("no_time", no_time());
	SAY("no_clock", no_clock());
	if (k->type == PTHREAD_MUTEX_ERRORCHECK || k->type == PTHREAD_MUTEX_RECURSIVE)
		SAY("lock", lock());
	SAY("consistent", consistent());
	SAY("destroy", destroy());
	begin("held by other than who asks");
	fresh();
	SAY("try", try());
	SAY("try", by_other(try));
	SAY("timed", by_other(timed));
	SAY("clocked", by_other(clocked));
	SAY("past", by_other(past));
	SAY("before_all", by_other(before_all));
	SAY("no_time", by_other(no_time));
	SAY("no_clock", by_other(no_clock));
	SAY("consistent", by_other(consistent));
	SAY("unlock", by_other(unlock));
	SAY("unlock", unlock());
	SAY("unlock", unlock());
	begin("unlocked twice");
	fresh();
	SAY("lock", lock());
	SAY("unlock", unlock());
	SAY("unlock", unlock());
	SAY("try", try());
	SAY("unlock", by_other(unlock));
	SAY("try", by_other(try));
	begin("ceiling");
	fresh();
	SAY("has", has_ceiling());
	SAY("ceiling", ceiling());
	SAY("has", has_ceiling());
	SAY("no_ceiling", no_ceiling());
	SAY("lock", lock());
	if (k->type == PTHREAD_MUTEX_ERRORCHECK || k->type == PTHREAD_MUTEX_RECURSIVE)
		SAY("ceiling", ceiling());
	SAY("unlock", unlock());
	begin("its holder dies");
	fresh();
	SAY("dies", by_other(dies_with_it));
	if (k->robust) {
		SAY("lock", lock());
		SAY("try", try());
		SAY("timed", timed());
		SAY("try", by_other(try));
		SAY("timed", by_other(timed));
		SAY("unlock", by_other(unlock));
		SAY("consistent", by_other(consistent));
		SAY("consistent", consistent());
		SAY("consistent", consistent());
		SAY("try", try());
		SAY("unlock", unlock());
		SAY("try", try());
		SAY("unlock", unlock());
		begin("dies, destroyed");
		fresh();
		SAY("dies", by_other(dies_with_it));
		SAY("destroy", destroy());
		fresh();
		SAY("dies", by_other(dies_with_it));
		SAY("try", try());
		SAY("destroy", destroy());
		SAY("unlock", unlock());
		SAY("lock", lock());
		SAY("try", try());
		SAY("timed", timed());
		SAY("no_time", no_time());
		SAY("past", by_other(past));
		SAY("consistent", consistent());
		SAY("unlock", unlock());
		SAY("destroy", destroy());
		begin("dies twice");
		fresh();
		SAY("dies", by_other(dies_with_it));
		SAY("timed", by_other(timed)); /* and dies with it, too */
		SAY("past", past());
		SAY("consistent", consistent());
		SAY("unlock", unlock());
	} else {
		SAY("try", try());
		SAY("timed", timed());
		SAY("destroy", destroy());
	}
}

static void *asker(void *name)
{
	printf("\n%s", (const char *)name);
	for (int type = 0; type < 4; type++) /* (mutex_ceiling.c has PTHREAD_PRIO_PROTECT) */
		for (int protocol = 0; protocol < 2; protocol++)
			for (int robust = 0; robust < 2; robust++)
				for (int shared = 0; shared < 2; shared++)
					mistakes(&(struct kind){ type, protocol, robust, shared });
	return NULL;
}

static pthread_barrier_t done;
static void *stays(void *arg)
{
	pthread_barrier_wait(&done);
	return arg;
}

int main(void)
{
	pthread_t other, t;
	setvbuf(stdout, NULL, _IOLBF, 0);
	pthread_barrier_init(&done, NULL, 2);
	CHECK_OK(pthread_create(&other, NULL, stays, NULL));
	asker("the first thread");
	CHECK_OK(pthread_create(&t, NULL, asker, "another thread"));
	CHECK_OK(pthread_join(t, NULL));
	pthread_barrier_wait(&done);
	CHECK_OK(pthread_join(other, NULL));
	printf("\n");
	return 0;
}
