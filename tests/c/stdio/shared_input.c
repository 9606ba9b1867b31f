// rule: threads that share an input stream take whole lines, one after the other, and every one gets a turn
// one-thread: yes
#include "../io/util.h"
enum { N = 6, LINES = 300 };
static FILE *in;
static int seen[LINES], got[N];

static void *reader(void *arg)
{
	int id = (int)(intptr_t)arg;
	char line[64];
	while (fgets(line, sizeof line, in)) {
		int n;
		CHECK_EQ(sscanf(line, "line %d\n", &n), 1);
		CHECK_EQ(seen[n]++, 0);
		got[id]++;
	}
	return NULL;
}

int main(void)
{
	int p[2];
	u_pipe(p);
	in = fdopen(p[0], "r");
	pthread_t t[N];
	for (int i = 0; i < N; i++)
		t[i] = u_spawn(reader, (void *)(intptr_t)i);
	for (int i = 0; i < LINES; i++) {
		dprintf(p[1], "line ");
		if (i % 3 == 0) u_sleep(1);
		dprintf(p[1], "%d\n", i);
	}
	/* Another thread's call holds the lock: feof() would wait for it. */
	close(p[1]);
	for (int i = 0; i < N; i++)
		u_join(t[i]);
	CHECK(feof(in));
	for (int i = 0; i < LINES; i++)
		CHECK_EQ(seen[i], 1);
	if (preloaded())
		for (int i = 0; i < N; i++)
			CHECK(got[i] > 0);
	puts("ok");
	return 0;
}
