// rule: fsync(2), fdatasync(2), syncfs(2), msync(2), sync_file_range(2) answer with threads as without; so do their numbers
#include "../ipc/ticks.h"

static char name[] = "/tmp/gvt-syncXXXXXX";
static void *syncs(void *arg)
{
	int p[2], fd = open(name, O_RDWR);
	long page = sysconf(_SC_PAGESIZE);
	CHECK(fd >= 0);
	CHECK_EQ(pipe(p), 0);
	for (int i = 0; i < 20; i++) {
		CHECK_EQ(pwrite(fd, "data", 4, i * 4), 4);
		errno = 77;
		CHECK_EQ(fsync(fd), 0);
		CHECK_EQ(fdatasync(fd), 0);
		CHECK_EQ(syncfs(fd), 0);
		CHECK_EQ(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER), 0);
		CHECK_EQ(syscall(SYS_fsync, fd), 0);
		CHECK_EQ(syscall(SYS_fdatasync, fd), 0);
		CHECK_EQ(errno, 77);
	}
	char *m = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(m != MAP_FAILED);
	m[0] = 'D';
	CHECK_EQ(msync(m, page, MS_SYNC), 0);
	CHECK_EQ(msync(m, page, MS_ASYNC), 0);
	CHECK_EQ(syscall(SYS_msync, m, page, MS_SYNC), 0);
	CHECK_ERRNO(msync(m, page, MS_SYNC | MS_ASYNC), EINVAL);
	CHECK_ERRNO(msync(m + 1, page, MS_SYNC), EINVAL);
	CHECK_EQ(munmap(m, page), 0);
	/* Not at m, where another thread may have mapped its own by now. */
	CHECK_ERRNO(msync((char *)page, page, MS_SYNC), ENOMEM);
	CHECK_ERRNO(fsync(99), EBADF);
	CHECK_ERRNO(fdatasync(99), EBADF);
	CHECK_ERRNO(syncfs(99), EBADF);
	CHECK_ERRNO(fsync(p[1]), EINVAL);
	CHECK_ERRNO(fdatasync(p[1]), EINVAL);
	CHECK_ERRNO(sync_file_range(fd, 0, 0, 1 << 20), EINVAL);
	CHECK_ERRNO(sync_file_range(p[1], 0, 0, 0), ESPIPE);
	CHECK_EQ(close(fd), 0);
	return arg;
}

int main(void)
{
	pthread_t t[4];
	CHECK_EQ(close(mkstemp(name)), 0);
	ticks_start();
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, syncs, NULL));
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	sync();
	CHECK_EQ(unlink(name), 0);
	ticks_end();
	printf("synced\n");
	return 0;
}
