// rule: no byte is lost, doubled or moved by any mixture of input and output calls, buffer sizes and paces
// one-thread: yes
// timeout: 60
#include "../io/util.h"
enum { TOTAL = 400000 };
struct side { int fd; unsigned seed; };
static unsigned char text[TOTAL + 1];

static unsigned draw(unsigned *s, unsigned n)
{
	*s = *s * 1664525 + 1013904223;
	return (*s >> 8) % n;
}
static unsigned length(unsigned *s, unsigned left)
{
	static const unsigned most[] = {1, 5, 50, 600, 5000, 70000};
	unsigned n = 1 + draw(s, most[draw(s, 6)]);
	return n < left ? n : left;
}
static FILE *open_on(struct side *x, const char *mode)
{
	FILE *f = fdopen(x->fd, mode);
	static const int sizes[] = {1, 2, 100, 128, 1000, 4096, 65536};
	static const int modes[] = {_IOFBF, _IOFBF, _IOLBF, _IONBF};
	if (draw(&x->seed, 4)) {
		int m = modes[draw(&x->seed, 4)];
		CHECK_EQ(setvbuf(f, NULL, m, m == _IONBF ? 0 : sizes[draw(&x->seed, 7)]), 0);
	}
	return f;
}

static void *writer(void *arg)
{
	struct side *x = arg;
	FILE *f = open_on(x, "w");
	unsigned at = 0;
	while (at < TOTAL) {
		unsigned n = length(&x->seed, TOTAL - at);
		switch (draw(&x->seed, 7)) {
		case 0: n = 1; CHECK_EQ(putc(text[at], f), text[at]); break;
		case 1: n = 1; flockfile(f); CHECK_EQ(putc_unlocked(text[at], f), text[at]); funlockfile(f); break;
		case 2: CHECK_EQ(fwrite(text + at, 1, n, f), n); break;
		case 3: CHECK_EQ(fprintf(f, "%.*s", (int)n, text + at), (int)n); break;
		case 4: { char *c = strndup((char *)text + at, n); CHECK(fputs(c, f) >= 0); free(c); break; }
		case 5: CHECK_EQ(fflush(f), 0); n = 0; break;
		case 6: if (draw(&x->seed, 4) == 0) u_sleep(draw(&x->seed, 2)); n = 0; break;
		}
		at += n;
	}
	CHECK_EQ(fclose(f), 0);
	return NULL;
}

static void *reader(void *arg)
{
	struct side *x = arg;
	FILE *f = open_on(x, "r");
	static __thread char b[70001];
	char *line = NULL;
	size_t size = 0;
	unsigned at = 0;
	while (at < TOTAL) {
		unsigned n = length(&x->seed, 70000);
		unsigned got = 0;
		char *from = b;
		switch (draw(&x->seed, 9)) {
		case 0: b[0] = fgetc(f); got = 1; break;
		case 1: flockfile(f); b[0] = getc_unlocked(f); funlockfile(f); got = 1; break;
		case 2: CHECK(fgets(b, n + 1, f)); got = strlen(b); CHECK(got == n || b[got - 1] == '\n' || at + got == TOTAL); break;
		case 3: got = getline(&line, &size, f); from = line; CHECK(line[got - 1] == '\n' || at + got == TOTAL); break;
		case 4: got = getdelim(&line, &size, 'e', f); from = line; CHECK(line[got - 1] == 'e' || at + got == TOTAL); break;
		case 5: got = fread(b, 1, n, f); CHECK(got == n || at + got == TOTAL); break;
		case 6: b[0] = fgetc(f); CHECK_EQ(ungetc(b[0], f), (unsigned char)b[0]); if (n > 1000) { CHECK_EQ(ungetc('u', f), 'u'); CHECK_EQ(fgetc(f), 'u'); } break;
		case 7: if (draw(&x->seed, 4) == 0) u_sleep(draw(&x->seed, 2)); break;
		case 8: CHECK_EQ(feof(f), 0); CHECK_EQ(ferror(f), 0); break;
		}
		CHECK(at + got <= TOTAL);
		CHECK_EQ(memcmp(from, text + at, got), 0);
		at += got;
	}
	CHECK_EQ(fgetc(f), EOF);
	CHECK(feof(f));
	free(line);
	fclose(f);
	return NULL;
}

int main(void)
{
	for (int i = 0; i < TOTAL; i++)
		text[i] = i % 53 == 52 ? '\n' : 'a' + (i * 7 + i / 100) % 26;
	for (int round = 0; round < 8; round++) {
		enum { N = 4 };
		struct side out[N], in[N];
		pthread_t w[N], r[N];
		for (int i = 0; i < N; i++) {
			int p[2];
			if (i % 2) u_pair(SOCK_STREAM, p);
			else u_pipe(p);
			in[i] = (struct side){p[0], round * 100 + i};
			out[i] = (struct side){p[1], round * 100 + i + 50};
			w[i] = u_spawn(writer, &out[i]);
			r[i] = u_spawn(reader, &in[i]);
		}
		for (int i = 0; i < N; i++) {
			u_join(w[i]);
			u_join(r[i]);
		}
	}
	puts("ok");
	return 0;
}
