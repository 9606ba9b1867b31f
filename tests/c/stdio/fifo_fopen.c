// rule: fopen of a FIFO waits for the other end, which another thread opens
#include "../io/util.h"
static void *writer(void *arg)
{
	FILE *f = fopen("fifo", "w");
	CHECK(f);
	CHECK_EQ(fprintf(f, "%s\n", "through"), 8);
	fclose(f);
	return arg;
}

int main(void)
{
	CHECK_EQ(mkfifo("fifo", 0600), 0);
	pthread_t t = u_spawn(writer, NULL);
	u_sleep(50);
	FILE *f = fopen("fifo", "r");
	CHECK(f);
	char b[20];
	CHECK(fgets(b, sizeof b, f));
	fputs(b, stdout);
	fclose(f);
	u_join(t);
	return 0;
}
