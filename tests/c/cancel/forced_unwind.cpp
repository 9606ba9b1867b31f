// rule: (glibc, the C++ ABI) a cancelled thread unwinds its stack: destructors run, catch (...) and catch (abi::__forced_unwind&) see it and pass it on, other catch clauses do not
#include "../check.h"
#include <cxxabi.h>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

static volatile int ready;
struct Guard {
	std::string name;
	explicit Guard(const char *n) : name(n) {}
	~Guard() { printf("~%s\n", name.c_str()); fflush(stdout); }
};
static thread_local Guard own("thread_local");

static void wait_in_poll() { Guard g("poll"); ready = 1; sleep_ms(100000); }
static std::mutex m;
static std::condition_variable c;
static void wait_in_condition()
{
	Guard g("condition");
	std::unique_lock<std::mutex> lock(m);
	ready = 1;
	c.wait(lock, [] { return false; });
}
static void wait_in_catch()
{
	Guard g("outer");
	try {
		throw std::runtime_error("caught");
	} catch (const std::exception &e) {
		Guard inner("in catch");
		printf("%s\n", e.what());
		ready = 1;
		sleep_ms(100000);
	}
}
static void *worker(void *arg)
{
	own.name += " used";
	Guard g("worker");
	try {
		try {
			try {
				reinterpret_cast<void (*)()>(arg)();
			} catch (const std::exception &) {
				printf("not to be seen\n");
			}
		} catch (abi::__forced_unwind &) {
			printf("forced unwind\n");
			throw;
		}
	} catch (...) {
		printf("catch (...)\n");
		throw;
	}
	return nullptr;
}
int main()
{
	void (*waits[])() = {wait_in_poll, wait_in_condition, wait_in_catch};
	for (auto f : waits) {
#if __GNUC__ < 12 /* there condition_variable::wait is noexcept */
		if (f == wait_in_condition)
			continue;
#endif
		pthread_t t;
		void *value;
		ready = 0;
		CHECK_OK(pthread_create(&t, NULL, worker, reinterpret_cast<void *>(f)));
		while (!ready)
			sleep_ms(1);
		sleep_ms(5);
		CHECK_OK(pthread_cancel(t));
		CHECK_OK(pthread_join(t, &value));
		CHECK(value == PTHREAD_CANCELED);
		CHECK(m.try_lock());
		m.unlock();
	}
	puts("done");
}
