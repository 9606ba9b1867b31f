// rule: (glibc) at a thread's end thread_local destructors run before the keys'; both may wait, use thread-locals anew, lock, make and join threads; values that they set are destroyed in later rounds
#include "../check.h"
#include <mutex>
#include <string>
#include <thread>
static pthread_key_t key, second;
static std::mutex m;
struct Late {
	int n = 7;
	~Late() { printf("late %d\n", n); }
};
static Late &late() { static thread_local Late l; return l; }
struct Own {
	std::string name = "own";
	~Own()
	{
		std::lock_guard<std::mutex> lock(m);
		sleep_ms(2);
		late().n++;
		std::thread([] { printf("a thread in a destructor\n"); }).join();
		printf("~%s\n", name.c_str());
	}
};
static thread_local Own own;
static int rounds;
static void destroy(void *v)
{
	sleep_ms(1);
	printf("key %s, value now %s\n", (char *)v, pthread_getspecific(key) ? "set" : "null");
	if (rounds++ == 0) {
		pthread_setspecific(second, "second");
		pthread_setspecific(key, "again");
	}
}
static void destroy_second(void *v) { printf("key %s\n", (char *)v); }
static void *worker(void *arg)
{
	own.name += " of worker";
	pthread_setspecific(key, "first");
	if (arg == &key)
		pthread_exit(arg);
	if (arg)
		sleep_ms(100000);
	return arg;
}
int main()
{
	CHECK_OK(pthread_key_create(&key, destroy));
	CHECK_OK(pthread_key_create(&second, destroy_second));
	for (int i = 0; i < 3; i++) {
		pthread_t t;
		rounds = 0;
		CHECK_OK(pthread_create(&t, NULL, worker, i == 1 ? &key : i == 2 ? &second : NULL));
		if (i == 2) {
			sleep_ms(20);
			CHECK_OK(pthread_cancel(t));
		}
		CHECK_OK(pthread_join(t, NULL));
		printf("joined %d\n", i);
	}
}
