// rule: errno is zero when main begins, in the program and in what it executes (C, 7.5)
// one-thread: yes
#include "../check.h"
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

int main(int argc, char **argv)
{
	int at_start = errno, status;
	if (argc > 1)
		return at_start;
	printf("errno %d\n", at_start);
	pid_t child;
	CHECK_OK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, (char *[]){ argv[0], "child", NULL }, environ));
	CHECK_EQ(waitpid(child, &status, 0), child);
	printf("child's %d\n", WEXITSTATUS(status));
	return 0;
}
