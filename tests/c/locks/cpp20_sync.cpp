// rule: C++20 atomics' wait/notify, latch, barrier, semaphores and jthread with stop tokens, all built on futexes, work between threads
// gcc: 11
// cflags: -std=c++20 -Wno-maybe-uninitialized
// one-thread: yes
#include "../check.h"
#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <semaphore>
#include <thread>
#include <vector>

int main()
{
	std::atomic<int> flag{0};
	std::jthread waiter([&] {
		flag.wait(0);
		CHECK_EQ(flag.load(), 1);
		flag = 2;
		flag.notify_all();
	});
	sleep_ms(30);
	flag = 1;
	flag.notify_one();
	flag.wait(1);
	CHECK_EQ(flag.load(), 2);
	waiter.join();

	std::latch latch(5);
	std::atomic<int> before{0};
	std::vector<std::jthread> threads;
	for (int i = 0; i < 4; i++)
		threads.emplace_back([&] {
			before++;
			latch.arrive_and_wait();
			CHECK_EQ(before.load(), 4);
		});
	latch.arrive_and_wait();
	threads.clear();

	int rounds = 0;
	std::barrier barrier(3, [&]() noexcept { rounds++; });
	for (int i = 0; i < 3; i++)
		threads.emplace_back([&] {
			for (int k = 0; k < 50; k++)
				barrier.arrive_and_wait();
		});
	threads.clear();
	printf("rounds %d\n", rounds);

	std::counting_semaphore<10> sem(0);
	CHECK(!sem.try_acquire());
	CHECK(!sem.try_acquire_for(std::chrono::milliseconds(30)));
	std::jthread poster([&] { sleep_ms(30); sem.release(2); });
	sem.acquire();
	sem.acquire();
	poster.join();

	std::condition_variable_any cv;
	std::mutex m;
	bool stopped = false;
	{
		std::jthread t([&](std::stop_token token) {
			std::unique_lock g(m);
			CHECK(!cv.wait(g, token, [] { return false; }));
			stopped = true;
		});
		sleep_ms(30);
	}
	CHECK(stopped);
	printf("stopped\n");
}
