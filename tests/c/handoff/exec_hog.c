// rule: execve(2) from a thread that computes replaces the process, with all its threads
// exit: 3
#include "hog.h"

static void *execs(void *arg)
{
	compute_ms(30);
	execl("/bin/sh", "sh", "-c", "echo $$ > pid2; cmp -s pid1 pid2 && echo the same process; exit 3", NULL);
	return arg;
}

int main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	hog_init();
	FILE *f = fopen("pid1", "w");
	CHECK(f != NULL);
	fprintf(f, "%d\n", getpid());
	fclose(f);
	for (int i = 0; i < 6; i++)
		start(hog, i);
	start(execs, 0);
	hog(NULL);
	return 1;
}
