// rule: hundreds of threads wait in fgets on pipes, half of them within a line, and need no OS thread
// one-thread: yes
// timeout: 60
// variant: thousand -DN=1000
#include "../io/util.h"
#include <sys/resource.h>
#ifndef N
#define N 400
#endif
static int p[N][2];
static int waiting;

static void *reader(void *arg)
{
	int i = (int)(intptr_t)arg, sum = 0;
	FILE *f = fdopen(p[i][0], "r");
	char line[100];
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	while (fgets(line, sizeof line, f)) {
		CHECK(strchr(line, '\n'));
		sum += atoi(line);
	}
	CHECK(feof(f) && !ferror(f));
	fclose(f);
	return (void *)(intptr_t)sum;
}

int main(void)
{
	static pthread_t t[N];
	struct rlimit files;
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	for (int i = 0; i < N; i++) {
		u_pipe(p[i]);
		if (i % 2)
			CHECK_EQ(write(p[i][1], "12", 2), 2);
		CHECK_OK(pthread_create(&t[i], &attr, reader, (void *)(intptr_t)i));
	}
	while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST) < N)
		u_sleep(1);
	u_sleep(50);
	check_os_threads(1);
	for (int round = 0; round < 5; round++)
		for (int i = N - 1; i >= 0; i--)
			CHECK_EQ(write(p[i][1], "3\n4", 3), 3);
	long total = 0;
	for (int i = 0; i < N; i++) {
		CHECK_EQ(write(p[i][1], "5\n", 2), 2);
		close(p[i][1]);
		int sum = (int)(intptr_t)u_join(t[i]);
		CHECK_EQ(sum, (i % 2 ? 123 : 3) + 4 * 43 + 45);
		total += sum;
	}
	printf("%ld\n", total);
	return 0;
}
