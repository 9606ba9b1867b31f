// rule: functions that use a stream inside libc (getmntent, putpwent) wait on a pipe and let other threads run
// timeout: 60
#include "../ipc/ticks.h"
#include <mntent.h>
#include <pwd.h>

static int p[2];
static char block[65536];

static void writes(void *line)
{
	CHECK_EQ(write(p[1], line, strlen(line)), (long)strlen(line));
}

static void drains(void *end)
{
	long n, all = 0;
	(void)end;
	while (all < (long)sizeof block && (n = read(p[0], block, sizeof block)) > 0)
		all += n;
}

int main(void)
{
	ticks_start();
	CHECK_EQ(pipe(p), 0);
	FILE *f = fdopen(p[0], "r");
	CHECK(f != NULL);
	pthread_t t = later(writes, "/dev/x /mnt ext4 rw 0 0\n");
	struct mntent *mount;
	TICKS_DURING(mount = getmntent(f));
	CHECK(mount != NULL);
	CHECK_STR(mount->mnt_dir, "/mnt");
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(fclose(f), 0);
	CHECK_EQ(close(p[1]), 0);

	CHECK_EQ(pipe(p), 0);
	CHECK_EQ(write(p[1], block, sizeof block), (long)sizeof block);
	CHECK(f = fdopen(p[1], "w"));
	CHECK_EQ(setvbuf(f, NULL, _IONBF, 0), 0);
	struct passwd user = {.pw_name = "some", .pw_passwd = "x", .pw_uid = 12, .pw_gid = 34,
		.pw_gecos = "text", .pw_dir = "/home", .pw_shell = "/bin/sh"};
	t = later(drains, NULL);
	TICKS_DURING(CHECK_EQ(putpwent(&user, f), 0));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(fclose(f), 0);
	ticks_end();
	puts("both");
	return 0;
}
