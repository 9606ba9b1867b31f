// rule: clock_gettime(2): CLOCK_THREAD_CPUTIME_ID and pthread_getcpuclockid() count a thread's own time: it never goes back, who sleeps has next to none, and all together have the process's
// timeout: 60
#define _GNU_SOURCE
#include "../handoff/hog.h"
#include <sys/resource.h>

enum { N = 6, ROUNDS = 60 };
static atomic_int done, stop;
static int64_t had[N], usage[N];

static int64_t us(struct timeval t) { return t.tv_sec * 1000000LL + t.tv_usec; }
static int64_t rusage(void)
{
	static __thread int64_t last[2];
	struct rusage r;
	CHECK_EQ(getrusage(RUSAGE_THREAD, &r), 0);
	CHECK(us(r.ru_utime) >= last[0] && us(r.ru_stime) >= last[1]);
	last[0] = us(r.ru_utime);
	last[1] = us(r.ru_stime);
	return last[0] + last[1];
}

/* Computes, and gives others their turn in various ways: on whatever OS thread it goes on then. */
static void *computes(void *arg)
{
	long id = (long)(intptr_t)arg;
	int64_t last = 0;
	clockid_t own;
	CHECK_OK(pthread_getcpuclockid(pthread_self(), &own));
	for (int i = 0; i < ROUNDS; i++) {
		int64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		CHECK(before >= last);
		CHECK(rusage() > 0 || before < 1000000);
		compute_ms(1 + (i + id) % 7 * (i % 5 == 0));
		last = clock_ns(i % 2 ? own : CLOCK_THREAD_CPUTIME_ID);
		CHECK(last >= before);
		if (i % 3 == 0)
			sched_yield();
		else if (i % 3 == 1)
			sleep_ms(1);
		else if (i % 9 == 2)
			CHECK_EQ(raw_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0), 0);
	}
	had[id] = clock_ns(own);
	usage[id] = rusage();
	atomic_fetch_add(&done, 1);
	while (!atomic_load(&stop))
		sleep_ms(1);
	return arg;
}

static void *sleeps(void *arg)
{
	int64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	while (atomic_load(&done) < N)
		sleep_ms(20);
	*(int64_t *)arg = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
	while (!atomic_load(&stop))
		sleep_ms(1);
	return NULL;
}

int main(void)
{
	pthread_t t[N], sleeper;
	clockid_t clock[N], slept_clock;
	int64_t slept = -1, sum = 0, last[N] = {0};
	struct timespec res, none = {0, 0};
	hog_init();
	int64_t first = clock_ns(CLOCK_THREAD_CPUTIME_ID), process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	CHECK_OK(pthread_create(&sleeper, NULL, sleeps, &slept));
	for (int i = 0; i < N; i++) {
		t[i] = start(computes, i);
		CHECK_OK(pthread_getcpuclockid(t[i], &clock[i]));
		CHECK_EQ(clock_getres(clock[i], &res), 0);
		CHECK(res.tv_sec == 0 && res.tv_nsec > 0);
	}
	CHECK_OK(pthread_getcpuclockid(sleeper, &slept_clock));
	while (atomic_load(&done) < N) {
		for (int i = 0; i < N; i++) {
			int64_t now = clock_ns(clock[i]);
			CHECK(now >= last[i]);
			last[i] = now;
		}
		sleep_ms(5);
	}
	sum = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	CHECK(sum >= first);
	sum -= first;
	process = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - process;
	for (int i = 0; i < N; i++) {
		CHECK(clock_ns(clock[i]) >= had[i]);
		/* What it has computed is counted in cycles, other processes' included: no lower bound. */
		CHECK(had[i] > 0 && usage[i] * 1000 >= had[i] / 2);
		sum += had[i];
	}
	while (slept < 0)
		sleep_ms(1);
	CHECK(clock_ns(slept_clock) >= slept);
	CHECK(slept < process / 4);
	if (!(sum <= process + process / 4 && sum >= process / 2))
		fprintf(stderr, "%lld of %lld\n", (long long)sum, (long long)process), abort();
	CHECK(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &none, NULL) == EINVAL);
	CHECK(clock_nanosleep(clock[0], 0, &none, NULL) == 0);
	atomic_store(&stop, 1);
	for (int i = 0; i < N; i++)
		join(t[i]);
	join(sleeper);
	CHECK(clock_ns(CLOCK_THREAD_CPUTIME_ID) >= first);
	printf("counted\n");
	return 0;
}
