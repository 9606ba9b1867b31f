// rule: (C++) a forced unwind that leaves a noexcept function calls std::terminate
// exit: signal 6
// stderr: ignore
#include "../check.h"
static void waits() noexcept { sleep_ms(100000); }
static void *worker(void *) { waits(); return nullptr; }
int main()
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	sleep_ms(20);
	CHECK_OK(pthread_cancel(t));
	CHECK_OK(pthread_join(t, NULL));
	puts("not to be seen");
}
