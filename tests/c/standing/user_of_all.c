// rule: setuid(2) and its kin, of libc, change every OS thread of the process, wherever the thread goes on that calls them
// source: nptl(7), setresuid(2)
// timeout: 90
#include "standing.h"

static atomic_int stop;

static void *computes_at_times(void *arg)
{
	while (!stop) {
		compute_ms(12);
		sched_yield();
	}
	return arg;
}

/* The effective user of all OS threads. */
static void all_are(uid_t wanted)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;
	CHECK(d != NULL);
	while ((e = readdir(d)) != NULL) {
		char path[300], line[256];
		unsigned real, effective = wanted;
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/self/task/%s/status", e->d_name);
		FILE *f = fopen(path, "re");
		if (!f)
			continue; /* it has ended */
		while (fgets(line, sizeof line, f))
			if (sscanf(line, "Uid: %u %u", &real, &effective) == 2)
				break;
		fclose(f);
		CHECK_EQ(effective, wanted);
	}
	closedir(d);
}

int main(void)
{
	if (!may_all()) { /* nobody to become */
		puts("all");
		return 0;
	}
	wander_init();
	int fd = lock_open();
	pthread_t t[3];
	for (int i = 0; i < 3; i++)
		t[i] = start(computes_at_times, 0);
	for (int i = 0; i < 40; i++) {
		uid_t user = i % 2 ? 0 : 2000 + i;
		wander(fd, 2);
		if (i % 5 == 0)
			compute_ms(25);
		CHECK_EQ(seteuid(user), 0);
		CHECK_EQ(geteuid(), user);
		all_are(user);
		if (user)
			CHECK_ERRNO(setresuid(7, 7, 7), EPERM);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		join(t[i]);
	wander_end();
	puts("all");
	return 0;
}
