// rule: sleepers wake in the order of their deadlines, whatever the order they went to sleep in
// one-thread: yes
// env: GEVENTRS_SLICE=5000
// timeout: 180
#include "../check.h"

/* Natively each thread wakes by itself, and on a busy machine the kernel may let a later one
 * run first: then it is tried again, with more room. Preloaded the order is ours: sleepers
 * until a time wake in order in each round, unless one came to its sleep when others were due
 * already. */
enum { N = 8, ROUNDS = 6 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int order[N], woken, late, gap_ms, flags;
static int64_t t0;

static void *sleeper(void *arg)
{
	int n = (intptr_t)arg;
	int64_t now = now_ns(), until = t0 + gap_ms * (n + 1) * 1000000ll;
	if (now >= t0 + gap_ms * 1000000ll)
		__atomic_store_n(&late, 1, __ATOMIC_RELAXED);
	if (!flags)
		until = until > now ? until - now : 0;
	struct timespec t = { until / 1000000000, until % 1000000000 };
	CHECK_OK(clock_nanosleep(CLOCK_MONOTONIC, flags, &t, NULL));
	CHECK_WAITED(t0, gap_ms * (n + 1));
	pthread_mutex_lock(&m);
	order[woken++] = n;
	pthread_mutex_unlock(&m);
	return NULL;
}

static int in_order(void)
{
	static const int start[N] = { 5, 2, 7, 0, 6, 3, 1, 4 };
	pthread_t t[N];
	woken = late = 0;
	t0 = now_ns();
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, sleeper, (void *)(intptr_t)start[i]));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_WAITED(t0, gap_ms * N);
	CHECK_EQ(woken, N);
	for (int i = 0; i < N; i++)
		if (order[i] != i)
			return 0;
	return 1;
}

int main(void)
{
	static const int kinds[] = { 0, TIMER_ABSTIME };
	for (int k = 0; k < 2; k++) {
		flags = kinds[k];
		gap_ms = 75;
		for (int round = 1; !in_order(); round++, gap_ms *= 2) {
			CHECK(round < ROUNDS);
			CHECK(!preloaded() || late || !flags);
		}
		printf("%s: in order\n", flags ? "until a time" : "for a time");
	}
	check_os_threads(1);
	return 0;
}
