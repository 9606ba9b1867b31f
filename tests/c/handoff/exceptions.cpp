// rule: C++ exceptions are thrown and caught in each of 20 computing threads, and a thread is interrupted anywhere in between
#include "hog.h"
#include <stdexcept>
#include <string>

enum { N = 20 };

struct Guard {
	long &depth;
	explicit Guard(long &d) : depth(d) { depth++; }
	~Guard() { depth--; }
};

static long deeper(int n, long &depth)
{
	Guard guard(depth);
	if (n == 0)
		throw std::runtime_error("end " + std::to_string(depth));
	return deeper(n - 1, depth) + 1;
}

static void *throws_(void *arg)
{
	int id = (int)(intptr_t)arg;
	long depth = 0, caught = 0;
	for (int64_t t0 = now_ms(); now_ms() - t0 < 300 || caught == 0;) {
		try {
			deeper(id % 7 + 1, depth);
			CHECK(!"reached");
		} catch (const std::runtime_error &e) {
			CHECK_EQ(std::uncaught_exceptions(), 0);
			CHECK(e.what() == "end " + std::to_string(id % 7 + 2));
			try {
				throw id;
			} catch (int n) {
				CHECK_EQ(n, id);
			}
			CHECK_EQ(depth, 0);
			caught++;
		}
	}
	return arg;
}

int main()
{
	pthread_t t[N];
	for (int i = 0; i < N; i++)
		t[i] = start(throws_, i);
	for (int i = 0; i < N; i++)
		join(t[i]);
	puts("caught");
}
