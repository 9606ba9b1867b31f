// rule: getline(3) and getdelim(3) grow the line as glibc does, whatever the pieces in which it comes
// one-thread: yes
#include "../io/util.h"
static int p[2];
static void *writer(void *arg)
{
	(void)arg;
	static char b[70000];
	memset(b, 'x', sizeof b);
	for (int n = 1; n < 70000; n = n * 3 + 1) {
		b[n - 1] = '\n';
		for (int at = 0; at < n; at += 1000) {
			u_write_all(p[1], b + at, n - at < 1000 ? n - at : 1000);
			if (at % 7000 == 0)
				u_sleep(1);
		}
		b[n - 1] = 'x';
	}
	u_write_all(p[1], "a\0b;c;", 6);
	close(p[1]);
	return NULL;
}

int main(void)
{
	u_pipe(p);
	pthread_t t = u_spawn(writer, NULL);
	FILE *f = fdopen(p[0], "r");
	char *line = NULL;
	size_t size = 0;
	for (int n = 1; n < 70000; n = n * 3 + 1) {
		CHECK_EQ(getline(&line, &size, f), n);
		CHECK_EQ(strlen(line), n);
		CHECK_EQ(line[n - 1], '\n');
		CHECK(size > (size_t)n);
	}
	ssize_t n = getdelim(&line, &size, ';', f);
	printf("%zd %d\n", n, memcmp(line, "a\0b;", 5));
	free(line);
	line = NULL;
	size = 77; /* ignored: there is no line */
	n = getdelim(&line, &size, ';', f);
	printf("%zd %s %zu\n", n, line, size);
	n = getline(&line, &size, f);
	printf("%zd eof %d\n", n, feof(f));
	errno = 0;
	n = getline(NULL, &size, f);
	printf("%zd %s\n", n, strerrorname_(errno));
	free(line);
	u_join(t);
	return 0;
}
