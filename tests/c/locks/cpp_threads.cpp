// rule: std::thread, mutex, condition_variable (wait_for, wait_until) and thread_local behave as the standard says
// cflags: -std=c++17
// one-thread: yes
#include "../check.h"
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

using namespace std::chrono;

static thread_local int local = 11;

int main()
{
	std::mutex m;
	std::condition_variable cv;
	std::vector<std::thread> threads;
	int count = 0;

	for (int i = 0; i < 8; i++)
		threads.emplace_back([&, i] {
			CHECK_EQ(local, 11);
			local = i;
			for (int k = 0; k < 1000; k++) {
				std::lock_guard<std::mutex> g(m);
				count++;
				if (k % 100 == 0)
					std::this_thread::yield();
			}
			CHECK_EQ(local, i);
		});
	for (auto &t : threads)
		t.join();
	printf("count %d\n", count);
	CHECK_EQ(local, 11);

	/* Time-outs. */
	{
		std::unique_lock<std::mutex> g(m);
		auto t0 = steady_clock::now();
		CHECK(!cv.wait_for(g, milliseconds(60), [] { return false; }));
		CHECK(steady_clock::now() - t0 >= milliseconds(60));
		t0 = steady_clock::now();
		while (cv.wait_until(g, t0 + milliseconds(60)) != std::cv_status::timeout)
			;
		CHECK(steady_clock::now() - t0 >= milliseconds(60));
		while (cv.wait_until(g, system_clock::now() - seconds(1)) != std::cv_status::timeout)
			;
	}
	std::timed_mutex tm;
	tm.lock();
	std::thread([&] {
		CHECK(!tm.try_lock());
		CHECK(!tm.try_lock_for(milliseconds(30)));
		CHECK(!tm.try_lock_until(system_clock::now() + milliseconds(30)));
	}).join();
	tm.unlock();
	std::recursive_mutex rm;
	rm.lock();
	CHECK(rm.try_lock());
	std::thread([&] { CHECK(!rm.try_lock()); }).join();
	rm.unlock();
	rm.unlock();

	/* A queue. */
	std::queue<int> q;
	long sum = 0;
	std::thread consumer([&] {
		for (;;) {
			std::unique_lock<std::mutex> g(m);
			cv.wait(g, [&] { return !q.empty(); });
			int n = q.front();
			q.pop();
			if (n < 0)
				return;
			sum += n;
		}
	});
	for (int i = 0; i <= 1000; i++) {
		{
			std::lock_guard<std::mutex> g(m);
			q.push(i < 1000 ? i : -1);
		}
		cv.notify_one();
	}
	consumer.join();
	printf("sum %ld\n", sum);

	/* Several locks at once do not deadlock. */
	std::mutex a, b;
	std::thread x([&] { for (int i = 0; i < 500; i++) { std::scoped_lock g(a, b); std::this_thread::yield(); } });
	std::thread y([&] { for (int i = 0; i < 500; i++) { std::scoped_lock g(b, a); std::this_thread::yield(); } });
	x.join();
	y.join();

	auto t0 = steady_clock::now();
	std::this_thread::sleep_for(milliseconds(50));
	std::this_thread::sleep_until(steady_clock::now() + milliseconds(50));
	CHECK(steady_clock::now() - t0 >= milliseconds(100));
	CHECK(std::thread::hardware_concurrency() >= 1);
	return 0;
}
