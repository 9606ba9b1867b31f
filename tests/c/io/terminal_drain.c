// rule: tcdrain(3), tcsendbreak(3), tcsetattr(3) with TCSADRAIN and their ioctls work on a terminal with threads, and give ENOTTY for other files
// env: GEVENTRS_SLICE=5000
#include "../ipc/ticks.h"
#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
	char b[8];
	struct termios s;
	int p[2], host = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(host >= 0);
	CHECK_EQ(grantpt(host), 0);
	CHECK_EQ(unlockpt(host), 0);
	int line = open(ptsname(host), O_RDWR | O_NOCTTY);
	CHECK(line >= 0);
	CHECK_EQ(pipe(p), 0);
	ticks_start();
	CHECK_EQ(tcgetattr(line, &s), 0);
	s.c_lflag &= ~ECHO;
	s.c_oflag &= ~OPOST;
	CHECK_EQ(tcsetattr(line, TCSADRAIN, &s), 0);
	CHECK_EQ(write(line, "hello", 5), 5);
	CHECK_EQ(tcdrain(line), 0);
	CHECK_EQ(ioctl(line, TCSBRK, 1), 0);
	CHECK_EQ(tcsendbreak(line, 0), 0);
	CHECK_EQ(ioctl(line, TCSBRKP, 1), 0);
	CHECK_EQ(syscall(SYS_ioctl, line, TCSBRK, 1), 0);
	CHECK_EQ(read(host, b, 8), 5);
	s.c_lflag |= ECHO;
	CHECK_EQ(tcsetattr(line, TCSAFLUSH, &s), 0);
	CHECK_EQ(ioctl(line, TCGETS, &s), 0);
	CHECK(s.c_lflag & ECHO);
	CHECK_EQ(ioctl(line, TCSETSW, &s), 0);
	CHECK_ERRNO(tcdrain(p[0]), ENOTTY);
	CHECK_ERRNO(tcsendbreak(p[0], 0), ENOTTY);
	CHECK_ERRNO(tcsetattr(p[0], TCSADRAIN, &s), ENOTTY);
	CHECK_ERRNO(tcsetattr(line, 99, &s), EINVAL);
	CHECK_ERRNO(ioctl(p[0], TCSBRK, 1), ENOTTY);
	CHECK_ERRNO(tcdrain(99), EBADF);
	ticks_end();
	printf("drained\n");
	return 0;
}
