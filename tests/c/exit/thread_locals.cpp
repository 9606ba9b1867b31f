// rule: (C++ [basic.start.term], exit(3)) exit destroys the calling thread's thread_local objects, then static ones with the atexit functions in reverse order; other threads' are not destroyed
// exit: 2
// variant: main -DFROM_MAIN
#include "../check.h"
#include <semaphore.h>
#include <string>
struct Noisy {
	std::string name;
	explicit Noisy(const char *n) : name(n) { printf("make %s\n", n); }
	~Noisy() { printf("end %s\n", name.c_str()); }
};
static Noisy first("static 1");
static thread_local Noisy *which;
static sem_t made;
static void at_exit() { printf("atexit\n"); }
static void *sleeps(void *arg)
{
	static thread_local Noisy own("of the sleeper");
	which = &own;
	sem_post(&made);
	sleep_ms(100000);
	return arg;
}
static void exits()
{
	static thread_local Noisy one("local 1"), two("local 2");
	which = &one;
	static Noisy in_function("static 2");
	exit(2);
}
static void *worker(void *) { exits(); return nullptr; }
int main()
{
	static thread_local Noisy of_main("of main");
	which = &of_main;
	pthread_t t;
	atexit(at_exit);
	CHECK_EQ(sem_init(&made, 0, 0), 0);
	CHECK_OK(pthread_create(&t, NULL, sleeps, NULL));
	CHECK_EQ(sem_wait(&made), 0);
#ifdef FROM_MAIN
	exits();
#endif
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	sleep_ms(100000);
}
