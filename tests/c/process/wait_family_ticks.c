// rule: wait(2), waitpid(2), waitid(2), wait3(2), wait4(2) and the numbers of their system calls block only their thread
// timeout: 60
#include "../ipc/ticks.h"
#include <sys/resource.h>

static pid_t child(int code)
{
	pid_t c = fork();
	CHECK(c >= 0);
	if (c == 0) {
		struct timespec t = ts_ms(BLOCKED_MS);
		nanosleep(&t, NULL);
		_exit(code);
	}
	return c;
}

int main(void)
{
	int st;
	struct rusage r;
	siginfo_t info;
	pid_t c;
	ticks_start();
	c = child(1);
	TICKS_DURING(CHECK_EQ(wait(&st), c));
	CHECK_EQ(st, 1 << 8);
	c = child(2);
	TICKS_DURING(CHECK_EQ(waitpid(c, &st, 0), c));
	CHECK_EQ(st, 2 << 8);
	c = child(3);
	TICKS_DURING(CHECK_EQ(waitpid(-1, &st, 0), c));
	CHECK_EQ(st, 3 << 8);
	c = child(4);
	TICKS_DURING(CHECK_EQ(waitpid(0, &st, 0), c));
	CHECK_EQ(st, 4 << 8);
	c = child(5);
	TICKS_DURING(CHECK_EQ(wait3(&st, 0, &r), c));
	CHECK_EQ(st, 5 << 8);
	c = child(6);
	TICKS_DURING(CHECK_EQ(wait4(c, &st, 0, &r), c));
	CHECK_EQ(st, 6 << 8);
	c = child(7);
	TICKS_DURING(CHECK_EQ(waitid(P_PID, c, &info, WEXITED), 0));
	CHECK_EQ(info.si_status, 7);
	c = child(8);
	TICKS_DURING(CHECK_EQ(waitid(P_ALL, 0, &info, WEXITED), 0));
	CHECK_EQ(info.si_status, 8);
	c = child(9);
	TICKS_DURING(CHECK_EQ(syscall(SYS_wait4, c, &st, 0, NULL), c));
	CHECK_EQ(st, 9 << 8);
	c = child(10);
	TICKS_DURING(CHECK_EQ(syscall(SYS_waitid, P_PID, c, &info, WEXITED, NULL), 0));
	CHECK_EQ(info.si_status, 10);
	ticks_end();
	puts("ten");
	return 0;
}
