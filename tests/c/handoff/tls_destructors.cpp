// rule: thread_local objects of threads that compute are destroyed at each thread's end, in that thread, in reverse order
#include "hog.h"
#include <vector>

enum { N = 12 };
static atomic_int destroyed, wrong;
static thread_local int id;

struct Second {
	std::vector<int> v;
	~Second()
	{
		compute_ms(8);
		if (v.size() != 100 || v[7] != id)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&destroyed, 1);
	}
};
struct First {
	int mine = 0;
	~First()
	{
		compute_ms(8);
		if (mine != id)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&destroyed, 1);
	}
};
static thread_local First first;
static thread_local Second second;

static void *works(void *arg)
{
	id = (int)(intptr_t)arg;
	first.mine = id;
	compute_ms(12);
	second.v.assign(100, id);
	compute_ms(12);
	if (id % 3 == 0)
		pthread_exit(arg);
	return arg;
}

int main()
{
	pthread_t t[N];
	hog_init();
	for (int i = 0; i < N; i++)
		t[i] = start(works, i + 1);
	for (int i = 0; i < N; i++)
		CHECK_EQ((intptr_t)join(t[i]), i + 1);
	CHECK_EQ(atomic_load(&destroyed), 2 * N);
	CHECK_EQ(atomic_load(&wrong), 0);
	puts("destroyed");
}
