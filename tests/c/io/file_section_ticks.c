// rule: with GEVENTRS_FILE_IO=section a long read of a regular file lets other threads run
// env: GEVENTRS_SLICE=5000
// env: GEVENTRS_FILE_IO=section
#include "../ipc/ticks.h"
#include <sys/uio.h>

#define PARTS 1024
#define PART (1 << 20)
static char buffer[PART];
int main(void)
{
	char name[] = "/tmp/gvt-longXXXXXX";
	int fd = mkstemp(name);
	struct iovec v[PARTS];
	CHECK(fd >= 0);
	CHECK_EQ(unlink(name), 0);
	/* A hole: no disk is needed, only time. */
	CHECK_EQ(ftruncate(fd, (off_t)PARTS * PART), 0);
	for (int i = 0; i < PARTS; i++)
		v[i] = (struct iovec){buffer, PART};
	ticks_start();
	sleep_ms(50);
	for (int positioned = 0; positioned < 2; positioned++) {
		int before = ticks_;
		int64_t t0 = now_ms();
		ssize_t n = positioned ? preadv(fd, v, PARTS, 0) : readv(fd, v, PARTS);
		int64_t took = now_ms() - t0;
		CHECK_EQ(n, (ssize_t)PARTS * PART);
		CHECK(!preloaded() || took < 20 * ENOUGH_TICKS || ticks_ - before >= ENOUGH_TICKS);
	}
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), (off_t)PARTS * PART);
	ticks_end();
	printf("read\n");
	return 0;
}
