// rule: flockfile(3): the lock is recursive, kept across sleeps, refused to ftrylockfile, and waited for by every call on the stream
// one-thread: yes
#include "../io/util.h"
static FILE *f;
static int stage, waiters;

static void *tries(void *arg)
{
	(void)arg;
	CHECK(ftrylockfile(f) != 0);
	__atomic_add_fetch(&waiters, 1, __ATOMIC_SEQ_CST);
	flockfile(f);
	CHECK_EQ(__atomic_load_n(&stage, __ATOMIC_SEQ_CST), 2);
	funlockfile(f);
	return NULL;
}
#define LOCKING(name, call) \
	static void *name(void *arg) { (void)arg; __atomic_add_fetch(&waiters, 1, __ATOMIC_SEQ_CST); call; \
		CHECK_EQ(__atomic_load_n(&stage, __ATOMIC_SEQ_CST), 2); return NULL; }
LOCKING(l_putc, putc('.', f))
LOCKING(l_fputs, fputs(".", f))
LOCKING(l_fprintf, fprintf(f, "%c", '.'))
LOCKING(l_fflush, fflush(f))
LOCKING(l_ftell, ftell(f))
LOCKING(l_feof, CHECK_EQ(feof(f), 0))
LOCKING(l_ferror, CHECK_EQ(ferror(f), 0))
LOCKING(l_fseek, fseek(f, 0, SEEK_END))

static void *(*const all[])(void *) = {tries, l_putc, l_fputs, l_fprintf, l_fflush, l_ftell, l_feof, l_ferror, l_fseek};
enum { N = sizeof all / sizeof *all };

int main(void)
{
	/* A regular file: no call waits but for the lock. */
	f = fopen("file", "w+");
	CHECK(f);
	flockfile(f);
	flockfile(f);
	stage = 1;
	pthread_t t[N];
	for (int i = 0; i < N; i++)
		t[i] = u_spawn(all[i], NULL);
	while (__atomic_load_n(&waiters, __ATOMIC_SEQ_CST) < N)
		u_sleep(1);
	u_sleep(100);
	fputs("mine", f);
	funlockfile(f);
	u_sleep(30);
	__atomic_store_n(&stage, 2, __ATOMIC_SEQ_CST);
	funlockfile(f);
	for (int i = 0; i < N; i++)
		u_join(t[i]);
	CHECK_EQ(ftrylockfile(f), 0);
	funlockfile(f);
	rewind(f);
	char b[20];
	CHECK(fgets(b, sizeof b, f));
	puts(b);
	return 0;
}
