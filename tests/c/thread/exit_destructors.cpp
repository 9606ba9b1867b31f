// rule: pthread_exit() unwinds the stack: C++ destructors run, catch (...) sees it and must pass it on
// one-thread: yes
#include "../check.h"
#include <cxxabi.h>

struct Guard {
	const char *name;
	~Guard() { printf("~%s\n", name); }
};

static void inner()
{
	Guard g{"inner"};
	check_os_threads(1);
	pthread_exit((void *)3);
}

static void *worker(void *)
{
	Guard outer{"outer"};
	try {
		Guard middle{"middle"};
		inner();
	} catch (abi::__forced_unwind &) {
		printf("forced unwind\n");
		throw;
	}
	printf("not reached\n");
	return nullptr;
}

static void *catch_all(void *)
{
	Guard outer{"outer"};
	try {
		sched_yield();
		inner();
	} catch (...) {
		printf("catch all\n");
		throw;
	}
	return nullptr;
}

int main()
{
	pthread_t t;
	void *r;
	CHECK_OK(pthread_create(&t, nullptr, worker, nullptr));
	CHECK_OK(pthread_join(t, &r));
	CHECK_EQ((intptr_t)r, 3);
	CHECK_OK(pthread_create(&t, nullptr, catch_all, nullptr));
	CHECK_OK(pthread_join(t, &r));
	CHECK_EQ((intptr_t)r, 3);
	printf("end\n");
}
