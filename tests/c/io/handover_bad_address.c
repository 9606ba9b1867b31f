// rule: read(2), write(2): EFAULT for a buffer outside of the address space, also when the other side waits
#include "util.h"
#include <sys/mman.h>
#include <sys/socket.h>

static int ends[2], back[2];
static char *page;

/* Says on the other pipe how its read has ended. */
static void *reader(void *buffer)
{
	int answer[2];
	errno = 0;
	answer[0] = (int)read(ends[0], buffer, 16);
	answer[1] = errno;
	u_write_all(back[1], answer, sizeof answer);
	return NULL;
}

static void round_of(const char *what, void *into, const void *from)
{
	int answer[2];
	pthread_t t = u_spawn(reader, into);
	usleep(20000); /* it waits now */
	errno = 0;
	long written = write(ends[1], from, 16);
	printf("%s: write %ld errno %d", what, written, errno);
	if (written < 0)
		CHECK_EQ(write(ends[1], "0123456789abcdef", 16), 16);
	CHECK_EQ(u_read_all(back[0], answer, sizeof answer), sizeof answer);
	printf(", read %d errno %d\n", answer[0], answer[1]);
	u_join(t);
}

static void rounds(const char *kind)
{
	char good[16];
	printf("%s\n", kind);
	round_of("both good", good, "fedcba9876543210");
	CHECK_EQ(memcmp(good, "fedcba9876543210", 16), 0);
	round_of("bad source", good, (void *)8);
	CHECK_EQ(memcmp(good, "0123456789abcdef", 16), 0);
	round_of("source without access", good, page);
	round_of("source that ends", good, page - 8);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	page += 4096;
	CHECK_EQ(mprotect(page, 4096, PROT_NONE), 0);
	u_pipe(back);
	u_pipe(ends);
	rounds("pipe");
	/* The reader's address is looked at when there is something to put there. */
	u_pipe(ends);
	round_of("bad target", (void *)8, "fedcba9876543210");
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	rounds("socket pair");
	return 0;
}
