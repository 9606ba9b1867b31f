// rule: POSIX stdio_ext: a FILE is locked for each call, so lines of many threads are never torn, whoever is slow
// one-thread: yes
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"
enum { N = 8, LINES = 150 };
static FILE *out;
static char filler[1500];

static void *writer(void *arg)
{
	int id = (int)(intptr_t)arg;
	char line[2000];
	for (int i = 0; i < LINES; i++) {
		int n = (id * 131 + i * 17) % 1400;
		switch (i % 5) {
		case 0: fprintf(out, "<%d %d %.*s>\n", id, i, n, filler); break;
		case 1: snprintf(line, sizeof line, "<%d %d %.*s>\n", id, i, n, filler); fputs(line, out); break;
		case 2: n = snprintf(line, sizeof line, "<%d %d %.*s>\n", id, i, n, filler); CHECK_EQ(fwrite(line, 1, n, out), n); break;
		case 3:
			flockfile(out);
			fprintf(out, "<%d ", id);
			sched_yield();
			fprintf(out, "%d ", i);
			putc_unlocked('x', out);
			if (i % 20 == 3) u_sleep(1);
			fputs_unlocked(">\n", out);
			funlockfile(out);
			break;
		case 4: fprintf(out, "<%d %d %.*s>\n", id, i, 3, filler); fflush(out); break;
		}
	}
	return NULL;
}

static void *close_later(void *arg)
{
	pthread_t *t = arg;
	for (int i = 0; i < N; i++)
		u_join(t[i]);
	fclose(out);
	return NULL;
}

int main(void)
{
	int p[2], next[N] = {0};
	u_pipe(p);
	FILE *in = fdopen(p[0], "r");
	out = fdopen(p[1], "w");
	memset(filler, '.', sizeof filler);
	pthread_t t[N];
	for (int i = 0; i < N; i++)
		t[i] = u_spawn(writer, (void *)(intptr_t)i);
	pthread_t closer = u_spawn(close_later, t);
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int lines = 0;
	u_sleep(100);
	while ((n = getline(&line, &size, in)) > 0) {
		int id, i;
		CHECK_EQ(sscanf(line, "<%d %d ", &id, &i), 2);
		CHECK_EQ(i, next[id]);
		next[id]++;
		CHECK(line[n - 2] == '>' && line[n - 1] == '\n');
		CHECK(strchr(line + 1, '<') == NULL);
		if (++lines % 200 == 0) u_sleep(1);
	}
	u_join(closer);
	CHECK_EQ(lines, N * LINES);
	puts("ok");
	return 0;
}
