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
 *  - Functions return 0 (or what they say) and -1 or NULL with errno.
 *  - A gev_time is in nanoseconds; negative: for ever. A wait whose time is up fails
 *    with ETIMEDOUT.
 *  - A greenlet that is killed is unwound as by pthread_cancel(3): destructors of
 *    C++ and cleanup handlers run. Every wait of this API is a cancellation point.
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

/* Start a greenlet; it runs when the caller waits. EPERM, EAGAIN, ENOSYS, EINVAL. */
GEV_API gev_greenlet *gev_spawn(void *(*function)(void *), void *arg);
GEV_API gev_greenlet *gev_spawn_later(gev_time delay, void *(*function)(void *), void *arg);
GEV_API gev_greenlet *gev_spawn_with(const struct gev_spawn_options *options,
				     void *(*function)(void *), void *arg);
/* Give up the handle; the greenlet goes on. NULL is nothing. */
GEV_API void gev_release(gev_greenlet *greenlet);

/* Wait for the end. ETIMEDOUT, EDEADLK. */
GEV_API int gev_join(gev_greenlet *greenlet, gev_time timeout);
/* Wait for the value; ECANCELED: it was killed. */
GEV_API int gev_get(gev_greenlet *greenlet, void **value, gev_time timeout);
/* Wait for the end of all. */
GEV_API int gev_joinall(gev_greenlet *const *greenlets, size_t n, gev_time timeout);
/* Wait until `count` (0: all) of `n` greenlets, events, async results or semaphores
 * are ready; how many are, and which, in the order in which they got so. */
GEV_API int gev_wait(void *const *objects, size_t n, size_t count, gev_time timeout,
		     size_t *which);
GEV_API int gev_ready(const gev_greenlet *greenlet);
GEV_API int gev_successful(const gev_greenlet *greenlet);

/* End it and wait for the end. */
GEV_API int gev_kill(gev_greenlet *greenlet, gev_time timeout);
GEV_API int gev_kill_nowait(gev_greenlet *greenlet);
GEV_API int gev_killall(gev_greenlet *const *greenlets, size_t n, gev_time timeout);

/* Call a function on the greenlet when it has ended; at once if it has. */
GEV_API gev_link_id *gev_link(gev_greenlet *greenlet,
			      void (*function)(gev_greenlet *, void *), void *arg);
/* Take a link back. EALREADY: it was called. */
GEV_API int gev_unlink(gev_greenlet *greenlet, gev_link_id *link);

/* A further handle of the caller; ESRCH: it is none that gev_spawn has started. */
GEV_API gev_greenlet *gev_current(void);
/* 0: the caller is no greenlet. */
GEV_API uint32_t gev_current_id(void);
GEV_API uint32_t gev_id(const gev_greenlet *greenlet);
GEV_API uint32_t gev_parent_id(const gev_greenlet *greenlet);
GEV_API int gev_name(const gev_greenlet *greenlet, char *buffer, size_t size);
GEV_API int gev_set_name(gev_greenlet *greenlet, const char *name);

/* ---- Time: gev_sleep(3), gev_timeout_start(3) ------------------------------- */

GEV_API int gev_sleep(gev_time span);
GEV_API void gev_yield(void);
/* Wait until nobody else can run. */
GEV_API void gev_idle(void);

/* From here on until gev_timeout_stop() the caller's waits fail with ETIMEDOUT once
 * `span` has passed. */
GEV_API gev_timeout *gev_timeout_start(gev_time span);
/* Whether it has ended a wait. */
GEV_API int gev_timeout_expired(const gev_timeout *timeout);
/* Stop and free it; whether it had ended a wait. */
GEV_API int gev_timeout_stop(gev_timeout *timeout);

/* ---- Descriptors: gev_wait_fd(3), gev_read(3) ------------------------------- */

/* What has come of `events` (POLLIN, ...), as in poll(2)'s revents. */
GEV_API int gev_wait_fd(int fd, int events, gev_time timeout);
GEV_API int gev_poll(struct pollfd *fds, nfds_t n, gev_time timeout);
GEV_API int gev_select(int n, fd_set *reads, fd_set *writes, fd_set *excepts,
		       gev_time timeout);

GEV_API ssize_t gev_read(int fd, void *buffer, size_t size, gev_time timeout);
/* All of it. */
GEV_API ssize_t gev_write(int fd, const void *data, size_t size, gev_time timeout);
GEV_API ssize_t gev_recv(int fd, void *buffer, size_t size, int flags, gev_time timeout);
/* All of it. */
GEV_API ssize_t gev_send(int fd, const void *data, size_t size, int flags, gev_time timeout);
GEV_API int gev_accept(int fd, struct sockaddr *address, socklen_t *length, gev_time timeout);
GEV_API int gev_connect(int fd, const struct sockaddr *address, socklen_t length,
			gev_time timeout);

/* A greenlet for each connection of a listening socket; the server closes it when
 * `handler` returns. `pool` is NULL, or bounds how many there are at a time. */
GEV_API gev_server *gev_server_new(int listener, void (*handler)(int fd, void *arg),
				   void *arg, gev_pool *pool);
GEV_API void gev_server_free(gev_server *server);
GEV_API int gev_server_start(gev_server *server);
/* Stop accepting; wait for the handlers, and kill those that last longer. */
GEV_API int gev_server_stop(gev_server *server, gev_time timeout);
GEV_API int gev_server_serve_forever(gev_server *server);

/* ---- What really blocks: gev_blocking(3) ------------------------------------ */

/* Call a function on an OS thread of its own while the others go on. */
GEV_API void *gev_blocking(void *(*function)(void *), void *arg);
GEV_API int gev_getaddrinfo(const char *node, const char *service,
			    const struct addrinfo *hints, struct addrinfo **result);
/* Wait for one child. ECHILD, ETIMEDOUT. */
GEV_API pid_t gev_waitpid(pid_t pid, int *status, gev_time timeout);
/* Have a fresh greenlet call a function for each signal. */
GEV_API gev_signal_handler *gev_signal(int signal, void (*function)(int signal, void *arg),
				       void *arg);
GEV_API void gev_signal_stop(gev_signal_handler *handler);

/* ---- Events: gev_event_new(3), gev_async_new(3) ----------------------------- */

GEV_API gev_event *gev_event_new(void);
GEV_API void gev_event_free(gev_event *event);
GEV_API int gev_event_set(gev_event *event);
GEV_API int gev_event_clear(gev_event *event);
GEV_API int gev_event_is_set(const gev_event *event);
GEV_API int gev_event_wait(gev_event *event, gev_time timeout);

/* A value or an error that comes once. */
GEV_API gev_async *gev_async_new(void);
GEV_API void gev_async_free(gev_async *result);
/* EALREADY. */
GEV_API int gev_async_set(gev_async *result, void *value);
/* From here on gev_async_get() fails with `error`, a number of errno's. */
GEV_API int gev_async_set_error(gev_async *result, int error);
/* ECANCELED for an error. */
GEV_API int gev_async_cancel(gev_async *result);
GEV_API int gev_async_ready(const gev_async *result);
GEV_API int gev_async_wait(gev_async *result, gev_time timeout);
GEV_API int gev_async_get(gev_async *result, void **value, gev_time timeout);

/* ---- Locks: gev_semaphore_new(3), gev_rlock_new(3) -------------------------- */

GEV_API gev_semaphore *gev_semaphore_new(size_t units);
/* A release too many fails with EOVERFLOW. */
GEV_API gev_semaphore *gev_semaphore_new_bounded(size_t units);
GEV_API void gev_semaphore_free(gev_semaphore *semaphore);
GEV_API int gev_semaphore_acquire(gev_semaphore *semaphore, gev_time timeout);
GEV_API int gev_semaphore_release(gev_semaphore *semaphore);
GEV_API size_t gev_semaphore_counter(const gev_semaphore *semaphore);
/* Wait until there is a unit, without taking it. */
GEV_API int gev_semaphore_wait(gev_semaphore *semaphore, gev_time timeout);

GEV_API gev_rlock *gev_rlock_new(void);
GEV_API void gev_rlock_free(gev_rlock *lock);
GEV_API int gev_rlock_acquire(gev_rlock *lock, gev_time timeout);
/* EPERM: it is not the caller's. */
GEV_API int gev_rlock_release(gev_rlock *lock);

/* ---- Queues: gev_queue_new(3) ------------------------------------------------ */

enum { GEV_FIFO = 0, GEV_LIFO = 1 };

/* At most `maxsize` items; 0: any number. */
GEV_API gev_queue *gev_queue_new(int order, size_t maxsize);
/* The least comes first. */
GEV_API gev_queue *gev_queue_new_priority(int (*compare)(const void *, const void *),
					  size_t maxsize);
/* A queue that holds nothing: a put waits for its get. */
GEV_API gev_queue *gev_channel_new(void);
GEV_API void gev_queue_free(gev_queue *queue);
/* EPIPE: it was shut down. */
GEV_API int gev_queue_put(gev_queue *queue, void *item, gev_time timeout);
GEV_API int gev_queue_get(gev_queue *queue, void **item, gev_time timeout);
GEV_API int gev_queue_peek(gev_queue *queue, void **item, gev_time timeout);
GEV_API size_t gev_queue_len(const gev_queue *queue);
GEV_API int gev_queue_task_done(gev_queue *queue);
/* Wait until every item that was put has been done. */
GEV_API int gev_queue_join(gev_queue *queue, gev_time timeout);
/* No more puts; gets go on until it is empty, or not at all. */
GEV_API int gev_queue_shutdown(gev_queue *queue, int immediate);

/* ---- Pools: gev_pool_new(3) -------------------------------------------------- */

/* At most `size` greenlets at a time; 0: any number, gevent's Group. */
GEV_API gev_pool *gev_pool_new(size_t size);
GEV_API void gev_pool_free(gev_pool *pool);
/* Waits for room. */
GEV_API gev_greenlet *gev_pool_spawn(gev_pool *pool, gev_time timeout,
				     void *(*function)(void *), void *arg);
/* Call the function with each item on the pool's greenlets; wait for all. */
GEV_API int gev_pool_map(gev_pool *pool, void *(*function)(void *), void *const *items,
			 void **results, size_t n);
GEV_API int gev_pool_join(gev_pool *pool, gev_time timeout);
GEV_API int gev_pool_kill(gev_pool *pool, gev_time timeout);
GEV_API size_t gev_pool_len(const gev_pool *pool);
GEV_API size_t gev_pool_free_count(const gev_pool *pool);

/* ---- Greenlet-local pointers: gev_local_new(3) -------------------------------- */

/* `destroy` may be NULL; it is called with each value that is not NULL. */
GEV_API gev_local *gev_local_new(void (*destroy)(void *));
GEV_API void gev_local_free(gev_local *local);
GEV_API void *gev_local_get(const gev_local *local);
GEV_API int gev_local_set(gev_local *local, void *value);

/* ---- The program as a whole: gev_patch(3), gev_run_info(3) -------------------- */

/* Make libc's functions cooperative, by gevent's groups ("all", "socket,dns",
 * "-file"), before there are threads. EBUSY: there are; EINVAL: no such group. */
GEV_API int gev_patch(const char *groups);
GEV_API int gev_patch_all(void);
GEV_API int gev_is_patched(const char *group);

/* The tree of greenlets and what each waits for; to be freed by free(3). */
GEV_API char *gev_run_info(void);
GEV_API int gev_print_run_info(int fd);
/* Switches from one greenlet to another so far. */
GEV_API uint64_t gev_switches(void);
GEV_API const char *gev_version(void);

#ifdef __cplusplus
}
#endif

#endif
