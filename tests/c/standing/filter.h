/* Seccomp filters. */
#include "standing.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#define LOAD_NR BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, what)

static UNUSED int filter_set(struct sock_filter *f, size_t n, int by_prctl)
{
	struct sock_fprog program = { (unsigned short)n, f };
	set_no_new_privs();
	if (by_prctl)
		return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* A filter that answers getppid(2) with ENOTTY. */
static UNUSED struct sock_filter no_getppid[] = {
	LOAD_NR,
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
	ANSWER(SECCOMP_RET_ERRNO | ENOTTY),
	ANSWER(SECCOMP_RET_ALLOW),
};
static UNUSED int getppid_works(void)
{
	errno = 0;
	long r = syscall(SYS_getppid);
	if (r == -1)
		CHECK_EQ(errno, ENOTTY);
	return r != -1;
}
static UNUSED void *is_refused(void *arg)
{
	CHECK(!getppid_works());
	return arg;
}
