// rule: streams without a descriptor work as ever, and what a cookie's functions wait for does not stop other threads
// env: GEVENTRS_SLICE=5000
// one-thread: yes
#include "../io/util.h"
static int p[2];
static ssize_t take(void *cookie, char *b, size_t n) { (void)cookie; return read(p[0], b, n); }
static ssize_t give(void *cookie, const char *b, size_t n) { (void)cookie; return write(p[1], b, n); }
static void *writer(void *arg)
{
	FILE *f = fopencookie(NULL, "w", (cookie_io_functions_t){.write = give});
	u_sleep(50);
	CHECK_EQ(fprintf(f, "%s %d\n", "cookie", 5), 9);
	CHECK_EQ(fclose(f), 0);
	return arg;
}

int main(void)
{
	u_pipe(p);
	FILE *f = fopencookie(NULL, "r", (cookie_io_functions_t){.read = take});
	CHECK(fileno(f) == -1);
	pthread_t t = u_spawn(writer, NULL);
	u_tick_start();
	int before = u_ticks();
	char b[20], *text;
	size_t n;
	CHECK(fgets(b, sizeof b, f));
	fputs(b, stdout);
	u_ticked(before);
	FILE *m = open_memstream(&text, &n);
	fprintf(m, "%d", 42);
	putc('!', m);
	CHECK_EQ(fclose(m), 0);
	puts(text);
	free(text);
	m = fmemopen("one\ntwo\n", 8, "r");
	int v = 0;
	while (fgets(b, sizeof b, m))
		v += strlen(b);
	printf("%d %d\n", v, feof(m));
	fclose(m);
	u_tick_end();
	u_join(t);
	fclose(f);
	return 0;
}
