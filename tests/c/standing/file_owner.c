// rule: setfsuid(2) and setfsgid(2) are of the calling thread: files that it makes are of that user, whoever else makes some meanwhile
// source: setfsuid(2)
// timeout: 90
#include "standing.h"
#include <sys/fsuid.h>

enum { THREADS = 4, TIMES = 1000 };

static void *makes_files(void *arg)
{
	uid_t own = 1000 + (uid_t)(intptr_t)arg;
	char name[32];
	int lock = lock_open();
	for (int i = 0; i < TIMES; i++) {
		uid_t user = i % 2 ? own : geteuid();
		if (may_all()) {
			setfsgid(user);
			setfsuid(user);
			CHECK_EQ(setfsuid(-1), user);
			CHECK_EQ(setfsgid(-1), user);
		} else {
			user = geteuid();
		}
		struct stat st;
		snprintf(name, sizeof name, "file.%d.%d", (int)own, i);
		int fd = open(name, O_CREAT | O_EXCL | O_RDWR, 0666);
		CHECK(fd >= 0);
		CHECK_EQ(fstat(fd, &st), 0);
		CHECK_EQ(st.st_uid, user);
		close(fd);
		CHECK_EQ(unlink(name), 0);
		if (i % 100 == 50)
			wander(lock, 3);
		if (i % 7 == 0)
			sched_yield();
	}
	return arg;
}

int main(void)
{
	pthread_t t[THREADS];
	if (may_all())
		CHECK_EQ(chmod(".", 0777), 0);
	wander_init();
	for (int i = 0; i < THREADS; i++)
		t[i] = start(makes_files, i);
	if (may_all())
		for (int i = 0; i < 20; i++) {
			CHECK_EQ(setfsuid(-1), 0);
			sleep_ms(2);
		}
	for (int i = 0; i < THREADS; i++)
		join(t[i]);
	wander_end();
	puts("owners");
	return 0;
}
