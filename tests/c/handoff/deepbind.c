// rule: a library loaded with RTLD_DEEPBIND, or into a namespace of its own (dlmopen), that sleeps and reads by its own libc keeps no other thread from running
#include "hog.h"
#include <dlfcn.h>
#include "../thread/dlopen.h"

static const char *code =
	"#include <unistd.h>\n"
	"#include <time.h>\n"
	"int waits(int fd) { char c; struct timespec t = {0, 60000000};\n"
	"  nanosleep(&t, 0); return read(fd, &c, 1) == 1 ? c : -1; }\n";

static int (*waits[2])(int);
static int pipe_[2][2];
static atomic_int ticks;

static void *ticker(void *arg)
{
	while (!atomic_load(&hog_stop)) {
		sleep_ms(2);
		atomic_fetch_add(&ticks, 1);
	}
	return arg;
}

static void *calls(void *arg)
{
	long i = (long)(intptr_t)arg;
	return (void *)(intptr_t)waits[i](pipe_[i][0]);
}

int main(void)
{
	so_make("waits", code);
	void *deep = dlopen("./waits.so", RTLD_NOW | RTLD_DEEPBIND);
	CHECK(deep != NULL);
	waits[0] = (int (*)(int))dlsym(deep, "waits");
	void *apart = dlmopen(LM_ID_NEWLM, "./waits.so", RTLD_NOW);
	CHECK(apart != NULL);
	waits[1] = (int (*)(int))dlsym(apart, "waits");
	pthread_t tick = start(ticker, 0), t[2];
	for (int i = 0; i < 2; i++) {
		CHECK(pipe(pipe_[i]) == 0);
		t[i] = start(calls, i);
	}
	int64_t t0 = now_ms();
	while (atomic_load(&ticks) < 60) {
		CHECK(now_ms() - t0 < 10000);
		sleep_ms(1);
	}
	CHECK_EQ(write(pipe_[0][1], "a", 1), 1);
	CHECK_EQ(write(pipe_[1][1], "b", 1), 1);
	CHECK_EQ((intptr_t)join(t[0]), 'a');
	CHECK_EQ((intptr_t)join(t[1]), 'b');
	atomic_store(&hog_stop, 1);
	join(tick);
	puts("a b");
	return 0;
}
