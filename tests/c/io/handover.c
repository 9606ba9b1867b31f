// rule: read(2), write(2): a waiting reader gets the stream's next bytes, whatever calls they were written by, and as many as it has room for
#include "util.h"
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { PIECES = 4000, LEAST = 1, MOST = 300 };

static int in, out;

static unsigned next_random(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 16;
}

/* Pieces of random lengths, by several calls, two of which no hook sees. */
static void *writer(void *kind)
{
	unsigned state = 7;
	unsigned char next = 0, bytes[MOST];
	for (int i = 0; i < PIECES; i++) {
		unsigned length = LEAST + next_random(&state) % (MOST - LEAST);
		struct iovec part[2];
		for (unsigned n = 0; n < length; n++)
			bytes[n] = next++;
		part[0] = (struct iovec){bytes, length / 2};
		part[1] = (struct iovec){bytes + length / 2, length - length / 2};
		switch (next_random(&state) % 6) {
		case 0:
			CHECK_EQ(writev(out, part, 2), length);
			break;
		case 1: {
			long done;
			__asm__ volatile("syscall" : "=a"(done)
			                 : "a"(SYS_write), "D"(out), "S"(bytes), "d"((long)length)
			                 : "rcx", "r11", "memory");
			CHECK_EQ(done, length);
			break;
		}
		case 2:
			if (kind) {
				CHECK_EQ(send(out, bytes, length, MSG_NOSIGNAL), length);
				break;
			}
			/* fall through */
		default:
			CHECK_EQ(write(out, bytes, length), length);
		}
		if (next_random(&state) % 4 == 0)
			sched_yield();
	}
	close(out);
	return NULL;
}

static void stream(int kind)
{
	unsigned state = 99;
	unsigned char next = 0, bytes[MOST];
	pthread_t t = u_spawn(writer, kind ? (void *)1 : NULL);
	long total = 0, got;
	for (;;) {
		unsigned room = LEAST + next_random(&state) % (MOST - LEAST);
		memset(bytes, 0xee, sizeof bytes);
		got = kind && next_random(&state) % 2 ? recv(in, bytes, room, 0) : read(in, bytes, room);
		if (got == 0)
			break;
		CHECK(got > 0 && got <= (long)room);
		for (long n = 0; n < got; n++)
			CHECK_EQ(bytes[n], next++);
		for (unsigned n = got; n < sizeof bytes; n++)
			CHECK_EQ(bytes[n], 0xee);
		total += got;
	}
	u_join(t);
	close(in);
	printf("%s: %ld bytes in order\n", kind ? "socket pair" : "pipe", total);
}

int main(void)
{
	int ends[2];
	u_pipe(ends);
	in = ends[0], out = ends[1];
	stream(0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	in = ends[0], out = ends[1];
	stream(1);
	return 0;
}
