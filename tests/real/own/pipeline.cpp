// The standard library's own tools on threads: a pipeline of bounded queues,
// thread_local with destructors, exceptions through futures, call_once,
// timed waits, and a parallel sum checked against the serial one.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

template <class T> class Channel {
public:
	explicit Channel(size_t room) : room_(room) {}

	void send(T value)
	{
		std::unique_lock lock(mutex_);
		not_full_.wait(lock, [&] { return items_.size() < room_; });
		items_.push_back(std::move(value));
		not_empty_.notify_one();
	}

	void close()
	{
		std::lock_guard lock(mutex_);
		closed_ = true;
		not_empty_.notify_all();
	}

	std::optional<T> receive()
	{
		std::unique_lock lock(mutex_);
		not_empty_.wait(lock, [&] { return !items_.empty() || closed_; });
		if (items_.empty())
			return std::nullopt;
		T value = std::move(items_.front());
		items_.pop_front();
		not_full_.notify_one();
		return value;
	}

private:
	const size_t room_;
	std::mutex mutex_;
	std::condition_variable not_full_, not_empty_;
	std::deque<T> items_;
	bool closed_ = false;
};

static std::atomic<int> locals_alive{0}, locals_made{0};

struct Local {
	std::string name = "unnamed";
	Local() { locals_alive++, locals_made++; }
	~Local() { locals_alive--; }
};

static thread_local Local local;

static void pipeline()
{
	Channel<std::unique_ptr<long>> first(3), second(2);
	std::vector<std::thread> squarers;
	for (int i = 0; i < 6; i++)
		squarers.emplace_back([&, i] {
			local.name = "squarer " + std::to_string(i);
			while (auto n = first.receive())
				second.send(std::make_unique<long>(**n * **n));
			if (local.name != "squarer " + std::to_string(i))
				std::printf("a thread_local was shared\n");
		});
	std::thread feeder([&] {
		for (long i = 1; i <= 2000; i++)
			first.send(std::make_unique<long>(i));
		first.close();
	});
	long sum = 0;
	std::thread collector([&] {
		while (auto n = second.receive())
			sum += **n;
	});
	feeder.join();
	for (auto &t : squarers)
		t.join();
	second.close();
	collector.join();
	std::printf("sum of squares %ld\n", sum);
	std::printf("locals made %d, alive %d\n", locals_made.load(), locals_alive.load());
}

static void exceptions()
{
	std::vector<std::future<int>> all;
	for (int i = 0; i < 20; i++)
		all.push_back(std::async(std::launch::async, [i] {
			try {
				std::this_thread::sleep_for(1ms);
				if (i % 2)
					throw std::runtime_error("odd " + std::to_string(i));
			} catch (const std::runtime_error &) {
				// In flight while other threads throw and catch theirs.
				std::this_thread::sleep_for(2ms);
				throw;
			}
			return i;
		}));
	int good = 0, bad = 0;
	for (int i = 0; i < 20; i++)
		try {
			good += all[i].get() == i;
		} catch (const std::runtime_error &e) {
			bad += e.what() == "odd " + std::to_string(i);
		}
	std::printf("futures: %d values, %d exceptions\n", good, bad);
	std::promise<void> never;
	std::printf("timed wait %s\n",
	            never.get_future().wait_for(20ms) == std::future_status::timeout ? "times out" : "?");
}

static void shared()
{
	std::shared_mutex mutex;
	std::once_flag once;
	std::atomic<int> begun{0};
	int a = 0, b = 0, torn = 0;
	std::vector<std::thread> all;
	for (int i = 0; i < 4; i++) {
		all.emplace_back([&] {
			std::call_once(once, [&] {
				std::this_thread::sleep_for(5ms);
				begun++;
			});
			for (int k = 0; k < 500; k++) {
				std::unique_lock lock(mutex);
				a++;
				std::this_thread::yield();
				b++;
			}
		});
		all.emplace_back([&] {
			for (int k = 0; k < 500; k++) {
				std::shared_lock lock(mutex);
				torn += a != b;
			}
		});
	}
	for (auto &t : all)
		t.join();
	std::printf("shared: %d %d torn %d, once %d\n", a, b, torn, begun.load());
}

static void parallel_sum()
{
	std::vector<int> numbers(400000);
	std::iota(numbers.begin(), numbers.end(), 1);
	std::vector<std::future<long>> parts;
	for (int i = 0; i < 4; i++)
		parts.push_back(std::async(std::launch::async, [&, i] {
			return std::accumulate(numbers.begin() + i * 100000,
			                       numbers.begin() + (i + 1) * 100000, 0L);
		}));
	long sum = 0;
	for (auto &p : parts)
		sum += p.get();
	std::printf("parallel sum %s\n",
	            sum == std::accumulate(numbers.begin(), numbers.end(), 0L) ? "right" : "wrong");
}

int main()
{
	pipeline();
	exceptions();
	shared();
	parallel_sum();
	std::printf("done\n");
}
