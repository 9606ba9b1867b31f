/*
 * geventrs: gevent for C and C++.
 *
 * Greenlets are threads that take turns on one OS thread: cheap, started and
 * switched in nanoseconds. A call of this API that would wait lets others run.
 *
 *	cc program.c $(pkg-config --cflags --libs geventrs)
 *
 * In a program that runs under LD_PRELOAD=libgeventrs.so its pthreads are greenlets,
 * too, and may use everything here. A program that has only linked the library has
 * libc's own functions unchanged until it calls gev_patch_all(): geventrs(3).
 *
 * Conventions:
 *  - Functions return 0 (or what they say) and -1 or NULL with errno. A handle or
 *    function that is NULL gives EINVAL, besides the errors that are named.
 *  - A gev_time is in nanoseconds; negative: for ever. A wait whose time is up fails
 *    with ETIMEDOUT, and so does one that a gev_timeout of the caller's ends.
 *  - With GEV_NOWAIT what takes something (an item, a unit, a lock) only looks; all
 *    other waits let those run first who can, and look then.
 *  - A greenlet that is killed is unwound as by pthread_cancel(3): destructors of
 *    C++ and cleanup handlers run. What has a `gev_time` is a cancellation point when it
 *    waits, and so are gev_yield(), gev_idle(), gev_pool_map() and
 *    gev_server_serve_forever(). What a wait was given before the kill it returns; the
 *    kill comes at the next one.
 *  - A signal's handler runs in the midst of a wait and does not end it: no EINTR.
 *  - Objects are the program's to free, when nobody uses them any more. What they
 *    hold are pointers that nobody here follows.
 *  - Objects may be used from any OS thread; one that is no greenlet blocks in waits,
 *    and cannot start greenlets (EPERM).
 *  - Nothing may be called in a signal's handler.
 *
 * With GEV_WEAK defined before this header is included every function is a weak
 * symbol: a program that is not linked with the library runs without it, and
 * GEV_AVAILABLE says whether it is there.
 */
#ifndef GEVENTRS_H
#define GEVENTRS_H

#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>

#define GEV_VERSION_MAJOR 0
#define GEV_VERSION_MINOR 1

#ifdef GEV_WEAK
#define GEV_API __attribute__((weak))
#else
#define GEV_API
#endif

/* Whether the library is there. */
#define GEV_AVAILABLE (gev_version != NULL)

#ifdef __cplusplus
extern "C" {
#endif

struct addrinfo; /* <netdb.h> keeps it from strict C */

/* Nanoseconds. */
typedef int64_t gev_time;

#define GEV_MICROSECOND ((gev_time)1000)
#define GEV_MILLISECOND ((gev_time)1000000)
#define GEV_SECOND ((gev_time)1000000000)
/* Not at all, and without an end. */
#define GEV_NOWAIT ((gev_time)0)
#define GEV_FOREVER ((gev_time)-1)

typedef struct gev_greenlet gev_greenlet;
typedef struct gev_link_id gev_link_id;
typedef struct gev_timeout gev_timeout;
typedef struct gev_event gev_event;
typedef struct gev_async gev_async;
typedef struct gev_semaphore gev_semaphore;
typedef struct gev_rlock gev_rlock;
typedef struct gev_queue gev_queue;
typedef struct gev_pool gev_pool;
typedef struct gev_local gev_local;
typedef struct gev_server gev_server;
typedef struct gev_signal_handler gev_signal_handler;

/* ---- Greenlets: gev_spawn(3), gev_join(3), gev_kill(3) ---------------------- */

struct gev_spawn_options {
	const char *name;  /* NULL: "Greenlet-" and its id */
	size_t stack_size; /* 0: 2 MiB, used as touched */
	gev_time delay;    /* its function begins so much later */
};

/* Start a greenlet; it runs when the caller waits. What the function returns, or gives to
 * pthread_exit(3), is its value. EPERM: the caller is an OS thread that is no greenlet, and
 * not the program's first; EAGAIN: no memory; ENOSYS: a C library that has no greenlets. */
GEV_API gev_greenlet *gev_spawn(void *(*function)(void *), void *arg);
/* As gev_spawn(); the function begins after `delay`. */
GEV_API gev_greenlet *gev_spawn_later(gev_time delay, void *(*function)(void *), void *arg);
/* As gev_spawn(), with a name, a stack of another size or a delay. */
GEV_API gev_greenlet *gev_spawn_with(const struct gev_spawn_options *options,
				     void *(*function)(void *), void *arg);
/* Give up the handle; the greenlet goes on. NULL is nothing. */
GEV_API void gev_release(gev_greenlet *greenlet);

/* Wait for the end. ETIMEDOUT; EDEADLK: it is the caller. */
GEV_API int gev_join(gev_greenlet *greenlet, gev_time timeout);
/* Wait for the end and store the value, unless `value` is NULL. ETIMEDOUT; EDEADLK;
 * ECANCELED: it was killed. */
GEV_API int gev_get(gev_greenlet *greenlet, void **value, gev_time timeout);
/* Wait for the end of all, for `timeout` together. ETIMEDOUT; EDEADLK: one is the caller. */
GEV_API int gev_joinall(gev_greenlet *const *greenlets, size_t n, gev_time timeout);
/* Wait until `count` (0: all) of `n` greenlets, events, async results or semaphores are
 * ready. Returns how many are, fewer than that if the time is up, and stores their positions
 * at `which`, unless it is NULL, in the order in which they got so. ETIMEDOUT: none is;
 * EDEADLK: it would take the caller's own end. */
GEV_API int gev_wait(void *const *objects, size_t n, size_t count, gev_time timeout,
		     size_t *which);
/* 1: it has ended; 0: it has not. */
GEV_API int gev_ready(const gev_greenlet *greenlet);
/* 1: it has ended and has a value; 0: it has not, or was killed. */
GEV_API int gev_successful(const gev_greenlet *greenlet);

/* End it at the wait in which it is, or at its next one, and wait for the end; one that has
 * not begun never does. Of an ended one: 0. A caller that kills itself does not come back,
 * unless its cancellation is disabled. ETIMEDOUT: it goes on unwinding; EDEADLK. */
GEV_API int gev_kill(gev_greenlet *greenlet, gev_time timeout);
/* The same, without waiting for the end. */
GEV_API int gev_kill_nowait(gev_greenlet *greenlet);
/* End all at the same time, the caller last, and wait, for `timeout` together. ETIMEDOUT;
 * EDEADLK: the caller is among them, and its cancellation is disabled. */
GEV_API int gev_killall(gev_greenlet *const *greenlets, size_t n, gev_time timeout);

/* Call a function on the greenlet when it has ended, behind earlier links; at once, by the
 * caller, if it has. The function may wait, and must not end the
 * greenlet. A link that is not taken back goes with the greenlet. */
GEV_API gev_link_id *gev_link(gev_greenlet *greenlet,
			      void (*function)(gev_greenlet *, void *), void *arg);
/* Take a link back. EALREADY: it was called, or is being called. */
GEV_API int gev_unlink(gev_greenlet *greenlet, gev_link_id *link);

/* A further handle of the caller, to be released. ESRCH: it is none that gev_spawn() and its
 * like have started, or its function has returned. */
GEV_API gev_greenlet *gev_current(void);
/* The caller's number in reports; 0: it is no greenlet. */
GEV_API uint32_t gev_current_id(void);
/* Its number in reports, of no other greenlet that is alive. */
GEV_API uint32_t gev_id(const gev_greenlet *greenlet);
/* The number of who has started it. */
GEV_API uint32_t gev_parent_id(const gev_greenlet *greenlet);
/* Copy the name and a zero byte. ERANGE: `size` is too small. */
GEV_API int gev_name(const gev_greenlet *greenlet, char *buffer, size_t size);
/* Give it another name; reports show the first 15 bytes. */
GEV_API int gev_set_name(gev_greenlet *greenlet, const char *name);

/* ---- Time: gev_sleep(3), gev_timeout_start(3) ------------------------------- */

/* Sleep for `span` at least; 0: as gev_yield(). ETIMEDOUT: a gev_timeout came first. */
GEV_API int gev_sleep(gev_time span);
/* Let all run first who can. */
GEV_API void gev_yield(void);
/* Wait until nobody else can run: all others wait. */
GEV_API void gev_idle(void);

/* From here on until gev_timeout_stop() the caller's waits of this API fail with ETIMEDOUT
 * once `span` has passed, again and again. Time-outs nest. They are the caller's alone. */
GEV_API gev_timeout *gev_timeout_start(gev_time span);
/* 1: it has ended a wait; 0: it has not. EINVAL: it is none of the caller's. */
GEV_API int gev_timeout_expired(const gev_timeout *timeout);
/* Stop and free it; what gev_timeout_expired() would say. */
GEV_API int gev_timeout_stop(gev_timeout *timeout);

/* ---- Descriptors: gev_wait_fd(3), gev_read(3) ------------------------------- */

/* Wait for one of `events` (POLLIN, POLLOUT, POLLPRI); what has come, as in poll(2)'s
 * revents. Others may wait for the same descriptor. ETIMEDOUT; EBADF. */
GEV_API int gev_wait_fd(int fd, int events, gev_time timeout);
/* poll(2), but that it fails when the time is up. A closed descriptor has POLLNVAL.
 * ETIMEDOUT; ENOMEM and ENOSPC: the kernel cannot watch so many. */
GEV_API int gev_poll(struct pollfd *fds, nfds_t n, gev_time timeout);
/* select(2), but that it fails when the time is up; the sets are empty then. ETIMEDOUT;
 * EBADF; EINVAL: `n` is negative or beyond FD_SETSIZE. */
GEV_API int gev_select(int n, fd_set *reads, fd_set *writes, fd_set *excepts,
		       gev_time timeout);

/* These are the system calls of their names, with their values and errors, but that they wait
 * whatever O_NONBLOCK says, for `timeout`: ETIMEDOUT. gev_write() and gev_send() write all of
 * it; if they fail after a part they return how much that was. A gev_connect() that fails with
 * ETIMEDOUT goes on in the kernel. */
GEV_API ssize_t gev_read(int fd, void *buffer, size_t size, gev_time timeout);
/* All of it. */
GEV_API ssize_t gev_write(int fd, const void *data, size_t size, gev_time timeout);
GEV_API ssize_t gev_recv(int fd, void *buffer, size_t size, int flags, gev_time timeout);
/* All of it. */
GEV_API ssize_t gev_send(int fd, const void *data, size_t size, int flags, gev_time timeout);
GEV_API int gev_accept(int fd, struct sockaddr *address, socklen_t *length, gev_time timeout);
GEV_API int gev_connect(int fd, const struct sockaddr *address, socklen_t length,
			gev_time timeout);

/* A greenlet for each connection of a listening socket, of which the server makes a copy; the
 * server closes the connection when `handler` returns or is killed. `pool` is NULL, or bounds
 * how many there are at a time. EBADF, EMFILE; EINVAL: the pool has no size. */
GEV_API gev_server *gev_server_new(int listener, void (*handler)(int fd, void *arg),
				   void *arg, gev_pool *pool);
/* Stop accepting and close the copy; handlers go on. */
GEV_API void gev_server_free(gev_server *server);
/* Start accepting, and return. EPERM, EAGAIN, ENOSYS as of gev_spawn(). */
GEV_API int gev_server_start(gev_server *server);
/* Stop accepting, wait for the handlers for `timeout`, and kill those that last longer: 0.
 * gev_server_start() starts again. */
GEV_API int gev_server_stop(gev_server *server, gev_time timeout);
/* Start, and return when another greenlet stops it. A caller that is killed stops it, and its
 * handlers. Errors as of gev_server_start(). */
GEV_API int gev_server_serve_forever(gev_server *server);

/* ---- What really blocks: gev_blocking(3) ------------------------------------ */

/* Call a function, and return what it returns, while the others go on on another OS thread. A
 * kill waits for its end. */
GEV_API void *gev_blocking(void *(*function)(void *), void *arg);
/* getaddrinfo(3), so: an EAI_ number, and freeaddrinfo(3) frees the result. */
GEV_API int gev_getaddrinfo(const char *node, const char *service,
			    const struct addrinfo *hints, struct addrinfo **result);
/* Wait for one child; its id, and its status as of waitpid(2). ECHILD, ETIMEDOUT; EINVAL:
 * `pid` is not positive. */
GEV_API pid_t gev_waitpid(pid_t pid, int *status, gev_time timeout);
/* Have a fresh greenlet call a function for each signal; it may wait. EPERM as of gev_spawn();
 * EINVAL: no signal, or one that cannot be handled. */
GEV_API gev_signal_handler *gev_signal(int signal, void (*function)(int signal, void *arg),
				       void *arg);
/* Stop that and free the handle; with the last one of a signal what was done about it before
 * is done again. */
GEV_API void gev_signal_stop(gev_signal_handler *handler);

/* ---- Events: gev_event_new(3), gev_async_new(3) ----------------------------- */

/* A flag that is down. */
GEV_API gev_event *gev_event_new(void);
/* NULL is nothing; so with all gev_*_free(). */
GEV_API void gev_event_free(gev_event *event);
/* Put it up and wake all who wait, also if it is cleared before they run. */
GEV_API int gev_event_set(gev_event *event);
/* Put it down. */
GEV_API int gev_event_clear(gev_event *event);
/* 1 or 0. */
GEV_API int gev_event_is_set(const gev_event *event);
/* Wait until it is up. ETIMEDOUT. */
GEV_API int gev_event_wait(gev_event *event, gev_time timeout);

/* A value or an error that comes once. */
GEV_API gev_async *gev_async_new(void);
GEV_API void gev_async_free(gev_async *result);
/* Give the value. EALREADY: there is a value or an error. */
GEV_API int gev_async_set(gev_async *result, void *value);
/* From here on gev_async_get() fails with `error`, a number of errno's. EALREADY; EINVAL: it is
 * not positive. */
GEV_API int gev_async_set_error(gev_async *result, int error);
/* gev_async_set_error() with ECANCELED. EALREADY. */
GEV_API int gev_async_cancel(gev_async *result);
/* 1: there is a value or an error; 0. */
GEV_API int gev_async_ready(const gev_async *result);
/* Wait for either. ETIMEDOUT. */
GEV_API int gev_async_wait(gev_async *result, gev_time timeout);
/* Wait for the value and store it, unless `value` is NULL. ETIMEDOUT, or the error. */
GEV_API int gev_async_get(gev_async *result, void **value, gev_time timeout);

/* ---- Locks: gev_semaphore_new(3), gev_rlock_new(3) -------------------------- */

/* A semaphore with `units`. */
GEV_API gev_semaphore *gev_semaphore_new(size_t units);
/* A release too many fails with EOVERFLOW. */
GEV_API gev_semaphore *gev_semaphore_new_bounded(size_t units);
GEV_API void gev_semaphore_free(gev_semaphore *semaphore);
/* Take a unit. ETIMEDOUT. */
GEV_API int gev_semaphore_acquire(gev_semaphore *semaphore, gev_time timeout);
/* Give a unit, to whoever has waited longest. EOVERFLOW: a bounded one has all of them. */
GEV_API int gev_semaphore_release(gev_semaphore *semaphore);
/* How many units there are. */
GEV_API size_t gev_semaphore_counter(const gev_semaphore *semaphore);
/* Wait until there is a unit, without taking it. ETIMEDOUT. */
GEV_API int gev_semaphore_wait(gev_semaphore *semaphore, gev_time timeout);

/* A lock of one greenlet or OS thread at a time, which may take it again. A kill does not
 * release it. */
GEV_API gev_rlock *gev_rlock_new(void);
GEV_API void gev_rlock_free(gev_rlock *lock);
/* ETIMEDOUT. */
GEV_API int gev_rlock_acquire(gev_rlock *lock, gev_time timeout);
/* EPERM: it is not the caller's. */
GEV_API int gev_rlock_release(gev_rlock *lock);

/* ---- Queues: gev_queue_new(3) ------------------------------------------------ */

enum { GEV_FIFO = 0, GEV_LIFO = 1 };

/* At most `maxsize` items; 0: any number. EINVAL: no such order. */
GEV_API gev_queue *gev_queue_new(int order, size_t maxsize);
/* The least comes first, by a function as of qsort(3), which must not wait. */
GEV_API gev_queue *gev_queue_new_priority(int (*compare)(const void *, const void *),
					  size_t maxsize);
/* A queue that holds nothing: a put waits for its get. */
GEV_API gev_queue *gev_channel_new(void);
GEV_API void gev_queue_free(gev_queue *queue);
/* Put an item, when there is room. Nobody follows the pointer. ETIMEDOUT; EPIPE: the queue
 * was, or is meanwhile, shut down. */
GEV_API int gev_queue_put(gev_queue *queue, void *item, gev_time timeout);
/* Take an item, when there is one. ETIMEDOUT; EPIPE: it was shut down and is empty. */
GEV_API int gev_queue_get(gev_queue *queue, void **item, gev_time timeout);
/* As gev_queue_get(), but the item stays. EINVAL: it is a channel. */
GEV_API int gev_queue_peek(gev_queue *queue, void **item, gev_time timeout);
/* How many items it holds. */
GEV_API size_t gev_queue_len(const gev_queue *queue);
/* An item that was taken is dealt with. EINVAL: all that were put are, or it is a channel. */
GEV_API int gev_queue_task_done(gev_queue *queue);
/* Wait until every item that was put has been dealt with. ETIMEDOUT; EINVAL: it is a channel. */
GEV_API int gev_queue_join(gev_queue *queue, gev_time timeout);
/* No more puts; gets go on until it is empty, or, if `immediate`, not at all. */
GEV_API int gev_queue_shutdown(gev_queue *queue, int immediate);

/* ---- Pools: gev_pool_new(3) -------------------------------------------------- */

/* At most `size` greenlets at a time; 0: any number, gevent's Group. */
GEV_API gev_pool *gev_pool_new(size_t size);
/* Its greenlets go on. */
GEV_API void gev_pool_free(gev_pool *pool);
/* gev_spawn() in the pool, when there is room; the handle is the caller's. ETIMEDOUT; EPERM,
 * EAGAIN, ENOSYS. */
GEV_API gev_greenlet *gev_pool_spawn(gev_pool *pool, gev_time timeout,
				     void *(*function)(void *), void *arg);
/* Call the function with each item on the pool's greenlets, wait for all, and store what they
 * return at `results`, which may be `items` or NULL. ECANCELED: one was killed; EPERM, EAGAIN,
 * ENOSYS. */
GEV_API int gev_pool_map(gev_pool *pool, void *(*function)(void *), void *const *items,
			 void **results, size_t n);
/* Wait until it has no greenlet. ETIMEDOUT. */
GEV_API int gev_pool_join(gev_pool *pool, gev_time timeout);
/* gev_kill() them all, and wait. ETIMEDOUT. */
GEV_API int gev_pool_kill(gev_pool *pool, gev_time timeout);
/* How many greenlets it has. */
GEV_API size_t gev_pool_len(const gev_pool *pool);
/* For how many there is room; SIZE_MAX: for any number. */
GEV_API size_t gev_pool_free_count(const gev_pool *pool);

/* ---- Greenlet-local pointers: gev_local_new(3) -------------------------------- */

/* A pointer that each greenlet, and each OS thread, has of its own. `destroy` may be NULL; it
 * is called with each value that is not, when it is replaced and when its greenlet ends. */
GEV_API gev_local *gev_local_new(void (*destroy)(void *));
/* Values of other greenlets are destroyed with these. */
GEV_API void gev_local_free(gev_local *local);
/* The caller's value; NULL at first. */
GEV_API void *gev_local_get(const gev_local *local);
/* Replace the caller's value. */
GEV_API int gev_local_set(gev_local *local, void *value);

/* ---- The program as a whole: gev_patch(3), gev_run_info(3) -------------------- */

/* Make libc's functions cooperative, by gevent's groups ("all", "socket,dns", "-file"), before
 * there are threads or greenlets. What is patched stays so. EBUSY: there are; EINVAL: no such
 * group. */
GEV_API int gev_patch(const char *groups);
/* gev_patch("all"). */
GEV_API int gev_patch_all(void);
/* 1 or 0. EINVAL: no such group. */
GEV_API int gev_is_patched(const char *group);

/* The tree of greenlets and what each waits for; to be freed by free(3). ENOMEM. */
GEV_API char *gev_run_info(void);
/* Write that to `fd`. Errors as of write(2). */
GEV_API int gev_print_run_info(int fd);
/* Switches from one greenlet to another so far: code between two equal answers has let nobody
 * run. */
GEV_API uint64_t gev_switches(void);
/* The library's version, as "1.2.3". */
GEV_API const char *gev_version(void);

#ifdef __cplusplus
}
#endif

#endif
