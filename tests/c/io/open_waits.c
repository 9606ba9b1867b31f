// rule: open(2) and fopen(3) of a FIFO wait for its other end while other threads run; other files, O_NONBLOCK, O_RDWR and O_PATH do not wait; errors as without threads
// env: GEVENTRS_SLICE=5000
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
// variant: lfs -D_FILE_OFFSET_BITS=64
#include "../ipc/ticks.h"
#include <sys/stat.h>

static char fifo[64];
static void open_writer(void *arg)
{
	int fd = open(fifo, O_WRONLY);
	CHECK_EQ(write(fd, "hello", 5), 5);
	CHECK_EQ(close(fd), 0);
	(void)arg;
}
static void open_reader(void *arg)
{
	char b[8];
	int fd = openat(AT_FDCWD, fifo, O_RDONLY | O_CLOEXEC);
	CHECK_EQ(read(fd, b, 8), 5);
	CHECK_EQ(close(fd), 0);
	(void)arg;
}

int main(void)
{
	char dir[] = "/tmp/gvt-openXXXXXX", path[64], b[8];
	int fd, dfd, flags = O_RDONLY;
	pthread_t t;
	FILE *f;
	CHECK(mkdtemp(dir));
	snprintf(fifo, sizeof fifo, "%s/fifo", dir);
	snprintf(path, sizeof path, "%s/file", dir);
	CHECK_EQ(mkfifo(fifo, 0600), 0);
	dfd = open(dir, O_RDONLY | O_DIRECTORY);
	CHECK(dfd >= 0);
	ticks_start();

	t = later(open_writer, NULL);
	TICKS_DURING(fd = open(fifo, flags));
	CHECK_EQ(read(fd, b, 8), 5);
	CHECK_EQ(close(fd), 0);
	CHECK_OK(pthread_join(t, NULL));
	t = later(open_writer, NULL);
	TICKS_DURING(fd = openat(dfd, "fifo", flags));
	CHECK_EQ(read(fd, b, 8), 5);
	CHECK_EQ(close(fd), 0);
	CHECK_OK(pthread_join(t, NULL));
	t = later(open_reader, NULL);
	TICKS_DURING(fd = creat(fifo, 0600));
	CHECK_EQ(write(fd, "hello", 5), 5);
	CHECK_EQ(close(fd), 0);
	CHECK_OK(pthread_join(t, NULL));
	t = later(open_reader, NULL);
	TICKS_DURING(fd = syscall(SYS_openat, AT_FDCWD, fifo, O_WRONLY, 0));
	CHECK_EQ(write(fd, "hello", 5), 5);
	CHECK_EQ(close(fd), 0);
	CHECK_OK(pthread_join(t, NULL));
	t = later(open_reader, NULL);
	TICKS_DURING(f = fopen(fifo, "w"));
	CHECK_EQ(fwrite("hello", 1, 5, f), 5);
	CHECK_EQ(fclose(f), 0);
	CHECK_OK(pthread_join(t, NULL));
	t = later(open_writer, NULL);
	f = fopen("/dev/null", "r");
	TICKS_DURING(f = freopen(fifo, "re", f));
	CHECK_EQ(fread(b, 1, 5, f), 5);
	CHECK_EQ(fclose(f), 0);
	CHECK_OK(pthread_join(t, NULL));

	/* None of these waits. */
	CHECK_ERRNO(open(fifo, O_WRONLY | O_NONBLOCK), ENXIO);
	CHECK_EQ(close(open(fifo, O_RDONLY | O_NONBLOCK)), 0);
	CHECK_EQ(close(open(fifo, O_RDWR)), 0);
	CHECK_EQ(close(open(fifo, O_PATH)), 0);
	CHECK_EQ(fclose(fopen(fifo, "r+")), 0);
	CHECK_ERRNO(open(fifo, O_WRONLY | O_CREAT | O_EXCL, 0600), EEXIST);
	CHECK_ERRNO(open(fifo, O_RDONLY | O_DIRECTORY), ENOTDIR);

	/* Other files. */
	umask(022);
	CHECK_EQ(close(open(path, O_WRONLY | O_CREAT | O_EXCL, 0640)), 0);
	struct stat st;
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode, S_IFREG | 0640);
	CHECK_EQ(close(openat(dfd, "file", flags)), 0);
	CHECK_EQ(close(open("/dev/null", O_RDWR)), 0);
	CHECK_EQ(close(open(dir, flags)), 0);
	CHECK_ERRNO(open(dir, O_WRONLY), EISDIR);
	CHECK_ERRNO(open("/nowhere/at/all", flags), ENOENT);
	CHECK_ERRNO(open("", flags), ENOENT);
	CHECK_ERRNO(openat(99, "file", flags), EBADF);
	CHECK_EQ(symlink("fifo", strcat(path, ".link")), 0);
	CHECK_ERRNO(open(path, O_RDONLY | O_NOFOLLOW), ELOOP);
	CHECK(fopen("/nowhere/at/all", "r") == NULL && errno == ENOENT);
	CHECK(fopen(fifo, "q") == NULL && errno == EINVAL);
	t = later(open_writer, NULL);
	TICKS_DURING(fd = open(path, flags)); /* through the link */
	CHECK_EQ(read(fd, b, 8), 5);
	CHECK_EQ(close(fd), 0);
	CHECK_OK(pthread_join(t, NULL));

	ticks_end();
	CHECK_EQ(unlink(path), 0);
	*strrchr(path, '.') = 0;
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(unlink(fifo), 0);
	CHECK_EQ(rmdir(dir), 0);
	printf("opened\n");
	return 0;
}
