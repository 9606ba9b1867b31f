// rule: fesetround(3): a thread keeps its rounding mode, wherever it waits and on whatever OS thread others that it waits for have changed theirs and ended
// cflags: -frounding-math -O2
// libs: -lm
#include "hog.h"
#include <fenv.h>
#include <sched.h>
#include <sys/file.h>

enum { THREADS = 8, ROUNDS = 300 };
static const int modes[4] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
static int file;

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}

/* Begins with its creator's mode and ends with one of its own. */
static void *ends_otherwise(void *arg)
{
	int mode = modes[(intptr_t)arg & 3], creators = modes[(intptr_t)arg >> 2];
	CHECK_EQ(fegetround(), creators);
	fesetround(mode);
	if ((intptr_t)arg & 1)
		sched_yield();
	CHECK_EQ(fegetround(), mode);
	return NULL;
}

/* A number of instructions without a call, more than a slice now and then. */
static void compute(unsigned long n)
{
	for (volatile unsigned long i = 0; i < n; i++)
		;
}

static void *works(void *arg)
{
	unsigned seed = (intptr_t)arg;
	for (int i = 0; i < ROUNDS; i++) {
		int m = next(&seed) & 3;
		fesetround(modes[m]);
		switch (next(&seed) % 6) {
		case 0:
			sched_yield();
			break;
		case 1:
			usleep(next(&seed) % 300);
			break;
		case 2:
			flock(file, LOCK_EX);
			flock(file, LOCK_UN);
			break;
		case 3:
			join(start(ends_otherwise, m << 2 | (next(&seed) & 3)));
			break;
		case 4:
			compute(next(&seed) % 400000);
			break;
		case 5:
			fsync(file);
			break;
		}
		CHECK_EQ(fegetround(), modes[m]);
	}
	return NULL;
}

int main(void)
{
	pthread_t t[THREADS];
	file = open("rounding.file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(file >= 0);
	unlink("rounding.file");
	for (int i = 0; i < THREADS; i++)
		t[i] = start(works, i);
	for (int i = 0; i < THREADS; i++)
		join(t[i]);
	CHECK_EQ(fegetround(), FE_TONEAREST);
	puts("kept");
	return 0;
}
