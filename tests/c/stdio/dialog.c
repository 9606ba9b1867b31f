// rule: two threads talk over a socket pair with a reading and a writing FILE each; prompts come before waits
// one-thread: yes
#include "../io/util.h"
static int sv[2];

static void *server(void *arg)
{
	(void)arg;
	FILE *in = fdopen(sv[1], "r"), *out = fdopen(dup(sv[1]), "w");
	char *line = NULL;
	size_t size = 0;
	fputs("hello\n", out);
	fflush(out);
	while (getline(&line, &size, in) > 0) {
		if (line[0] == '-') {
			/* an answer longer than the socket's buffer */
			for (int i = 0; i < 50000; i++)
				fprintf(out, "%d ", i);
			putc('\n', out);
		} else {
			for (char *c = line; *c; c++)
				putc(*c == '\n' ? '\n' : *c + 1, out);
		}
		CHECK_EQ(fflush(out), 0);
	}
	free(line);
	fclose(out);
	fclose(in);
	return NULL;
}

int main(void)
{
	u_pair(SOCK_STREAM, sv);
	pthread_t t = u_spawn(server, NULL);
	FILE *in = fdopen(sv[0], "r"), *out = fdopen(dup(sv[0]), "w");
	setvbuf(out, NULL, _IOLBF, 0);
	char line[100];
	CHECK(fgets(line, sizeof line, in));
	CHECK_STR(line, "hello\n");
	for (int i = 0; i < 100; i++) {
		fprintf(out, "%c%c\n", 'a' + i % 20, 'b' + i % 20);
		CHECK(fgets(line, sizeof line, in));
		CHECK_EQ(line[0], 'b' + i % 20);
		CHECK_EQ(line[1], 'c' + i % 20);
		CHECK_EQ(line[2], '\n');
	}
	fputs("-\n", out);
	char *much = NULL;
	size_t size = 0;
	u_sleep(20);
	ssize_t n = getline(&much, &size, in);
	printf("%zd %.30s\n", n, much);
	free(much);
	shutdown(sv[0], SHUT_WR);
	CHECK_EQ(fgetc(in), EOF);
	u_join(t);
	return 0;
}
