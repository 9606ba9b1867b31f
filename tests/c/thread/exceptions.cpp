// rule: C++ exceptions are the thread's own: a thread may block in a catch block or during unwinding while others throw
// one-thread: yes
#include "../check.h"
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct Yielder {
	~Yielder() { sched_yield(); }
};

static void thrower(int n, int depth)
{
	Yielder y;
	if (depth == 0)
		throw std::runtime_error("thread " + std::to_string(n));
	thrower(n, depth - 1);
}

static void work(int n)
{
	for (int i = 0; i < 20; i++) {
		std::string want = "thread " + std::to_string(n);
		try {
			thrower(n, n % 5);
			CHECK(false);
		} catch (std::exception &e) {
			sched_yield();
			CHECK(want == e.what());
			std::exception_ptr p = std::current_exception();
			try {
				throw n;
			} catch (int got) {
				usleep(0);
				CHECK_EQ(got, n);
			}
			try {
				std::rethrow_exception(p);
			} catch (std::runtime_error &again) {
				sched_yield();
				CHECK(want == again.what());
			}
			try {
				sched_yield();
				throw;
			} catch (std::runtime_error &again) {
				CHECK(want == again.what());
			}
		}
		CHECK_EQ(std::uncaught_exceptions(), 0);
		CHECK(!std::current_exception());
	}
}

int main()
{
	std::vector<std::thread> threads;
	for (int i = 0; i < 10; i++)
		threads.emplace_back(work, i);
	for (auto &t : threads)
		t.join();
	printf("caught\n");
}
