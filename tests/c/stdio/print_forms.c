// rule: the printf family gives the same text on a pipe as ever: long texts, many arguments, floats, %n, %m, positions, bad characters
// env: GEVENTRS_SLICE=5000
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <wchar.h>
static int p[2], n[12];
static char note[50];

static int v_to(FILE *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vfprintf(f, fmt, ap);
	va_end(ap);
	return n;
}
static int v_out(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vprintf(fmt, ap);
	va_end(ap);
	return n;
}
static int v_fd(int fd, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vdprintf(fd, fmt, ap);
	va_end(ap);
	return n;
}

static void *writer(void *arg)
{
	(void)arg;
	FILE *f = fdopen(p[1], "w");
	int at = -1;
	n[0] = fprintf(f, "%d %s %c %5.2f %Lf %p\n", 1, "two", '3', 4.5, 5.25L, NULL);
	n[1] = fprintf(f, "%d %d %d %d %d %d %d %d %d %g %g %g %g %g %g %g %g %g %g\n", 1, 2, 3, 4, 5, 6, 7, 8, 9,
	               .1, .2, .3, .4, .5, .6, .7, .8, .9, INFINITY);
	n[2] = fprintf(f, "%2$s %1$s\n", "world", "hello");
	n[3] = fprintf(f, "%0700d|%-10s|%*d\n", 7, "left", 6, 42);
	errno = ENOENT;
	n[4] = fprintf(f, "%m %s\n", "after");
	n[5] = fprintf(f, "%1000s%n\n", "far", &at);
	n[6] = v_to(f, "v %d %f\n", 1, 2.);
	n[7] = fprintf(f, "%s", "");
	n[8] = fprintf(f, "plain\n");
	errno = 0;
	n[9] = fprintf(f, "before %lc after\n", (wint_t)0x20ac);
	int e = errno;
	fflush(f);
	n[10] = dprintf(p[1], "%s %d %600d\n", "dprintf", 5, 6);
	n[11] = v_fd(p[1], "vd %s %.1f\n", "x", 1.5);
	fclose(f);
	snprintf(note, sizeof note, "at %d errno %s:", at, strerrorname_(e));
	return NULL;
}

int main(void)
{
	u_pipe(p);
	pthread_t t = u_spawn(writer, NULL);
	FILE *in = fdopen(p[0], "r");
	char line[2000];
	while (fgets(line, sizeof line, in))
		fputs(line, stdout);
	u_join(t);
	printf("%s", note);
	for (int i = 0; i < 12; i++)
		printf(" %d", n[i]);
	puts("");
	/* The test's own stdout is a pipe. */
	u_tick_start();
	int sum = printf("%d %s\n", 5, "words");
	sum += v_out("%s %g\n", "v", .5);
	sum += puts("a line");
	sum += putchar('c');
	sum += putchar_unlocked('\n');
	printf("%d\n", sum);
	u_tick_end();
	fflush(stdout);
	return 0;
}
