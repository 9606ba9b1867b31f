// rule: what one call writes is written in the pieces in which libc writes it: a packet socket shows them
// one-thread: yes
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"
static int sv[2];
static char text[70000];

static void *packets(void *arg)
{
	static char b[200000];
	(void)arg;
	ssize_t n;
	unsigned sum = 0;
	while ((n = recv(sv[0], b, sizeof b, 0)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			sum = sum * 31 + (unsigned char)b[i];
		printf(" %zd", n);
	}
	printf(" = %u\n", sum);
	return NULL;
}

int main(void)
{
	static const int modes[] = {_IOFBF, _IOLBF, _IONBF};
	static const int sizes[] = {64, 4096, 10000};
	static const int lengths[] = {1, 10, 63, 64, 65, 100, 127, 128, 129, 300, 4095, 4096, 4097, 5000, 8192, 9000, 20001};
	for (int i = 0; i < (int)sizeof text; i++)
		text[i] = i % 77 == 76 ? '\n' : 'a' + i % 23;
	for (int m = 0; m < 3; m++)
		for (int s = 0; s < (m == 2 ? 1 : 3); s++)
			for (int how = 0; how < 5; how++) {
				printf("mode %d size %d how %d:", m, sizes[s], how);
				u_pair(SOCK_SEQPACKET, sv);
				FILE *f = fdopen(sv[1], "w");
				CHECK_EQ(setvbuf(f, NULL, modes[m], m == 2 ? 0 : sizes[s]), 0);
				pthread_t t = u_spawn(packets, NULL);
				int at = 0;
				for (int i = 0; i < (int)(sizeof lengths / sizeof *lengths); i++) {
					int n = lengths[i];
					const char *from = text + at % 7777;
					switch (how) {
					case 0: CHECK_EQ(fwrite(from, 1, n, f), n); break;
					case 1: for (int j = 0; j < n && j < 300; j++) putc(from[j], f); break;
					case 2: { char *c = strndup(from, n); CHECK(fputs(c, f) >= 0); free(c); break; }
					case 3: CHECK_EQ(fwrite(from, 1, n, f), n); CHECK_EQ(fflush(f), 0); break;
					case 4: CHECK_EQ(fwrite(from, 1, 3, f), 3); CHECK_EQ(putc('\n', f), '\n'); CHECK_EQ(fwrite(from, 1, n, f), n); break;
					}
					at += n;
				}
				CHECK_EQ(fclose(f), 0);
				u_join(t);
				close(sv[0]);
			}
	return 0;
}
