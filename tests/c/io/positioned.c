// rule: pread(2), pwrite(2), their vector forms and copy_file_range(2) by threads on one file keep positions apart; errors as without threads
// env: GEVENTRS_SLICE=5000
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
// variant: lfs -D_FILE_OFFSET_BITS=64
#include "../ipc/ticks.h"
#include <sys/uio.h>

#define N 8
#define BLOCK 4096
static char name[] = "/tmp/gvt-posXXXXXX";
static int fd;
static void *worker(void *arg)
{
	long n = (long)arg;
	char out[BLOCK], in[BLOCK];
	struct iovec o[2] = {{out, 1000}, {out + 1000, BLOCK - 1000}};
	struct iovec i[2] = {{in, 3000}, {in + 3000, BLOCK - 3000}};
	for (int round = 0; round < 20; round++) {
		memset(out, 'a' + (n + round) % 26, BLOCK);
		off_t at = n * BLOCK;
		switch (round % 4) {
		case 0: CHECK_EQ(pwrite(fd, out, BLOCK, at), BLOCK); break;
		case 1: CHECK_EQ(pwritev(fd, o, 2, at), BLOCK); break;
		case 2: CHECK_EQ(pwritev2(fd, o, 2, at, 0), BLOCK); break;
		case 3: CHECK_EQ(syscall(SYS_pwrite64, fd, out, BLOCK, at), BLOCK); break;
		}
		sched_yield();
		memset(in, 0, BLOCK);
		switch (round % 5) {
		case 0: CHECK_EQ(pread(fd, in, BLOCK, at), BLOCK); break;
		case 1: CHECK_EQ(preadv(fd, i, 2, at), BLOCK); break;
		case 2: CHECK_EQ(preadv2(fd, i, 2, at, 0), BLOCK); break;
		case 3: CHECK_EQ(syscall(SYS_pread64, fd, in, BLOCK, at), BLOCK); break;
		case 4: CHECK_EQ(syscall(SYS_preadv, fd, i, 2, at, 0), BLOCK); break;
		}
		CHECK(memcmp(in, out, BLOCK) == 0);
		off_t to = (N + n) * BLOCK;
		CHECK_EQ(copy_file_range(fd, &at, fd, &to, BLOCK, 0), BLOCK);
		CHECK_EQ(at, (n + 1) * BLOCK);
		CHECK_EQ(pread(fd, in, BLOCK, (N + n) * BLOCK), BLOCK);
		CHECK(memcmp(in, out, BLOCK) == 0);
	}
	return NULL;
}
static void *streams(void *arg)
{
	/* At the file's own position, by a description of its own. */
	char b[BLOCK];
	int own = open(name, O_RDWR);
	ssize_t n, sum = 0;
	while ((n = read(own, b, sizeof b)) > 0)
		sum += n;
	CHECK_EQ(n, 0);
	CHECK_EQ(sum, 2 * N * BLOCK);
	CHECK_EQ(lseek(own, 0, SEEK_SET), 0);
	struct iovec v[2] = {{b, 10}, {b + 10, 20}};
	CHECK_EQ(readv(own, v, 2), 30);
	CHECK_EQ(lseek(own, 0, SEEK_CUR), 30);
	CHECK_EQ(lseek(own, 0, SEEK_END), 2 * N * BLOCK);
	CHECK_EQ(write(own, b, 30), 30);
	CHECK_EQ(writev(own, v, 2), 30);
	CHECK_EQ(lseek(own, 0, SEEK_CUR), 2 * N * BLOCK + 60);
	CHECK_EQ(ftruncate(own, 2 * N * BLOCK), 0);
	CHECK_EQ(close(own), 0);
	return arg;
}

int main(void)
{
	pthread_t t[N];
	char b[8];
	int p[2];
	fd = mkstemp(name);
	CHECK(fd >= 0);
	CHECK_EQ(pipe(p), 0);
	for (long i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)i));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	CHECK_OK(pthread_create(&t[0], NULL, streams, NULL));
	CHECK_OK(pthread_join(t[0], NULL));
	ticks_start();
	CHECK_EQ(pread(fd, b, 8, 1 << 20), 0);
	CHECK_ERRNO(pread(fd, b, 8, -1), EINVAL);
	CHECK_ERRNO(pread(p[0], b, 8, 0), ESPIPE);
	CHECK_ERRNO(pwrite(p[1], b, 8, 0), ESPIPE);
	CHECK_ERRNO(pread(99, b, 8, 0), EBADF);
	CHECK_ERRNO(preadv(p[0], NULL, 0, 0), ESPIPE);
	CHECK_ERRNO(pwritev(99, NULL, 0, 0), EBADF);
	CHECK_ERRNO(copy_file_range(p[0], NULL, fd, NULL, 1, 0), EINVAL);
	ticks_end();
	CHECK_EQ(unlink(name), 0);
	printf("positioned\n");
	return 0;
}
