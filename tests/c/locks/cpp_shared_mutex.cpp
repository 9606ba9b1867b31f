// rule: std::shared_mutex and shared_timed_mutex: readers share, a writer is alone, try_lock_for gives up at its time
// cflags: -std=c++17
// one-thread: yes
#include "../check.h"
#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

int main()
{
	std::shared_mutex m;
	std::vector<std::thread> threads;
	int value = 0;
	std::atomic<int> readers{0};
	for (int i = 0; i < 3; i++)
		threads.emplace_back([&] {
			for (int k = 0; k < 300; k++) {
				std::unique_lock<std::shared_mutex> g(m);
				CHECK_EQ(readers.load(), 0);
				int seen = value;
				if (k % 10 == 0)
					std::this_thread::yield();
				value = seen + 1;
			}
		});
	for (int i = 0; i < 3; i++)
		threads.emplace_back([&] {
			for (int k = 0; k < 300; k++) {
				std::shared_lock<std::shared_mutex> g(m);
				readers++;
				int seen = value;
				if (k % 10 == 0)
					std::this_thread::yield();
				CHECK_EQ(value, seen);
				readers--;
			}
		});
	for (auto &t : threads)
		t.join();
	printf("value %d\n", value);

	std::shared_timed_mutex tm;
	tm.lock_shared();
	std::thread([&] {
		CHECK(tm.try_lock_shared());
		tm.unlock_shared();
		CHECK(!tm.try_lock());
		CHECK(!tm.try_lock_for(std::chrono::milliseconds(30)));
	}).join();
	tm.unlock_shared();
	tm.lock();
	std::thread([&] {
		CHECK(!tm.try_lock_shared());
		CHECK(!tm.try_lock_shared_for(std::chrono::milliseconds(30)));
	}).join();
	tm.unlock();
}
