// rule: std::call_once runs its function once; one that throws has not run, and the next caller tries again
// glibc: 2.34
// one-thread: yes
// On Debian 11 std::call_once hangs natively after an exception.
#include "../check.h"
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static std::once_flag flag, failing;
static int runs, tries, caught;
static std::mutex m;

struct Slow {
	int value;
	Slow() : value(0)
	{
		sleep_ms(50);
		value = ++made;
	}
	static int made;
};
int Slow::made;
static Slow &the_one()
{
	static Slow s; /* made once, by whoever comes first */
	return s;
}

int main()
{
	std::vector<std::thread> threads;
	for (int i = 0; i < 6; i++)
		threads.emplace_back([] {
			std::call_once(flag, [] { sleep_ms(50); runs++; });
			CHECK_EQ(runs, 1);
			CHECK_EQ(the_one().value, 1);
			try {
				std::call_once(failing, [] {
					sched_yield();
					if (++tries < 3)
						throw std::runtime_error("not yet");
				});
				CHECK_EQ(tries, 3);
			} catch (std::runtime_error &e) {
				std::lock_guard<std::mutex> g(m);
				caught++;
			}
		});
	for (auto &t : threads)
		t.join();
	printf("runs %d tries %d caught %d made %d\n", runs, tries, caught, Slow::made);
}
