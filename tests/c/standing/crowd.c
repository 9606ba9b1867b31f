// rule: threads of many different attributes hand work to each other by locks, conditions and pipes, and each keeps its own
// source: pthread_cond_wait(3p), prctl(2), personality(2)
// timeout: 90
#include "standing.h"
#include <sys/personality.h>

enum { THREADS = 16, ROUNDS = 60 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn, base;
static struct signal_pipe token[THREADS];

static const unsigned long bits[] = { ADDR_COMPAT_LAYOUT, STICKY_TIMEOUTS, WHOLE_SECONDS, SHORT_INODE };
static unsigned long bits_of(int i)
{
	unsigned long all = 0;
	for (int b = 0; b < 4; b++)
		all |= i >> b & 1 ? bits[b] : 0;
	return all;
}
static void has(int i)
{
	CHECK_EQ(personality(0xffffffff), base | bits_of(i));
	CHECK_EQ(no_new_privs(), i % 3 == 1);
}
static void *made(void *arg)
{
	has((int)(intptr_t)arg);
	sched_yield();
	has((int)(intptr_t)arg);
	return arg;
}
static void *works(void *arg)
{
	int i = (int)(intptr_t)arg;
	CHECK(personality(base | bits_of(i)) >= 0);
	if (i % 3 == 1)
		set_no_new_privs();
	for (int r = 0; r < ROUNDS; r++) {
		CHECK_OK(pthread_mutex_lock(&mutex));
		while (turn % THREADS != i)
			CHECK_OK(pthread_cond_wait(&cond, &mutex));
		has(i);
		turn++;
		CHECK_OK(pthread_cond_broadcast(&cond));
		CHECK_OK(pthread_mutex_unlock(&mutex));
		if (r % 20 == 10) {
			pthread_t t = start(made, i);
			compute_ms(i % 5 == 0 ? 30 : 0);
			join(t);
		}
		pipe_await(&token[i]);
		has(i);
		pipe_tell(&token[(i + 1) % THREADS]);
	}
	return arg;
}

int main(void)
{
	pthread_t t[THREADS];
	hog_init();
	base = personality(0xffffffff);
	for (int i = 0; i < THREADS; i++)
		pipe_make(&token[i]);
	for (int i = 0; i < THREADS; i++)
		t[i] = start(works, i);
	pipe_tell(&token[0]);
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(personality(0xffffffff), base);
		sleep_ms(1);
	}
	for (int i = 0; i < THREADS; i++)
		join(t[i]);
	CHECK_EQ(turn, THREADS * ROUNDS);
	CHECK_EQ(personality(0xffffffff), base);
	CHECK_EQ(no_new_privs(), 0);
	puts("crowd");
	return 0;
}
