// rule: std::async, promise, future and packaged_task pass values and exceptions between threads
// one-thread: yes
#include "../check.h"
#include <chrono>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono;

static long fib(int n)
{
	if (n < 2)
		return n;
	if (n < 10)
		return fib(n - 1) + fib(n - 2);
	auto f = std::async(std::launch::async, fib, n - 1);
	long b = fib(n - 2);
	return f.get() + b;
}

int main()
{
	printf("fib %ld\n", fib(15));

	std::promise<std::string> p;
	auto f = p.get_future();
	CHECK(f.wait_for(milliseconds(30)) == std::future_status::timeout);
	std::thread t([&p] {
		sleep_ms(30);
		p.set_value("hello");
	});
	printf("%s\n", f.get().c_str());
	t.join();

	auto bad = std::async(std::launch::async, []() -> int { throw std::runtime_error("thrown"); });
	try {
		bad.get();
	} catch (std::runtime_error &e) {
		printf("%s\n", e.what());
	}

	std::packaged_task<int(int)> task([](int n) { return n * 2; });
	auto r = task.get_future().share();
	std::vector<std::thread> readers;
	for (int i = 0; i < 4; i++)
		readers.emplace_back([r] { CHECK_EQ(r.get(), 42); });
	std::thread(std::move(task), 21).join();
	for (auto &x : readers)
		x.join();

	{
		std::promise<void> never;
		f = std::future<std::string>();
		auto g = never.get_future();
		{
			std::promise<void> gone(std::move(never));
		}
		try {
			g.get();
		} catch (std::future_error &e) {
			CHECK(e.code() == std::future_errc::broken_promise);
			printf("broken promise\n");
		}
	}

	std::promise<int> at_exit;
	auto late = at_exit.get_future();
	std::thread([&at_exit] { at_exit.set_value_at_thread_exit(5); }).join();
	printf("%d\n", late.get());
	auto lazy = std::async(std::launch::deferred, [] { return std::this_thread::get_id(); });
	CHECK(lazy.get() == std::this_thread::get_id());
}
