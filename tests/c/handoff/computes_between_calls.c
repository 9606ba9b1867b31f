// rule: threads that compute for a millisecond or two between calls lose no item, no wake-up and no signal, whatever calls those are
// timeout: 60
#include "hog.h"

/* A bounded queue as such programs have it: producers and consumers compute between
 * their calls, a handler runs anywhere, and now and then somebody blocks, forks or
 * sleeps. */
enum { PAIRS = 4, ITEMS = 120, ROOM = 6 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER, less = PTHREAD_COND_INITIALIZER;
static int queue[ROOM], used;
static atomic_long produced, consumed, forked, handled;
static int pipe_fds[2];

static void handler(int signal)
{
	(void)signal;
	atomic_fetch_add(&handled, 1);
}

static void *produces(void *arg)
{
	for (int i = 0; i < ITEMS; i++) {
		int item = (int)(intptr_t)arg * ITEMS + i + 1;
		compute_ms(1 + i % 2);
		pthread_mutex_lock(&lock);
		while (used == ROOM)
			pthread_cond_wait(&less, &lock);
		queue[used++] = item;
		pthread_cond_signal(&more);
		pthread_mutex_unlock(&lock);
		atomic_fetch_add(&produced, item);
		if (i % 40 == 20) {
			pid_t child = fork();
			if (child == 0) {
				compute_ms(1);
				_exit(pthread_mutex_trylock(&lock) == EINVAL);
			}
			int status;
			CHECK(child > 0 && waitpid(child, &status, 0) == child);
			CHECK_EQ(status, 0);
			atomic_fetch_add(&forked, 1);
		}
	}
	return NULL;
}

static void *consumes(void *arg)
{
	char name[32];
	snprintf(name, sizeof name, "file%d", (int)(intptr_t)arg);
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	for (int i = 0; i < ITEMS; i++) {
		pthread_mutex_lock(&lock);
		while (used == 0)
			pthread_cond_wait(&more, &lock);
		int item = queue[--used];
		pthread_cond_signal(&less);
		pthread_mutex_unlock(&lock);
		compute_ms(1 + i % 3);
		CHECK_EQ(write(pipe_fds[1], &item, sizeof item), (ssize_t)sizeof item);
		if (i % 16 == 0) {
			CHECK_EQ(flock(fd, LOCK_EX), 0);
			compute_ms(1);
			CHECK_EQ(flock(fd, LOCK_UN), 0);
			sleep_ms(1);
		}
	}
	close(fd);
	return NULL;
}

static void *adds(void *arg)
{
	int item;
	for (int i = 0; i < PAIRS * ITEMS; i++) {
		ssize_t n;
		while ((n = read(pipe_fds[0], &item, sizeof item)) < 0)
			CHECK_EQ(errno, EINTR);
		CHECK_EQ(n, (ssize_t)sizeof item);
		atomic_fetch_add(&consumed, item);
	}
	return arg;
}

int main(void)
{
	pthread_t t[2 * PAIRS + 1];
	struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
	struct itimerval every = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
	hog_init();
	CHECK(pipe(pipe_fds) == 0);
	CHECK(sigaction(SIGALRM, &a, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
	for (int i = 0; i < PAIRS; i++) {
		t[2 * i] = start(produces, i);
		t[2 * i + 1] = start(consumes, i);
	}
	t[2 * PAIRS] = start(adds, 0);
	for (int i = 0; i < 2 * PAIRS + 1; i++)
		join(t[i]);
	CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
	CHECK(atomic_load(&handled) > 3);
	CHECK_EQ(atomic_load(&produced), atomic_load(&consumed));
	printf("%ld %ld\n", atomic_load(&consumed), atomic_load(&forked));
	return 0;
}
