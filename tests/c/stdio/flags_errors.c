// rule: end, errors and their flags are as glibc sets them: sticky end, EBADF, EAGAIN of O_NONBLOCK and SO_RCVTIMEO, EPIPE, a part before an error
// one-thread: yes
#include "../io/util.h"
static FILE *in_of(int p[2], int flags)
{
	CHECK_EQ(pipe2(p, flags), 0);
	FILE *f = fdopen(p[0], "r");
	CHECK(f);
	return f;
}
static void state(const char *what, FILE *f, long answer)
{
	int e = errno;
	printf("%s: %ld errno %s eof %d error %d\n", what, answer, strerrorname_(e), !!feof(f), !!ferror(f));
	errno = 0;
}

static void *body(void *arg)
{
	(void)arg;
	char b[16] = "", *line = NULL;
	size_t size = 0;
	int p[2];
	errno = 0;

	FILE *f = in_of(p, O_NONBLOCK);
	state("nonblocking fgetc", f, fgetc(f));
	state("fgets after an error", f, fgets(b, sizeof b, f) != NULL);
	state("getline after an error", f, getline(&line, &size, f));
	clearerr(f);
	state("getline", f, getline(&line, &size, f));
	clearerr(f);
	CHECK_EQ(write(p[1], "part", 4), 4);
	state("fgets of a part", f, fgets(b, sizeof b, f) != NULL);
	puts(b);
	CHECK_EQ(write(p[1], "more", 4), 4);
	state("fread of a part", f, fread(b, 1, 10, f));
	printf("%.4s\n", b);
	clearerr(f);
	CHECK_EQ(write(p[1], "third", 5), 5);
	state("getline of a part", f, getline(&line, &size, f));
	puts(line);
	close(p[1]);
	clearerr(f);
	state("at the end", f, fgetc(f));
	fclose(f);

	/* A terminal's end is sticky (C99 7.19.7.1); so is a pipe's. */
	f = in_of(p, 0);
	int again = p[1];
	pthread_t t = u_write_later(20, again, "x");
	state("one", f, fgetc(f));
	u_join(t);
	t = u_close_later(20, again);
	state("end", f, fgetc(f));
	u_join(t);
	state("still", f, fgetc(f));
	state("fread", f, fread(b, 1, 10, f));
	state("pushed back", f, ungetc('u', f));
	state("and taken", f, fgetc(f));
	fclose(f);

	int sv[2];
	u_pair(SOCK_STREAM, sv);
	struct timeval tv = {0, 30000};
	CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
	f = fdopen(sv[0], "r");
	int64_t t0 = now_ns();
	state("receive timeout", f, fgetc(f));
	CHECK_WAITED(t0, 29);
	fclose(f);
	close(sv[1]);

	f = in_of(p, 0);
	state("write to a reader", f, fputc('x', f));
	clearerr(f);
	state("print to a reader", f, fprintf(f, "%d", 1));
	fclose(f);
	f = fdopen(p[1], "w");
	state("read from a writer", f, fgetc(f));
	clearerr(f);
	state("fgets from a writer", f, fgets(b, 3, f) != NULL);
	clearerr(f);
	state("size 1", f, fgets(b, 1, f) != NULL);
	/* The reading end is closed. */
	state("buffered", f, fputs("abc", f) >= 0);
	state("flushed", f, fflush(f));
	clearerr(f);
	state("a block", f, fwrite(line, 1, 5, f));
	state("closed", f, 0);
	errno = 0;
	printf("fclose %d", fclose(f));
	printf(" %s\n", strerrorname_(errno));

	u_pipe(p);
	close(p[0]);
	f = fdopen(p[1], "w");
	setvbuf(f, NULL, _IONBF, 0);
	errno = 0;
	state("unbuffered putc", f, putc('x', f));
	state("unbuffered fprintf", f, fprintf(f, "%s", "text"));
	state("unbuffered fputs", f, fputs("text", f));
	state("unbuffered fwrite", f, fwrite("text", 1, 4, f));
	errno = 0;
	printf("dprintf %d", dprintf(p[1], "x"));
	printf(" %s\n", strerrorname_(errno));
	errno = 0;
	printf("dprintf %d", dprintf(-1, "x"));
	printf(" %s\n", strerrorname_(errno));
	fclose(f);

	CHECK_EQ(pipe2(p, O_NONBLOCK), 0);
	f = fdopen(p[1], "w");
	static char big[100000];
	errno = 0;
	state("nonblocking fwrite", f, fwrite(big, 1, sizeof big, f) < sizeof big);
	fclose(f);
	close(p[0]);
	free(line);
	return NULL;
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	u_join(u_spawn(body, NULL));
	return 0;
}
