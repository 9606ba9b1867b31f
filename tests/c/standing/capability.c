// rule: capset(2) changes the calling thread: a capability that it drops it has no more, and others go on with theirs
// source: capabilities(7), capget(2)
// timeout: 60
#include "standing.h"

static struct signal_pipe ready, go;
static atomic_int id;
int capset(struct __user_cap_header_struct *, const struct __user_cap_data_struct *);
int capget(struct __user_cap_header_struct *, struct __user_cap_data_struct *);

static int has_chown(pid_t pid)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, pid };
	struct __user_cap_data_struct d[2];
	CHECK_EQ(capget(&h, d), 0);
	return d[0].effective >> CAP_CHOWN & 1;
}
static int chown_works(void)
{
	if (chown("file", 4711, 4711) == 0)
		return 1;
	CHECK_EQ(errno, EPERM);
	return 0;
}
static void drop(int raw)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, raw ? gettid() : 0 };
	struct __user_cap_data_struct d[2];
	CHECK_EQ(raw ? syscall(SYS_capget, &h, d) : capget(&h, d), 0);
	d[0].effective &= ~(1u << CAP_CHOWN);
	d[0].permitted &= ~(1u << CAP_CHOWN);
	CHECK_EQ(raw ? syscall(SYS_capset, &h, d) : capset(&h, d), 0);
}

static void *lacks(void *arg)
{
	CHECK_EQ(chown_works(), 0);
	return arg;
}
static void *drops(void *arg)
{
	int fd = lock_open();
	CHECK_EQ(chown_works(), may_all());
	drop(arg != NULL);
	for (int i = 0; i < 6; i++) {
		CHECK_EQ(chown_works(), 0);
		CHECK_EQ(has_chown(0), 0);
		CHECK_EQ(has_chown(gettid()), 0);
		wander(fd, 5);
	}
	join(start(lacks, 0));
	id = gettid();
	pipe_tell(&ready);
	pipe_await(&go);
	CHECK_EQ(chown_works(), 0);
	close(fd);
	return arg;
}

int main(void)
{
	wander_init();
	int fd = lock_open(), file = open("file", O_CREAT | O_RDWR, 0600);
	CHECK(file >= 0);
	pipe_make(&ready), pipe_make(&go);
	for (int raw = 0; raw < 2; raw++) {
		pthread_t t = start(drops, raw);
		for (int i = 0; i < 4; i++) {
			CHECK_EQ(chown_works(), may_all());
			wander(fd, 5);
		}
		pipe_await(&ready);
		CHECK_EQ(has_chown(id), 0);
		CHECK_EQ(has_chown(getpid()), may_all());
		CHECK_EQ(chown_works(), may_all());
		struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, id };
		struct __user_cap_data_struct d[2] = { { 0 } };
		CHECK_ERRNO(capset(&h, d), EPERM); /* another thread's */
		h = (struct __user_cap_header_struct){ 1, 0 };
		CHECK_ERRNO(capset(&h, d), EINVAL);
		CHECK_EQ(h.version, _LINUX_CAPABILITY_VERSION_3);
		pipe_tell(&go);
		join(t);
	}
	wander_end();
	puts("dropped");
	return 0;
}
