// std::async tasks that compute, a shared queue, and futures that wait.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <future>
#include <numeric>
#include <vector>

static uint64_t collatz(uint64_t from, uint64_t to)
{
	uint64_t steps = 0;
	for (uint64_t n = from; n < to; n++)
		for (uint64_t x = n; x > 1; steps++)
			x = x % 2 ? 3 * x + 1 : x / 2;
	return steps;
}

int main()
{
	uint64_t total = 0;
	for (int round = 0; round < 3; round++) {
		std::vector<std::future<uint64_t>> all;
		for (int i = 0; i < 16; i++)
			all.push_back(std::async(std::launch::async, collatz, 1 + i * 20000, 1 + (i + 1) * 20000));
		for (auto &f : all)
			total += f.get();
	}
	std::atomic<int> turn{0};
	std::vector<std::future<int>> ring;
	for (int i = 0; i < 6; i++)
		ring.push_back(std::async(std::launch::async, [&turn, i] {
			int seen = 0;
			while (seen < 50) {
				if (turn.load() % 6 != i)
					continue; // spins
				seen++;
				turn.fetch_add(1);
			}
			return seen;
		}));
	int passed = std::accumulate(ring.begin(), ring.end(), 0, [](int n, auto &f) { return n + f.get(); });
	std::printf("%llu %d\ndone\n", (unsigned long long)total, passed);
}
