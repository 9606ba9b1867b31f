// rule: what a thread changes of what the kernel keeps for it is there wherever it goes on, in the threads that it makes if the kernel hands it on, and in no other
// source: prctl(2), credentials(7), namespaces(7), clone(2)
// timeout: 120
#include "standing.h"
#include <sys/fsuid.h>
#include <sys/personality.h>

/* Each is set in a process of its own. `get` tells a number; `set` fails where it is not allowed
 * or not there: then there is nothing to see. */
struct attribute {
	const char *name;
	int (*set)(void);
	long (*get)(void);
	enum { THEY_HAVE_IT, NOT_THEY, NOT_LOOKED_AT } those_made;
};

static int set_nnp(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static long get_nnp(void) { return no_new_privs(); }
static int set_nice(void) { return nice_value() < 19 ? setpriority(PRIO_PROCESS, gettid(), 19) : -1; }
static long get_nice(void) { return nice_value(); }
static int set_death(void) { return prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0); }
static long get_death(void)
{
	int signal = -1;
	CHECK_EQ(prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0), 0);
	return signal;
}
static int set_keep(void) { return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); }
static long get_keep(void) { return prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0); }
static int set_secure(void) { return prctl(PR_SET_SECUREBITS, 1 << 2 /* no fixup by setuid */, 0, 0, 0); }
static long get_secure(void) { return prctl(PR_GET_SECUREBITS, 0, 0, 0, 0); }
static int set_bound(void) { return prctl(PR_CAPBSET_DROP, CAP_CHOWN, 0, 0, 0); }
static long get_bound(void) { return prctl(PR_CAPBSET_READ, CAP_CHOWN, 0, 0, 0); }
static int set_ambient(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];
	if (syscall(SYS_capget, &h, d) != 0)
		return -1;
	d[0].inheritable |= 1u << CAP_CHOWN;
	if (syscall(SYS_capset, &h, d) != 0)
		return -1;
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0);
}
static long get_ambient(void) { return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0); }
static int set_mce(void) { return prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0); }
static long get_mce(void) { return prctl(PR_MCE_KILL_GET, 0, 0, 0, 0); }
static int set_flusher(void) { return prctl(57 /* PR_SET_IO_FLUSHER */, 1, 0, 0, 0); }
static long get_flusher(void) { return prctl(58, 0, 0, 0, 0); }
static int set_speculation(void) { return prctl(53 /* PR_SET_SPECULATION_CTRL */, 0, 4 /* disable */, 0, 0); }
static long get_speculation(void) { return prctl(52, 0, 0, 0, 0); }
static int set_persona(void) { return personality((unsigned long)personality(0xffffffff) | ADDR_COMPAT_LAYOUT) < 0 ? -1 : 0; }
static long get_persona(void) { return personality(0xffffffff); }
static int set_fsuid(void) { return setfsuid(4000), setfsuid(-1) == 4000 ? 0 : -1; }
static long get_fsuid(void) { return setfsuid(-1); }
static int set_fsgid(void) { return syscall(SYS_setfsgid, 4000) < 0 ? -1 : setfsgid(-1) == 4000 ? 0 : -1; }
static long get_fsgid(void) { return setfsgid(-1); }
static int set_uid(void) { return (int)syscall(SYS_setreuid, -1, 4001); }
static long get_uid(void) { return geteuid(); }
static int set_gid(void) { return (int)syscall(SYS_setgid, 4002); }
static long get_gid(void) { return getgid(); }
static int set_groups(void) { return (int)syscall(SYS_setgroups, 2, (gid_t[]){ 4003, 4004 }); }
static long get_groups(void) { gid_t g[64]; return getgroups(64, g) == 2 && g[0] == 4003; }
static int set_io(void) { return (int)syscall(SYS_ioprio_set, 1, gettid(), 3 << 13 /* idle */); }
static long get_io(void) { return syscall(SYS_ioprio_get, 1, 0); }
static int set_memory(void) { unsigned long nodes = 1; return (int)syscall(SYS_set_mempolicy, 2 /* MPOL_BIND */, &nodes, 64); }
static long get_memory(void) { int policy = -1; syscall(SYS_get_mempolicy, &policy, NULL, 0, NULL, 0); return policy; }
static int set_keyring(void) { return syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -1 /* of the thread */, 1) < 0 ? -1 : 0; }
static long get_keyring(void) { long id = syscall(SYS_keyctl, 0, -1, 0); return id < 0 ? 0 : id; }
static int set_session(void) { return syscall(SYS_keyctl, 1 /* JOIN_SESSION_KEYRING */, NULL) < 0 ? -1 : 0; }
static long get_session(void) { return syscall(SYS_keyctl, 0, -3, 0); }
static int set_landlock(void)
{
	uint64_t handled = 1 << 2; /* reading files */
	int fd = (int)syscall(444 /* landlock_create_ruleset */, &handled, sizeof handled, 0);
	if (fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	int result = (int)syscall(446 /* landlock_restrict_self */, fd, 0);
	close(fd);
	return result;
}
static long get_landlock(void)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}
static int share_nothing(int flag) { return unshare(flag); }
static long space(const char *name)
{
	char path[64];
	struct stat st;
	snprintf(path, sizeof path, "/proc/thread-self/ns/%s", name);
	CHECK_EQ(stat(path, &st), 0);
	return (long)st.st_ino;
}
static int set_ipc(void) { return share_nothing(CLONE_NEWIPC); }
static long get_ipc(void) { return space("ipc"); }
static int set_net(void) { return share_nothing(CLONE_NEWNET); }
static long get_net(void) { return space("net"); }
static int set_mount(void) { return share_nothing(CLONE_NEWNS); }
static long get_mount(void) { return space("mnt"); }
static int set_umask(void) { return share_nothing(CLONE_FS) == 0 ? umask(0123), 0 : -1; }
static long get_umask(void) { mode_t m = umask(0); umask(m); return m; }
#if defined __x86_64__
#include <asm/prctl.h>
static long word = 1234;
static int set_gs(void) { return (int)syscall(SYS_arch_prctl, ARCH_SET_GS, &word); }
#include <setjmp.h>
#include <sys/io.h>
static __thread sigjmp_buf no_port;
static void not_allowed(int signal) { (void)signal; siglongjmp(no_port, 1); }
static int set_ports(void) { return ioperm(0x80, 1, 1); }
static long get_ports(void)
{
	struct sigaction sa = { .sa_handler = not_allowed }, before;
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	volatile long may = 0;
	pthread_mutex_lock(&one);
	CHECK_EQ(sigaction(SIGSEGV, &sa, &before), 0);
	if (sigsetjmp(no_port, 1) == 0) {
		inb(0x80);
		may = 1;
	}
	CHECK_EQ(sigaction(SIGSEGV, &before, NULL), 0);
	pthread_mutex_unlock(&one);
	return may;
}
static long get_gs(void) { long at = 0; syscall(SYS_arch_prctl, ARCH_GET_GS, &at); return at; }
#endif

static const struct attribute attributes[] = {
	{ "no_new_privs", set_nnp, get_nnp, THEY_HAVE_IT },
	{ "nice", set_nice, get_nice, THEY_HAVE_IT },
	{ "death signal", set_death, get_death, NOT_THEY },
	{ "keep capabilities", set_keep, get_keep, THEY_HAVE_IT },
	{ "secure bits", set_secure, get_secure, THEY_HAVE_IT },
	{ "bounding set", set_bound, get_bound, THEY_HAVE_IT },
	{ "ambient capabilities", set_ambient, get_ambient, THEY_HAVE_IT },
	{ "machine checks", set_mce, get_mce, THEY_HAVE_IT },
	{ "I/O flusher", set_flusher, get_flusher, THEY_HAVE_IT },
	{ "speculation", set_speculation, get_speculation, THEY_HAVE_IT },
	{ "personality", set_persona, get_persona, THEY_HAVE_IT },
	{ "file system user", set_fsuid, get_fsuid, THEY_HAVE_IT },
	{ "file system group", set_fsgid, get_fsgid, THEY_HAVE_IT },
	{ "user", set_uid, get_uid, THEY_HAVE_IT },
	{ "group", set_gid, get_gid, THEY_HAVE_IT },
	{ "groups", set_groups, get_groups, THEY_HAVE_IT },
	{ "I/O priority", set_io, get_io, THEY_HAVE_IT },
	{ "memory policy", set_memory, get_memory, THEY_HAVE_IT },
	/* (Natively each gets one of its own; docs/compatibility.md has the difference.) */
	{ "thread keyring", set_keyring, get_keyring, NOT_LOOKED_AT },
	{ "session keyring", set_session, get_session, THEY_HAVE_IT },
	{ "Landlock", set_landlock, get_landlock, THEY_HAVE_IT },
	{ "queues", set_ipc, get_ipc, THEY_HAVE_IT },
	{ "network", set_net, get_net, THEY_HAVE_IT },
	{ "mounts", set_mount, get_mount, THEY_HAVE_IT },
	{ "mode mask", set_umask, get_umask, THEY_HAVE_IT },
#if defined __x86_64__
	{ "GS base", set_gs, get_gs, THEY_HAVE_IT },
	{ "ports", set_ports, get_ports, THEY_HAVE_IT },
#endif
};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes, NOT_HERE = 77 };

static const struct attribute *a;
static long base;
static struct signal_pipe ready, go;
static atomic_int refused;

static void is(const char *who, long wanted)
{
	long now = a->get();
	if (now != wanted)
		check_fail(__FILE__, __LINE__, "%s: %s has %lx, wanted %lx", a->name, who, now, wanted);
}
static void *is_made(void *arg)
{
	if (a->those_made == NOT_LOOKED_AT)
		return NULL;
	is("a thread that it made", (long)arg);
	return NULL;
}
static void *changes(void *arg)
{
	int fd = lock_open();
	is("before", base);
	if (a->set() != 0) {
		refused = 1;
		pipe_tell(&ready);
		return arg;
	}
	long own = a->get();
	CHECK(own != base);
	for (int i = 0; i < 4; i++) {
		wander(fd, 4);
		is("it", own);
	}
	join(start(is_made, a->those_made == NOT_THEY ? base : own));
	pipe_tell(&ready);
	pipe_await(&go);
	is("it", own);
	return arg;
}

static void run(void)
{
	wander_init();
	umask(022);
	int fd = lock_open();
	pipe_make(&ready), pipe_make(&go);
	base = a->get();
	pthread_t t = start(changes, 0);
	for (int i = 0; i < 4; i++) {
		wander(fd, 4);
		is("another", base);
	}
	pipe_await(&ready);
	if (refused)
		_exit(NOT_HERE);
	is("another", base);
	join(start(is_made, base));
	pipe_tell(&go);
	join(t);
	is("another", base);
	_exit(0);
}

int main(void)
{
	int failed = 0;
	for (int i = 0; i < ATTRIBUTES; i++) {
		int status;
		pid_t pid = fork();
		CHECK(pid >= 0);
		if (pid == 0) {
			a = &attributes[i];
			run();
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		if (status != 0 && status != NOT_HERE << 8) {
			fprintf(stderr, "%s: status %x\n", attributes[i].name, status);
			failed++;
		}
		/* What cannot be seen here: the same natively. */
		if (status == NOT_HERE << 8)
			printf("not here: %s\n", attributes[i].name);
		fflush(stdout);
	}
	printf("%d failed\n", failed);
	return failed != 0;
}
