// rule: threads that compute in registers (SSE, AVX, x87, rounding modes, integers) get what they get alone, however often they are interrupted
// cflags: -frounding-math -O2
// libs: -lm
#include "hog.h"
#include <fenv.h>

enum { N = 20 };
static const int modes[4] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
static long rounds;

struct result {
	double d, v[4];
	long double l;
	float f;
	uint64_t n;
	int mode;
};

typedef double vec __attribute__((vector_size(32)));

/* No call inside. */
__attribute__((always_inline)) static inline void chain(int id, struct result *r)
{
	double d = 1 + id;
	long double l = 2 + id;
	float f = 3 + id;
	uint64_t a = id * 7919 + 1, b = 12345, c = ~a, e = 77;
	vec v = {d, d + 1, d + 2, d + 3}, w = {1.0000001, 0.9999999, 1.0000003, 0.9999998};
	for (long i = 0; i < rounds; i++) {
		d = d * 1.0000001 + 0.1;
		d = d > 1e6 ? d / 3.7e5 : d;
		l = l * 1.0000002L + 0.3L;
		l = l > 1e6L ? l / 2.9e5L : l;
		f = f * 1.0001f + 0.7f;
		f = f > 1e6f ? f / 1.3e5f : f;
		v = v * w + w;
		a = a * 6364136223846793005u + b;
		b ^= a >> 17;
		c += b << 3 ^ e;
		e = (e << 7 | e >> 57) + c;
	}
	r->d = d;
	r->l = l;
	r->f = f;
	for (int i = 0; i < 4; i++)
		r->v[i] = v[i];
	r->n = a ^ b ^ c ^ e;
}

static void compute_plain(int id, struct result *r) { chain(id, r); }
#if defined __x86_64__
__attribute__((target("avx2"))) static void compute_avx(int id, struct result *r) { chain(id, r); }
#endif

static void compute(int id, struct result *r)
{
	memset(r, 0, sizeof *r);
	CHECK_EQ(fesetround(modes[id % 4]), 0);
#if defined __x86_64__
	if (id % 2 && __builtin_cpu_supports("avx2"))
		compute_avx(id, r);
	else
#endif
		compute_plain(id, r);
	r->mode = fegetround();
	CHECK_EQ(r->mode, modes[id % 4]);
}

static struct result serial[N], threaded[N];

static void *works(void *arg)
{
	int id = (int)(intptr_t)arg;
	compute(id, &threaded[id]);
	return arg;
}

int main(void)
{
	pthread_t t[N];
	rounds = 2000000;
	int64_t t0 = now_ms();
	compute(1, &serial[0]);
	int64_t took = now_ms() - t0;
	rounds = took > 25 ? rounds * 25 / took : rounds;
	for (int i = 0; i < N; i++)
		compute(i, &serial[i]);
	fesetround(FE_UPWARD);
	for (int i = 0; i < N; i++)
		t[i] = start(works, i);
	for (int i = 0; i < N; i++)
		join(t[i]);
	CHECK_EQ(fegetround(), FE_UPWARD);
	for (int i = 0; i < N; i++) {
		CHECK(serial[i].d == threaded[i].d);
		CHECK(serial[i].l == threaded[i].l);
		CHECK(serial[i].f == threaded[i].f);
		CHECK(memcmp(serial[i].v, threaded[i].v, sizeof serial[i].v) == 0);
		CHECK(serial[i].n == threaded[i].n);
	}
	puts("equal");
	return 0;
}
