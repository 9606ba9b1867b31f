// rule: system calls that take a thread's id take that of each thread of the program: its own, another's; ESRCH is for ids that no thread has
// source: getpgid(2), prlimit(2), sched_setscheduler(2), sched_setaffinity(2), sched_setattr(2), gettid(2)
// timeout: 60
#include "standing.h"

struct attr { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t t[3]; };
static struct signal_pipe ready, go;
static atomic_int id;

static void all(pid_t tid)
{
	struct rlimit a, b;
	struct sched_param p = { -1 };
	struct attr attr = { 0 };
	struct timespec ts;
	cpu_set_t set, own;
	CHECK_EQ(getpgid(tid), getpgrp());
	CHECK_EQ(getsid(tid), getsid(0));
	CHECK_EQ(syscall(SYS_getpgid, tid), getpgrp());
	CHECK_EQ(prlimit(tid, RLIMIT_NOFILE, NULL, &a), 0);
	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &b), 0);
	CHECK_EQ(a.rlim_cur, b.rlim_cur);
	CHECK_EQ(sched_getscheduler(tid), SCHED_OTHER);
	CHECK_EQ(sched_getparam(tid, &p), 0);
	CHECK_EQ(p.sched_priority, 0);
	CHECK_EQ(sched_setparam(tid, &p), 0);
	CHECK_EQ(sched_setscheduler(tid, SCHED_OTHER, &p), 0);
	p.sched_priority = 5;
	CHECK_ERRNO(sched_setscheduler(tid, SCHED_OTHER, &p), EINVAL);
	CHECK_ERRNO(syscall(SYS_sched_setscheduler, tid, 99, &p), EINVAL);
	CHECK_EQ(sched_rr_get_interval(tid, &ts), 0);
	CHECK_EQ(sched_getaffinity(tid, sizeof set, &set), 0);
	CHECK_EQ(sched_setaffinity(tid, sizeof set, &set), 0);
	CHECK_EQ(sched_getaffinity(0, sizeof own, &own), 0);
	CHECK(CPU_EQUAL(&set, &own));
	memset(&set, 0, sizeof set);
	CHECK(syscall(SYS_sched_getaffinity, tid, sizeof set, &set) > 0);
	CHECK(CPU_EQUAL(&set, &own));
	CHECK_EQ(syscall(SYS_sched_setaffinity, tid, sizeof set, &set), 0);
	CHECK_EQ(syscall(SYS_sched_getattr, tid, &attr, sizeof attr, 0), 0);
	CHECK_EQ(attr.policy, SCHED_OTHER);
	CHECK_EQ(attr.nice, getpriority(PRIO_PROCESS, tid));
	CHECK_EQ(syscall(SYS_sched_setattr, tid, &attr, 0), 0);
	CHECK_ERRNO(syscall(SYS_sched_setattr, tid, NULL, 0), EINVAL);
}
static void *waits(void *arg)
{
	all(0);
	all(gettid());
	all(getpid());
	id = gettid();
	pipe_tell(&ready);
	pipe_await(&go);
	/* Its policy and its nice value, by both kinds of calls. */
	struct attr attr = { .size = sizeof attr, .policy = SCHED_BATCH, .nice = getpriority(PRIO_PROCESS, 0) };
	attr.nice += attr.nice < 19;
	CHECK_EQ(syscall(SYS_sched_setattr, gettid(), &attr, 0), 0);
	CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
	CHECK_EQ(nice_value(), attr.nice);
	int policy;
	struct sched_param p;
	CHECK_OK(pthread_getschedparam(pthread_self(), &policy, &p));
	CHECK_EQ(policy, SCHED_BATCH);
	pipe_tell(&ready);
	pipe_await(&go);
	return arg;
}

int main(void)
{
	all(0);
	all(getpid());
	pipe_make(&ready), pipe_make(&go);
	pthread_t t = start(waits, 0);
	all(0);
	all(getpid());
	pipe_await(&ready);
	all(id);
	pipe_tell(&go);
	pipe_await(&ready);
	CHECK_EQ(sched_getscheduler(id), SCHED_BATCH);
	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	pipe_tell(&go);
	join(t);
	pid_t child = fork(), nobody = child;
	if (child == 0)
		_exit(0);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	struct sched_param p = { 0 };
	CHECK_ERRNO(getpgid(nobody), ESRCH);
	CHECK_ERRNO(sched_getscheduler(nobody), ESRCH);
	CHECK_ERRNO(sched_setscheduler(nobody, SCHED_OTHER, &p), ESRCH);
	puts("ids");
	return 0;
}
