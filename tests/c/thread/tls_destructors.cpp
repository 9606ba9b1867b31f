// rule: at thread exit thread_local destructors run in reverse order of construction, and before the keys' destructors
// one-thread: yes
#include "../check.h"
#include <string>
#include <thread>

static pthread_key_t key;
static void destroy(void *v) { printf("key %s\n", (char *)v); }

struct Noisy {
	std::string name;
	explicit Noisy(const char *n) : name(n) { printf("make %s\n", n); }
	~Noisy()
	{
		sched_yield();
		check_os_threads(1);
		printf("drop %s\n", name.c_str());
	}
};
static thread_local Noisy one("one");
static thread_local Noisy two("two");

static void function_local()
{
	static thread_local Noisy three("three");
	three.name += "!";
}

int main()
{
	pthread_key_create(&key, destroy);
	for (int round = 0; round < 3; round++) {
		std::thread t([round] {
			pthread_setspecific(key, (void *)"value");
			one.name += "+";
			function_local();
			function_local();
			if (round == 2)
				pthread_exit(nullptr);
			printf("body ends\n");
		});
		t.join();
	}
	printf("main ends\n");
}
