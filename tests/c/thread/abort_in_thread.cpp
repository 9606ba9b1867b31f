// rule: an exception that leaves a thread's start function calls std::terminate()
// exit: signal 6
#include "../check.h"
#include <thread>

int main()
{
	printf("before\n");
	fflush(stdout);
	std::thread t([] { throw 5; });
	t.join();
	printf("not reached\n");
}
