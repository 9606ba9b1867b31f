/* Every call that may wait, as a table: how it begins to wait, what ends the
 * wait, and what signal(7) and pthreads(7) say of it. The tests of signals and
 * of cancellation walk it, so that no call is forgotten in one of them. */
#ifndef WAITS_H
#define WAITS_H
#pragma GCC diagnostic ignored "-Wunused-function"
#include "check.h"
#include <aio.h>
#include <mqueue.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <threads.h>

/* signal(7), when a handler has run meanwhile. */
enum ends {
	RESTARTS, /* goes on if SA_RESTART was given, else EINTR */
	EINTR_ALWAYS,
	NEVER_ENDS, /* goes on in any case */
};

struct wait_call {
	const char *name;
	enum ends ends;
	bool point; /* a cancellation point, pthreads(7) */
	bool early; /* what ends the wait may come before it */
	void (*prepare)(void);
	long (*wait)(void);
	void (*release)(void);
};

/* What they wait on: made by `prepare`, taken away by `w_finish`. */
static int w_fd[4] = { -1, -1, -1, -1 };
static pid_t w_child;
static int w_queue = -1, w_sems = -1;
static mqd_t w_mq = -1;
static const char w_fifo[] = "w.fifo", w_file[] = "w.file";
static pthread_mutex_t w_mutex;
static pthread_cond_t w_cond;
static pthread_rwlock_t w_rwlock;
static pthread_barrier_t w_barrier;
static pthread_once_t w_once;
static sem_t w_sem, w_go;
static pthread_t w_thread;
static mtx_t w_mtx;
static cnd_t w_cnd;
static int w_word;
static FILE *w_stream;
static char w_byte[1];
static struct timespec w_long = { 300, 0 };

static void w_close(int i)
{
	if (w_fd[i] >= 0)
		close(w_fd[i]);
	w_fd[i] = -1;
}

static void w_finish(void)
{
	if (w_child > 0) {
		kill(w_child, SIGKILL);
		waitpid(w_child, NULL, 0);
		w_child = 0;
	}
	if (w_stream) {
		fclose(w_stream);
		w_stream = NULL;
		w_fd[0] = -1;
	}
	for (int i = 0; i < 4; i++)
		w_close(i);
	if (w_queue >= 0)
		msgctl(w_queue, IPC_RMID, NULL), w_queue = -1;
	if (w_sems >= 0)
		semctl(w_sems, 0, IPC_RMID), w_sems = -1;
	if (w_mq != (mqd_t)-1)
		mq_close(w_mq), w_mq = (mqd_t)-1;
	unlink(w_fifo);
	unlink(w_file);
	unlink("w.sock");
}

static void w_nothing(void) {}

/* Pipes, sockets and what reads like them. */
static void p_pipe(void) { CHECK_EQ(pipe(w_fd), 0); }
static void w_fill(int fd)
{
	static char block[4096];
	int flags = fcntl(fd, F_GETFL);
	CHECK_EQ(fcntl(fd, F_SETFL, flags | O_NONBLOCK), 0);
	while (write(fd, block, sizeof block) > 0)
		;
	while (write(fd, block, 1) > 0)
		;
	CHECK_EQ(fcntl(fd, F_SETFL, flags), 0);
}
static void w_drain(int fd)
{
	static char block[1 << 20];
	CHECK(read(fd, block, sizeof block) > 0);
}
static void p_full_pipe(void) { p_pipe(), w_fill(w_fd[1]); }
static void p_pair(void) { CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, w_fd), 0); }
static void p_full_pair(void) { p_pair(), w_fill(w_fd[1]); }
static void p_pair_timeo(void)
{
	struct timeval t = { 300, 0 };
	p_pair();
	CHECK_EQ(setsockopt(w_fd[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t), 0);
}
static void p_full_pair_timeo(void)
{
	struct timeval t = { 300, 0 };
	p_full_pair();
	CHECK_EQ(setsockopt(w_fd[1], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t), 0);
}
static void p_datagrams(void) { CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, w_fd), 0); }
static void r_write(void) { CHECK_EQ(write(w_fd[1], "x", 1), 1); }
static void r_drain(void)
{
	/* A writer of a pipe waits for a whole page, one of a socket for more. */
	struct pollfd p = { w_fd[0], POLLIN, 0 };
	for (int i = 0; i < 50 && poll(&p, 1, 0) == 1; i++)
		w_drain(w_fd[0]);
}
static struct iovec w_iov = { w_byte, 1 };
static struct msghdr w_msg(void) { return (struct msghdr){ .msg_iov = &w_iov, .msg_iovlen = 1 }; }
static long do_read(void) { return read(w_fd[0], w_byte, 1); }
static long do_readv(void) { return readv(w_fd[0], &w_iov, 1); }
static long do_preadv2(void) { return preadv2(w_fd[0], &w_iov, 1, -1, 0); }
static long do_write(void) { return write(w_fd[1], "x", 1); }
static long do_writev(void) { return writev(w_fd[1], &w_iov, 1); }
static long do_pwritev2(void) { return pwritev2(w_fd[1], &w_iov, 1, -1, 0); }
static long do_recv(void) { return recv(w_fd[0], w_byte, 1, 0); }
static long do_recvfrom(void) { return recvfrom(w_fd[0], w_byte, 1, 0, NULL, NULL); }
static long do_recvmsg(void)
{
	struct msghdr m = w_msg();
	return recvmsg(w_fd[0], &m, 0);
}
static long do_recvmmsg(void)
{
	struct mmsghdr m = { .msg_hdr = w_msg() };
	return recvmmsg(w_fd[0], &m, 1, 0, NULL);
}
static long do_send(void) { return send(w_fd[1], "x", 1, 0); }
static long do_sendto(void) { return sendto(w_fd[1], "x", 1, 0, NULL, 0); }
static long do_sendmsg(void)
{
	struct msghdr m = w_msg();
	return sendmsg(w_fd[1], &m, 0);
}
static long do_sendmmsg(void)
{
	struct mmsghdr m = { .msg_hdr = w_msg() };
	return sendmmsg(w_fd[1], &m, 1, 0);
}
static long do_syscall_read(void) { return syscall(SYS_read, w_fd[0], w_byte, 1); }
static void p_pipes(void)
{
	CHECK_EQ(pipe(w_fd), 0);
	CHECK_EQ(pipe(w_fd + 2), 0);
}
static long do_splice(void) { return splice(w_fd[0], NULL, w_fd[3], NULL, 1, 0); }
static long do_tee(void) { return tee(w_fd[0], w_fd[3], 1, 0); }
static void p_sendfile(void)
{
	p_full_pair();
	CHECK((w_fd[2] = open(w_file, O_CREAT | O_RDWR, 0600)) >= 0);
	CHECK_EQ(write(w_fd[2], "x", 1), 1);
}
static long do_sendfile(void)
{
	off_t at = 0;
	return sendfile(w_fd[1], w_fd[2], &at, 1);
}
static long do_vmsplice(void) { return vmsplice(w_fd[1], &w_iov, 1, 0); }

static struct sockaddr_un w_address(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "w.sock" };
	return a;
}
static void p_listen(void)
{
	struct sockaddr_un a = w_address();
	CHECK((w_fd[0] = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
	CHECK_EQ(bind(w_fd[0], (struct sockaddr *)&a, sizeof a), 0);
	CHECK_EQ(listen(w_fd[0], 0), 0);
	CHECK((w_fd[1] = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
}
static void r_connect(void)
{
	struct sockaddr_un a = w_address();
	CHECK_EQ(connect(w_fd[1], (struct sockaddr *)&a, sizeof a), 0);
}
static long do_accept(void)
{
	w_fd[2] = accept(w_fd[0], NULL, NULL);
	return w_fd[2] < 0 ? -1 : 0;
}
static long do_accept4(void)
{
	w_fd[2] = accept4(w_fd[0], NULL, NULL, SOCK_CLOEXEC);
	return w_fd[2] < 0 ? -1 : 0;
}
static void p_backlog(void) /* full: a listener's backlog of 0 holds one */
{
	p_listen(), r_connect();
	CHECK((w_fd[2] = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
}
static long do_connect(void)
{
	struct sockaddr_un a = w_address();
	return connect(w_fd[2], (struct sockaddr *)&a, sizeof a);
}
static void r_accept(void) { CHECK((w_fd[3] = accept(w_fd[0], NULL, NULL)) >= 0); }

static void p_eventfd(void) { CHECK((w_fd[0] = eventfd(0, 0)) >= 0); }
static void p_full_eventfd(void)
{
	p_eventfd();
	CHECK_EQ(eventfd_write(w_fd[0], 0xfffffffffffffffe), 0);
}
static void r_eventfd(void) { CHECK_EQ(eventfd_write(w_fd[0], 1), 0); }
static void r_eventfd_taken(void)
{
	eventfd_t v;
	CHECK_EQ(eventfd_read(w_fd[0], &v), 0);
}
static long do_read8(void)
{
	uint64_t v;
	return read(w_fd[0], &v, 8);
}
static long do_write8(void)
{
	uint64_t v = 1;
	return write(w_fd[0], &v, 8);
}
static long do_eventfd_read(void)
{
	eventfd_t v;
	return eventfd_read(w_fd[0], &v);
}
static void p_timerfd(void) { CHECK((w_fd[0] = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0); }
static void r_timerfd(void)
{
	struct itimerspec soon = { { 0, 0 }, { 0, 1000 } };
	CHECK_EQ(timerfd_settime(w_fd[0], 0, &soon, NULL), 0);
}
static void p_inotify(void)
{
	CHECK((w_fd[0] = inotify_init()) >= 0);
	CHECK(inotify_add_watch(w_fd[0], ".", IN_CREATE) >= 0);
}
static void r_create(void)
{
	int fd = open(w_file, O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0);
	close(fd);
}
static long do_read_event(void)
{
	char event[4096];
	return read(w_fd[0], event, sizeof event);
}
static void p_terminal(void)
{
	CHECK((w_fd[1] = posix_openpt(O_RDWR | O_NOCTTY)) >= 0);
	CHECK_EQ(grantpt(w_fd[1]), 0);
	CHECK_EQ(unlockpt(w_fd[1]), 0);
	CHECK((w_fd[0] = open(ptsname(w_fd[1]), O_RDWR | O_NOCTTY)) >= 0);
}
static void r_line(void) { CHECK_EQ(write(w_fd[1], "\n", 1), 1); }

/* Files. */
static void p_fifo(void) { CHECK_EQ(mkfifo(w_fifo, 0600), 0); }
static void r_fifo(void) { CHECK((w_fd[1] = open(w_fifo, O_RDWR)) >= 0); }
static long do_open(void)
{
	w_fd[0] = open(w_fifo, O_RDONLY);
	return w_fd[0] < 0 ? -1 : 0;
}
static long do_openat(void)
{
	w_fd[0] = openat(AT_FDCWD, w_fifo, O_RDONLY);
	return w_fd[0] < 0 ? -1 : 0;
}
static long do_creat(void)
{
	w_fd[0] = creat(w_fifo, 0600);
	return w_fd[0] < 0 ? -1 : 0;
}
static void w_two_files(void)
{
	CHECK((w_fd[0] = open(w_file, O_CREAT | O_RDWR, 0600)) >= 0);
	CHECK((w_fd[1] = open(w_file, O_RDWR)) >= 0);
}
static void p_flock(void)
{
	w_two_files();
	CHECK_EQ(flock(w_fd[0], LOCK_EX), 0);
}
static void r_flock(void) { CHECK_EQ(flock(w_fd[0], LOCK_UN), 0); }
static long do_flock(void) { return flock(w_fd[1], LOCK_EX); }
static void w_child_holds(void)
{
	char c;
	w_two_files();
	CHECK_EQ(pipe(w_fd + 2), 0);
	w_child = fork();
	if (w_child == 0) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		fcntl(w_fd[0], F_SETLK, &l);
		if (write(w_fd[3], "x", 1) == 1)
			for (;;)
				pause();
	}
	CHECK(w_child > 0);
	CHECK_EQ(read(w_fd[2], &c, 1), 1);
}
static void r_child(void)
{
	kill(w_child, SIGKILL);
	if (waitpid(w_child, NULL, 0) == w_child)
		w_child = 0;
}
static long do_fcntl(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(w_fd[1], F_SETLKW, &l);
}
static long do_lockf(void) { return lockf(w_fd[1], F_LOCK, 0); }
static void p_ofd(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	w_two_files();
	CHECK_EQ(fcntl(w_fd[0], F_OFD_SETLK, &l), 0);
}
static void r_ofd(void)
{
	struct flock l = { .l_type = F_UNLCK, .l_whence = SEEK_SET };
	CHECK_EQ(fcntl(w_fd[0], F_OFD_SETLK, &l), 0);
}
static long do_ofd(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(w_fd[1], F_OFD_SETLKW, &l);
}

/* Children. */
static void p_child(void)
{
	w_child = fork();
	CHECK(w_child >= 0);
	if (w_child == 0)
		for (;;)
			pause();
}
static void r_kill(void) { CHECK_EQ(kill(w_child, SIGKILL), 0); }
static long w_reaped(pid_t got)
{
	if (got == w_child)
		w_child = 0;
	return got < 0 ? -1 : 0;
}
static long do_wait(void) { return w_reaped(wait(NULL)); }
static long do_waitpid(void) { return w_reaped(waitpid(w_child, NULL, 0)); }
static long do_wait3(void) { return w_reaped(wait3(NULL, 0, NULL)); }
static long do_wait4(void) { return w_reaped(wait4(w_child, NULL, 0, NULL)); }
static long do_waitid(void)
{
	siginfo_t info;
	int r = waitid(P_PID, w_child, &info, WEXITED);
	return r < 0 ? r : w_reaped(w_child);
}

/* Queues and semaphores of the kernel. */
static void w_open_mq(void)
{
	struct mq_attr a = { .mq_maxmsg = 1, .mq_msgsize = 1 };
	char name[40];
	snprintf(name, sizeof name, "/gvt-waits-%d", (int)getpid());
	mq_unlink(name);
	w_mq = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &a);
	CHECK(w_mq != (mqd_t)-1);
	/* However this process ends, the queue ends with it: there are 256 of them. */
	CHECK_EQ(mq_unlink(name), 0);
}
static void p_mq(void) { w_open_mq(); }
static void r_mq(void) { CHECK_EQ(mq_send(w_mq, "x", 1, 0), 0); }
static void p_full_mq(void) { w_open_mq(), r_mq(); }
static void r_mq_taken(void) { CHECK_EQ(mq_receive(w_mq, w_byte, 1, NULL), 1); }
static struct timespec w_late(void) { return ts_in(CLOCK_REALTIME, 300000); }
static long do_mq_receive(void) { return mq_receive(w_mq, w_byte, 1, NULL); }
static long do_mq_timedreceive(void)
{
	struct timespec t = w_late();
	return mq_timedreceive(w_mq, w_byte, 1, NULL, &t);
}
static long do_mq_send(void) { return mq_send(w_mq, "y", 1, 0); }
static long do_mq_timedsend(void)
{
	struct timespec t = w_late();
	return mq_timedsend(w_mq, "y", 1, 0, &t);
}
static struct {
	long type;
	char text[8192];
} w_message = { 1, "" };
static void p_messages(void) { CHECK((w_queue = msgget(IPC_PRIVATE, 0600)) >= 0); }
static void r_message(void) { CHECK_EQ(msgsnd(w_queue, &w_message, 1, 0), 0); }
static void p_full_messages(void)
{
	p_messages();
	while (msgsnd(w_queue, &w_message, sizeof w_message.text, IPC_NOWAIT) == 0)
		;
}
static void r_message_taken(void) { CHECK(msgrcv(w_queue, &w_message, sizeof w_message.text, 0, 0) >= 0); }
static long do_msgrcv(void) { return msgrcv(w_queue, &w_message, 1, 0, MSG_NOERROR); }
static long do_msgsnd(void) { return msgsnd(w_queue, &w_message, sizeof w_message.text, 0); }
static void p_sems(void) { CHECK((w_sems = semget(IPC_PRIVATE, 1, 0600)) >= 0); }
static void r_sems(void)
{
	struct sembuf up = { 0, 1, 0 };
	CHECK_EQ(semop(w_sems, &up, 1), 0);
}
static struct sembuf w_down = { 0, -1, 0 };
static long do_semop(void) { return semop(w_sems, &w_down, 1); }
static long do_semtimedop(void) { return semtimedop(w_sems, &w_down, 1, &w_long); }

/* Locks. */
static void p_sem(void) { CHECK_EQ(sem_init(&w_sem, 0, 0), 0); }
static void r_sem(void) { CHECK_EQ(sem_post(&w_sem), 0); }
static long do_sem_wait(void) { return sem_wait(&w_sem); }
static long do_sem_timedwait(void)
{
	struct timespec t = w_late();
	return sem_timedwait(&w_sem, &t);
}
static struct timespec w_later(void) { return ts_in(CLOCK_MONOTONIC, 300000); }
static long do_sem_clockwait(void)
{
	struct timespec t = w_later();
	return sem_clockwait(&w_sem, CLOCK_MONOTONIC, &t);
}
static void p_cond(void)
{
	memset(&w_cond, 0, sizeof w_cond);
	memset(&w_mutex, 0, sizeof w_mutex);
	w_word = 0;
}
static void r_cond(void)
{
	CHECK_OK(pthread_mutex_lock(&w_mutex));
	w_word = 1;
	CHECK_OK(pthread_cond_broadcast(&w_cond));
	CHECK_OK(pthread_mutex_unlock(&w_mutex));
}
static void w_unlock(void *arg) { pthread_mutex_unlock(arg); }
static long do_cond_wait(void)
{
	CHECK_OK(pthread_mutex_lock(&w_mutex));
	pthread_cleanup_push(w_unlock, &w_mutex);
	while (!w_word)
		CHECK_OK(pthread_cond_wait(&w_cond, &w_mutex));
	pthread_cleanup_pop(1);
	return 0;
}
static long do_cond_timedwait(void)
{
	struct timespec t = w_late();
	CHECK_OK(pthread_mutex_lock(&w_mutex));
	pthread_cleanup_push(w_unlock, &w_mutex);
	while (!w_word)
		CHECK_OK(pthread_cond_timedwait(&w_cond, &w_mutex, &t));
	pthread_cleanup_pop(1);
	return 0;
}
static long do_cond_clockwait(void)
{
	struct timespec t = w_later();
	CHECK_OK(pthread_mutex_lock(&w_mutex));
	pthread_cleanup_push(w_unlock, &w_mutex);
	while (!w_word)
		CHECK_OK(pthread_cond_clockwait(&w_cond, &w_mutex, CLOCK_MONOTONIC, &t));
	pthread_cleanup_pop(1);
	return 0;
}
static void p_cnd(void)
{
	memset(&w_cnd, 0, sizeof w_cnd);
	CHECK_EQ(mtx_init(&w_mtx, mtx_plain), thrd_success);
	w_word = 0;
}
static void r_cnd(void)
{
	mtx_lock(&w_mtx);
	w_word = 1;
	cnd_broadcast(&w_cnd);
	mtx_unlock(&w_mtx);
}
static void w_unlock_mtx(void *arg) { mtx_unlock(arg); }
static long do_cnd_wait(void)
{
	mtx_lock(&w_mtx);
	pthread_cleanup_push(w_unlock_mtx, &w_mtx);
	while (!w_word)
		cnd_wait(&w_cnd, &w_mtx);
	pthread_cleanup_pop(1);
	return 0;
}
static void p_mutex(void)
{
	memset(&w_mutex, 0, sizeof w_mutex);
	CHECK_OK(pthread_mutex_lock(&w_mutex));
}
static void r_mutex(void) { CHECK_OK(pthread_mutex_unlock(&w_mutex)); }
static long do_mutex_lock(void)
{
	CHECK_OK(pthread_mutex_lock(&w_mutex));
	return pthread_mutex_unlock(&w_mutex);
}
static long do_mutex_timedlock(void)
{
	struct timespec t = w_late();
	CHECK_OK(pthread_mutex_timedlock(&w_mutex, &t));
	return pthread_mutex_unlock(&w_mutex);
}
static long do_mutex_clocklock(void)
{
	struct timespec t = w_later();
	CHECK_OK(pthread_mutex_clocklock(&w_mutex, CLOCK_MONOTONIC, &t));
	return pthread_mutex_unlock(&w_mutex);
}
static void p_mtx(void)
{
	CHECK_EQ(mtx_init(&w_mtx, mtx_plain), thrd_success);
	mtx_lock(&w_mtx);
}
static void r_mtx(void) { mtx_unlock(&w_mtx); }
static long do_mtx_lock(void)
{
	CHECK_EQ(mtx_lock(&w_mtx), thrd_success);
	return mtx_unlock(&w_mtx);
}
static void p_rdlocked(void)
{
	CHECK_OK(pthread_rwlock_init(&w_rwlock, NULL));
	CHECK_OK(pthread_rwlock_rdlock(&w_rwlock));
}
static void p_wrlocked(void)
{
	CHECK_OK(pthread_rwlock_init(&w_rwlock, NULL));
	CHECK_OK(pthread_rwlock_wrlock(&w_rwlock));
}
static void r_rwlock(void) { CHECK_OK(pthread_rwlock_unlock(&w_rwlock)); }
static long do_rdlock(void)
{
	CHECK_OK(pthread_rwlock_rdlock(&w_rwlock));
	return pthread_rwlock_unlock(&w_rwlock);
}
static long do_wrlock(void)
{
	CHECK_OK(pthread_rwlock_wrlock(&w_rwlock));
	return pthread_rwlock_unlock(&w_rwlock);
}
static long do_timedrdlock(void)
{
	struct timespec t = w_late();
	CHECK_OK(pthread_rwlock_timedrdlock(&w_rwlock, &t));
	return pthread_rwlock_unlock(&w_rwlock);
}
static long do_timedwrlock(void)
{
	struct timespec t = w_late();
	CHECK_OK(pthread_rwlock_timedwrlock(&w_rwlock, &t));
	return pthread_rwlock_unlock(&w_rwlock);
}
static void p_barrier(void) { CHECK_OK(pthread_barrier_init(&w_barrier, NULL, 2)); }
static void w_arrive(void) { pthread_barrier_wait(&w_barrier); }
static long do_barrier(void) { return w_arrive(), 0; }
static void w_once_routine(void)
{
	sem_post(&w_go);
	while (sem_wait(&w_sem))
		;
}
static void *w_runs_once(void *arg)
{
	CHECK_OK(pthread_once(&w_once, w_once_routine));
	return arg;
}
static void p_once(void)
{
	memset(&w_once, 0, sizeof w_once);
	CHECK_EQ(sem_init(&w_sem, 0, 0), 0);
	CHECK_EQ(sem_init(&w_go, 0, 0), 0);
	CHECK_OK(pthread_create(&w_thread, NULL, w_runs_once, NULL));
	CHECK_EQ(sem_wait(&w_go), 0);
}
static void r_once(void)
{
	CHECK_EQ(sem_post(&w_sem), 0);
	CHECK_OK(pthread_join(w_thread, NULL));
}
static long do_once(void) { return pthread_once(&w_once, w_once_routine); }
static void *w_ends_later(void *arg)
{
	while (sem_wait(&w_sem))
		;
	return arg;
}
static void p_thread(void)
{
	CHECK_EQ(sem_init(&w_sem, 0, 0), 0);
	CHECK_OK(pthread_create(&w_thread, NULL, w_ends_later, NULL));
}
static long do_join(void) { return pthread_join(w_thread, NULL); }
static long do_timedjoin(void)
{
	struct timespec t = w_late();
	return pthread_timedjoin_np(w_thread, NULL, &t);
}
static long do_clockjoin(void)
{
	struct timespec t = w_later();
	return pthread_clockjoin_np(w_thread, NULL, CLOCK_MONOTONIC, &t);
}
static void p_futex(void) { w_word = 0; }
static void r_futex(void)
{
	w_word = 1;
	syscall(SYS_futex, &w_word, 129 /* wake, private */, 1, NULL, NULL, 0);
}
static long do_futex(void)
{
	long r = syscall(SYS_futex, &w_word, 128 /* wait, private */, 0, NULL, NULL, 0);
	return r < 0 && errno == EAGAIN ? 0 : r; /* released before it waited */
}

/* Readiness, time, signals. */
static struct pollfd w_poll(void) { return (struct pollfd){ w_fd[0], POLLIN, 0 }; }
static long do_poll(void)
{
	struct pollfd p = w_poll();
	return poll(&p, 1, -1);
}
static long do_ppoll(void)
{
	struct pollfd p = w_poll();
	return ppoll(&p, 1, &w_long, NULL);
}
static long do_select(void)
{
	fd_set set;
	FD_ZERO(&set);
	FD_SET(w_fd[0], &set);
	return select(w_fd[0] + 1, &set, NULL, NULL, NULL);
}
static long do_pselect(void)
{
	fd_set set;
	FD_ZERO(&set);
	FD_SET(w_fd[0], &set);
	return pselect(w_fd[0] + 1, &set, NULL, NULL, &w_long, NULL);
}
static void p_epoll(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	p_pipe();
	CHECK((w_fd[2] = epoll_create1(0)) >= 0);
	CHECK_EQ(epoll_ctl(w_fd[2], EPOLL_CTL_ADD, w_fd[0], &e), 0);
}
static long do_epoll_wait(void)
{
	struct epoll_event e;
	return epoll_wait(w_fd[2], &e, 1, -1);
}
static long do_epoll_pwait(void)
{
	struct epoll_event e;
	return epoll_pwait(w_fd[2], &e, 1, 300000, NULL);
}
static long do_nanosleep(void) { return nanosleep(&w_long, NULL); }
static long w_returned(int error) /* those that return the number */
{
	errno = error;
	return error ? -1 : 0;
}
static long do_clock_nanosleep(void) { return w_returned(clock_nanosleep(CLOCK_MONOTONIC, 0, &w_long, NULL)); }
static long do_clock_nanosleep_until(void)
{
	struct timespec t = w_late();
	return w_returned(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL));
}
static long do_usleep(void) { return usleep(300000000); }
static long do_sleep(void) { return w_returned(sleep(300) ? EINTR : 0); }
static long do_thrd_sleep(void) { return w_returned(thrd_sleep(&w_long, NULL) == -1 ? EINTR : 0); }
static void r_usr2(void) { kill(getpid(), SIGUSR2); }
static long do_pause(void) { return pause(); }
static sigset_t w_usr2(void) /* which main blocks in all threads */
{
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	return s;
}
static long do_sigsuspend(void)
{
	sigset_t s = w_usr2();
	return sigsuspend(&s);
}
static long do_sigwait(void)
{
	sigset_t s = w_usr2();
	int got;
	return w_returned(sigwait(&s, &got));
}
static long do_sigwaitinfo(void)
{
	sigset_t s = w_usr2();
	return sigwaitinfo(&s, NULL);
}
static long do_sigtimedwait(void)
{
	sigset_t s = w_usr2();
	return sigtimedwait(&s, NULL, &w_long);
}
static void p_signalfd(void)
{
	sigset_t s = w_usr2();
	CHECK((w_fd[0] = signalfd(-1, &s, 0)) >= 0);
}
static long do_read_signal(void)
{
	struct signalfd_siginfo info;
	return read(w_fd[0], &info, sizeof info);
}
static struct aiocb w_aio;
static void p_aio(void)
{
	p_pipe();
	w_aio = (struct aiocb){ .aio_fildes = w_fd[0], .aio_buf = w_byte, .aio_nbytes = 1 };
	CHECK_EQ(aio_read(&w_aio), 0);
}
static void r_aio(void)
{
	r_write();
	while (aio_error(&w_aio) == EINPROGRESS)
		sleep_ms(1);
}
static long do_aio_suspend(void)
{
	const struct aiocb *list[1] = { &w_aio };
	return aio_suspend(list, 1, NULL);
}
static void p_lio(void)
{
	p_pipe();
	w_aio = (struct aiocb){ .aio_fildes = w_fd[0], .aio_buf = w_byte, .aio_nbytes = 1, .aio_lio_opcode = LIO_READ };
}
static long do_lio(void)
{
	struct aiocb *list[1] = { &w_aio };
	return lio_listio(LIO_WAIT, list, 1, NULL);
}

/* Streams. */
static void p_stream(void)
{
	p_pipe();
	CHECK((w_stream = fdopen(w_fd[0], "r")) != NULL);
}
static void r_text(void) { CHECK_EQ(write(w_fd[1], "1 \n", 3), 3); }
static long do_fgetc(void) { return fgetc(w_stream) < 0 ? -1 : 0; }
static long do_fgets(void)
{
	char line[10];
	return fgets(line, sizeof line, w_stream) ? 0 : -1;
}
static long do_getline(void)
{
	char *line = NULL;
	size_t size = 0;
	long n = getline(&line, &size, w_stream);
	free(line);
	return n < 0 ? -1 : 0;
}
static long do_fscanf(void)
{
	int n;
	return fscanf(w_stream, "%d", &n) == 1 ? 0 : -1;
}
static long do_fread(void) { return fread(w_byte, 1, 1, w_stream) == 1 ? 0 : -1; }

#define R RESTARTS
#define E EINTR_ALWAYS
#define N NEVER_ENDS
static const struct wait_call wait_calls[] = {
	{ "read pipe", R, true, true, p_pipe, do_read, r_write },
	{ "readv pipe", R, true, true, p_pipe, do_readv, r_write },
	{ "preadv2 pipe", R, true, true, p_pipe, do_preadv2, r_write },
	{ "write pipe", R, true, true, p_full_pipe, do_write, r_drain },
	{ "writev pipe", R, true, true, p_full_pipe, do_writev, r_drain },
	{ "pwritev2 pipe", R, true, true, p_full_pipe, do_pwritev2, r_drain },
	{ "read socket", R, true, true, p_pair, do_read, r_write },
	{ "write socket", R, true, true, p_full_pair, do_write, r_drain },
	{ "recv", R, true, true, p_pair, do_recv, r_write },
	{ "recvfrom", R, true, true, p_pair, do_recvfrom, r_write },
	{ "recvmsg", R, true, true, p_pair, do_recvmsg, r_write },
	{ "recvmmsg", R, true, true, p_datagrams, do_recvmmsg, r_write },
	{ "send", R, true, true, p_full_pair, do_send, r_drain },
	{ "sendto", R, true, true, p_full_pair, do_sendto, r_drain },
	{ "sendmsg", R, true, true, p_full_pair, do_sendmsg, r_drain },
	{ "sendmmsg", R, true, true, p_full_pair, do_sendmmsg, r_drain },
	{ "recv SO_RCVTIMEO", E, true, true, p_pair_timeo, do_recv, r_write },
	{ "read SO_RCVTIMEO", E, true, true, p_pair_timeo, do_read, r_write },
	{ "send SO_SNDTIMEO", E, true, true, p_full_pair_timeo, do_send, r_drain },
	{ "accept", R, true, true, p_listen, do_accept, r_connect },
	{ "accept4", R, true, true, p_listen, do_accept4, r_connect },
	{ "connect", R, true, true, p_backlog, do_connect, r_accept },
	{ "splice", R, true, true, p_pipes, do_splice, r_write },
	{ "tee", R, true, true, p_pipes, do_tee, r_write },
	{ "sendfile", R, false, true, p_sendfile, do_sendfile, r_drain },
	{ "vmsplice", R, true, true, p_full_pipe, do_vmsplice, r_drain },
	{ "read eventfd", R, true, true, p_eventfd, do_read8, r_eventfd },
	{ "write eventfd", R, true, true, p_full_eventfd, do_write8, r_eventfd_taken },
	{ "eventfd_read", R, true, true, p_eventfd, do_eventfd_read, r_eventfd },
	{ "read timerfd", R, true, true, p_timerfd, do_read8, r_timerfd },
	{ "read signalfd", R, true, true, p_signalfd, do_read_signal, r_usr2 },
	{ "read inotify", R, true, true, p_inotify, do_read_event, r_create },
	{ "read terminal", R, true, true, p_terminal, do_read, r_line },
	{ "fgetc", R, true, true, p_stream, do_fgetc, r_text },
	{ "fgets", R, true, true, p_stream, do_fgets, r_text },
	{ "getline", R, true, true, p_stream, do_getline, r_text },
	{ "fscanf", R, true, true, p_stream, do_fscanf, r_text },
	{ "fread", R, true, true, p_stream, do_fread, r_text },
	{ "syscall(SYS_read)", R, false, true, p_pipe, do_syscall_read, r_write },
	{ "open FIFO", R, true, true, p_fifo, do_open, r_fifo },
	{ "openat FIFO", R, true, true, p_fifo, do_openat, r_fifo },
	{ "creat FIFO", R, true, true, p_fifo, do_creat, r_fifo },
	{ "flock", R, false, true, p_flock, do_flock, r_flock },
	{ "fcntl F_SETLKW", R, true, true, w_child_holds, do_fcntl, r_child },
	{ "fcntl F_OFD_SETLKW", R, true, true, p_ofd, do_ofd, r_ofd },
	{ "lockf", R, true, true, w_child_holds, do_lockf, r_child },
	{ "wait", R, true, true, p_child, do_wait, r_kill },
	{ "waitpid", R, true, true, p_child, do_waitpid, r_kill },
	{ "wait3", R, true, true, p_child, do_wait3, r_kill },
	{ "wait4", R, true, true, p_child, do_wait4, r_kill },
	{ "waitid", R, true, true, p_child, do_waitid, r_kill },
	{ "mq_receive", R, true, true, p_mq, do_mq_receive, r_mq },
	{ "mq_timedreceive", R, true, true, p_mq, do_mq_timedreceive, r_mq },
	{ "mq_send", R, true, true, p_full_mq, do_mq_send, r_mq_taken },
	{ "mq_timedsend", R, true, true, p_full_mq, do_mq_timedsend, r_mq_taken },
	{ "msgrcv", E, true, true, p_messages, do_msgrcv, r_message },
	{ "msgsnd", E, true, true, p_full_messages, do_msgsnd, r_message_taken },
#if !defined CANCELS || !__GLIBC_PREREQ(2, 41) /* there pthread_cancel sends a signal, which ends them */
	{ "semop", E, false, true, p_sems, do_semop, r_sems },
	{ "semtimedop", E, false, true, p_sems, do_semtimedop, r_sems },
#endif
	{ "sem_wait", R, true, true, p_sem, do_sem_wait, r_sem },
	/* (signal(7) says that it restarts; a futex wait with a time-out does not.) */
	{ "sem_timedwait", E, true, true, p_sem, do_sem_timedwait, r_sem },
	{ "sem_clockwait", E, true, true, p_sem, do_sem_clockwait, r_sem },
	{ "futex", R, false, true, p_futex, do_futex, r_futex },
	{ "pthread_cond_wait", N, true, false, p_cond, do_cond_wait, r_cond },
	{ "pthread_cond_timedwait", N, true, false, p_cond, do_cond_timedwait, r_cond },
	{ "pthread_cond_clockwait", N, true, false, p_cond, do_cond_clockwait, r_cond },
	{ "cnd_wait", N, true, false, p_cnd, do_cnd_wait, r_cnd },
	{ "pthread_join", N, true, false, p_thread, do_join, r_sem },
	{ "pthread_timedjoin_np", N, true, false, p_thread, do_timedjoin, r_sem },
	{ "pthread_clockjoin_np", N, true, false, p_thread, do_clockjoin, r_sem },
	{ "pthread_mutex_lock", N, false, true, p_mutex, do_mutex_lock, r_mutex },
	{ "pthread_mutex_timedlock", N, false, true, p_mutex, do_mutex_timedlock, r_mutex },
	{ "pthread_mutex_clocklock", N, false, true, p_mutex, do_mutex_clocklock, r_mutex },
	{ "mtx_lock", N, false, true, p_mtx, do_mtx_lock, r_mtx },
	{ "pthread_rwlock_rdlock", N, false, true, p_wrlocked, do_rdlock, r_rwlock },
	{ "pthread_rwlock_wrlock", N, false, true, p_rdlocked, do_wrlock, r_rwlock },
	{ "pthread_rwlock_timedrdlock", N, false, true, p_wrlocked, do_timedrdlock, r_rwlock },
	{ "pthread_rwlock_timedwrlock", N, false, true, p_rdlocked, do_timedwrlock, r_rwlock },
	{ "pthread_barrier_wait", N, false, false, p_barrier, do_barrier, w_arrive },
	{ "pthread_once", N, false, true, p_once, do_once, r_once },
	{ "poll", E, true, true, p_pipe, do_poll, r_write },
	{ "ppoll", E, true, true, p_pipe, do_ppoll, r_write },
	{ "select", E, true, true, p_pipe, do_select, r_write },
	{ "pselect", E, true, true, p_pipe, do_pselect, r_write },
	{ "epoll_wait", E, true, true, p_epoll, do_epoll_wait, r_write },
	{ "epoll_pwait", E, true, true, p_epoll, do_epoll_pwait, r_write },
	{ "nanosleep", E, true, false, w_nothing, do_nanosleep, NULL },
	{ "clock_nanosleep", E, true, false, w_nothing, do_clock_nanosleep, NULL },
	{ "clock_nanosleep TIMER_ABSTIME", E, true, false, w_nothing, do_clock_nanosleep_until, NULL },
	{ "usleep", E, true, false, w_nothing, do_usleep, NULL },
	{ "sleep", E, true, false, w_nothing, do_sleep, NULL },
	{ "thrd_sleep", E, true, false, w_nothing, do_thrd_sleep, NULL },
	{ "pause", E, true, false, w_nothing, do_pause, NULL },
	{ "sigsuspend", E, true, false, w_nothing, do_sigsuspend, NULL },
	{ "sigwait", N, true, true, w_nothing, do_sigwait, r_usr2 },
	{ "sigwaitinfo", E, true, true, w_nothing, do_sigwaitinfo, r_usr2 },
	{ "sigtimedwait", E, true, true, w_nothing, do_sigtimedwait, r_usr2 },
	{ "lio_listio", R, false, true, p_lio, do_lio, r_write },
	{ "aio_suspend", R, true, true, p_aio, do_aio_suspend, r_aio },
};
#undef R
#undef E
#undef N
enum { WAIT_CALLS = sizeof wait_calls / sizeof wait_calls[0] };
#endif
