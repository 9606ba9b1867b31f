// rule: (glibc) the destructors of keys are cancellation points of a thread that has returned, not of one that has called pthread_exit; cancelled there, or calling pthread_exit, the thread is joined with that result
#include "../check.h"

static pthread_key_t key, other;
static int ends[2];
static volatile int began;

static void destroy_other(void *value) { printf("other of %s\n", (char *)value); }
static void destroy(void *value)
{
	char b;
	printf("destructor of %s\n", (char *)value);
	if (strcmp(value, "left by pthread_exit") == 0)
		pthread_exit("by destructor");
	began = 1;
	printf("read: %d\n", (int)read(ends[0], &b, 1));
}
static void *worker(void *how)
{
	CHECK_OK(pthread_setspecific(key, how));
	CHECK_OK(pthread_setspecific(other, how));
	if (strcmp(how, "exits") == 0)
		pthread_exit("exited");
	if (strcmp(how, "pending") == 0)
		CHECK_OK(pthread_cancel(pthread_self()));
	return "returned";
}
static void test(char *how, int cancels, int writes)
{
	pthread_t t;
	void *value;
	began = 0;
	CHECK_OK(pthread_create(&t, NULL, worker, how));
	while ((cancels || writes) && !began)
		sleep_ms(1);
	sleep_ms(10);
	if (cancels)
		CHECK_OK(pthread_cancel(t));
	sleep_ms(20);
	if (writes)
		CHECK_EQ(write(ends[1], "x", 1), 1);
	CHECK_OK(pthread_join(t, &value));
	printf("%s: %s\n", how, value == PTHREAD_CANCELED ? "cancelled" : (char *)value);
}
int main(void)
{
	CHECK_EQ(pipe(ends), 0);
	CHECK_OK(pthread_key_create(&key, destroy));
	CHECK_OK(pthread_key_create(&other, destroy_other));
	for (int i = 0; i < 3; i++) { /* threads that come later begin anew */
		test("returns", 0, 1);
		test("cancelled", 1, 0);
		test("pending", 0, 0);
		test("exits", 1, 1);
		test("left by pthread_exit", 0, 0);
	}
	return 0;
}
