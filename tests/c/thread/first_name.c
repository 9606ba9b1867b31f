// rule: prctl(2), pthread_setname_np(3): the first thread's name is its own, and the process's, wherever it waits and whatever other threads do
#include "../check.h"
#include <sys/prctl.h>

static volatile int quit;

static void *computes(void *arg)
{
	while (!quit)
		for (volatile int i = 0; i < 1000; i++)
			;
	return arg;
}

static void named(const char *name)
{
	char told[32] = "", file[32] = "";
	CHECK_EQ(prctl(PR_GET_NAME, told), 0);
	CHECK_STR(told, name);
	CHECK_OK(pthread_getname_np(pthread_self(), told, sizeof told));
	CHECK_STR(told, name);
	FILE *f = fopen("/proc/self/comm", "r");
	CHECK(f != NULL && fgets(file, sizeof file, f) != NULL);
	fclose(f);
	file[strcspn(file, "\n")] = '\0';
	CHECK_STR(file, name);
}

static void *waits(void *arg)
{
	char told[32];
	CHECK_EQ(prctl(PR_SET_NAME, "other"), 0);
	usleep(20000);
	CHECK_EQ(prctl(PR_GET_NAME, told), 0);
	CHECK_STR(told, "other");
	return arg;
}

int main(void)
{
	pthread_t t[3], other;
	char told[32];
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_create(&t[i], NULL, computes, NULL));
	for (int i = 0; i < 20; i++) {
		char name[16];
		snprintf(name, sizeof name, "name %d", i);
		CHECK_EQ(prctl(PR_SET_NAME, name), 0);
		CHECK_OK(pthread_create(&other, NULL, waits, NULL));
		usleep(10000);
		named(name);
		snprintf(name, sizeof name, "again %d", i);
		CHECK_OK(pthread_setname_np(pthread_self(), name));
		usleep(10000);
		named(name);
		CHECK_OK(pthread_join(other, NULL));
		named(name);
	}
	CHECK_EQ(prctl(PR_SET_NAME, "longer than fifteen"), 0);
	named("longer than fif");
	CHECK_RC(pthread_setname_np(pthread_self(), "longer than fifteen"), ERANGE);
	CHECK_RC(pthread_getname_np(pthread_self(), told, 3), ERANGE);
	quit = 1;
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	puts("its own");
	return 0;
}
