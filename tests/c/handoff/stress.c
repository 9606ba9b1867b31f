// rule: whatever threads do at once (compute, block in the kernel, wait for each other, end, fork, get signals), no count is lost and all end
// args: 1
// timeout: 60
// variant: seed2 -DSEED=2
// variant: seed3 -DSEED=3
/* ./stress [seed [milliseconds [threads]]].  A bit of STRESS_OPS (a
 * number) chooses an operation; all unless said. */
#include "hog.h"
#include <poll.h>
#include <semaphore.h>

enum { MOST = 64 };
static long seed = 1, span = 1200, workers = 16;
static unsigned long ops = ~0ul;
static int64_t end_at;

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, q = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t timed = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t joining = PTHREAD_RWLOCK_INITIALIZER;
static pthread_t thread[MOST];
static sem_t tokens;
static int pipe_[2], file_fd, in_timed;
static long under_mutex, queued, made, eaten, under_flock, under_rw;
static atomic_long mutex_ops, flock_ops, rw_ops, handled, ended, born, cancelled, forks, fifos;
static const char *doing[MOST];

struct self {
	uint64_t state;
	int id;
};

static uint64_t rnd(struct self *s)
{
	s->state = s->state * 6364136223846793005u + 1442695040888963407u;
	uint64_t x = s->state >> 33;
	return x ^ x >> 13;
}

static void handler(int signal)
{
	(void)signal;
	atomic_fetch_add(&handled, 1);
}

/* Compute for up to so many milliseconds, mostly less. */
static void some(struct self *s, int most)
{
	uint64_t r = rnd(s);
	compute_ms(r % 4 ? (int)(r / 4 % 2) : (int)(r / 4 % (unsigned)(most + 1)));
}

static void locked(struct self *s)
{
	CHECK_OK(pthread_mutex_lock(&m));
	long before = under_mutex;
	if (rnd(s) % 16 == 0)
		compute_ms(12);
	else if (rnd(s) % 8 == 0)
		sched_yield();
	under_mutex = before + 1;
	CHECK_OK(pthread_mutex_unlock(&m));
	atomic_fetch_add(&mutex_ops, 1);
}

static void timed_lock(struct self *s)
{
	struct timespec until = ts_in(CLOCK_REALTIME, rnd(s) % 12);
	int r = pthread_mutex_timedlock(&timed, &until);
	if (r == ETIMEDOUT)
		return;
	CHECK_OK(r);
	CHECK_EQ(in_timed++, 0);
	some(s, 15);
	if (rnd(s) % 4 == 0)
		sleep_ms(rnd(s) % 5);
	CHECK_EQ(--in_timed, 0);
	CHECK_OK(pthread_mutex_unlock(&timed));
}

static void produce(struct self *s)
{
	CHECK_OK(pthread_mutex_lock(&q));
	queued++;
	made++;
	CHECK_OK(rnd(s) % 2 ? pthread_cond_signal(&c) : pthread_cond_broadcast(&c));
	CHECK_OK(pthread_mutex_unlock(&q));
}

static void consume(struct self *s)
{
	struct timespec until = ts_in(CLOCK_REALTIME, rnd(s) % 20);
	int r = 0;
	CHECK_OK(pthread_mutex_lock(&q));
	while (queued == 0 && r == 0)
		r = pthread_cond_timedwait(&c, &q, &until);
	CHECK(r == 0 || r == ETIMEDOUT);
	if (queued > 0) {
		queued--;
		eaten++;
	}
	CHECK_OK(pthread_mutex_unlock(&q));
}

static void token(struct self *s)
{
	while (sem_wait(&tokens) == -1)
		CHECK_EQ(errno, EINTR);
	some(s, 12);
	CHECK_EQ(sem_post(&tokens), 0);
	struct timespec until = ts_in(CLOCK_REALTIME, rnd(s) % 5);
	if (sem_timedwait(&tokens, &until) == 0)
		CHECK_EQ(sem_post(&tokens), 0);
	else
		CHECK(errno == ETIMEDOUT || errno == EINTR);
}

static void pipes(struct self *s)
{
	char byte = 'p';
	long raw = rnd(s) % 4, n;
	do
		n = write(pipe_[1], &byte, 1);
	while (n == -1 && errno == EINTR);
	CHECK_EQ(n, 1);
	some(s, 10);
	byte = 0;
	do
		n = raw ? read(pipe_[0], &byte, 1) : raw_syscall(SYS_read, pipe_[0], (long)&byte, 1, 0, 0, 0);
	while (n == -EINTR || (n == -1 && errno == EINTR));
	CHECK_EQ(n, 1);
	CHECK_EQ(byte, 'p');
}

static void flocks(struct self *s)
{
	int fd = open("stress.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600), r;
	CHECK(fd >= 0);
	do
		r = flock(fd, LOCK_EX);
	while (r == -1 && errno == EINTR);
	CHECK_EQ(r, 0);
	long before = under_flock;
	some(s, 14);
	under_flock = before + 1;
	atomic_fetch_add(&flock_ops, 1);
	CHECK_EQ(close(fd), 0);
}

static void syncs(struct self *s)
{
	char text[100];
	memset(text, 's', sizeof text);
	CHECK_EQ(pwrite(file_fd, text, sizeof text, 100 * (rnd(s) % 50)), 100);
	CHECK_EQ(fsync(file_fd), 0);
}

static void *opens_fifo(void *name)
{
	int fd;
	do
		fd = open(name, O_WRONLY | O_CLOEXEC);
	while (fd == -1 && errno == EINTR);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "fifo", 4), 4);
	CHECK_EQ(close(fd), 0);
	return name;
}

static void fifo(struct self *s)
{
	char name[40], text[5] = "";
	snprintf(name, sizeof name, "stress.fifo.%d", s->id);
	unlink(name);
	CHECK_EQ(mkfifo(name, 0600), 0);
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, opens_fifo, name));
	int fd;
	do
		fd = open(name, O_RDONLY | O_CLOEXEC);
	while (fd == -1 && errno == EINTR);
	CHECK(fd >= 0);
	long n, got = 0;
	while ((n = read(fd, text + got, 4 - got)) != 0)
		got += n > 0 ? n : 0;
	CHECK_STR(text, "fifo");
	CHECK_EQ(close(fd), 0);
	CHECK(join(t) == name);
	CHECK_EQ(unlink(name), 0);
	atomic_fetch_add(&fifos, 1);
}

static void *lives(void *arg)
{
	long n = (long)(intptr_t)arg;
	if (n % 5 == 0)
		compute_ms(n % 25);
	else if (n % 5 == 1)
		sleep_ms(n % 10);
	else if (n % 5 == 2)
		sched_yield();
	atomic_fetch_add(&ended, 1);
	return arg;
}

static void create(struct self *s)
{
	pthread_t t[4];
	long n = 1 + rnd(s) % 4, arg = rnd(s) % 1000;
	for (long i = 0; i < n; i++)
		t[i] = start(lives, arg + i);
	some(s, 11);
	for (long i = 0; i < n; i++) {
		if ((arg + i) % 7 == 0)
			CHECK_OK(pthread_detach(t[i]));
		else
			CHECK_EQ((intptr_t)join(t[i]), arg + i);
	}
	atomic_fetch_add(&born, n);
}

static void clean(void *arg)
{
	(void)arg;
	atomic_fetch_add(&cancelled, 1);
}

static void *waits_for_end(void *arg)
{
	long n = (long)(intptr_t)arg;
	pthread_cleanup_push(clean, NULL);
	atomic_fetch_add(&born, 1);
	for (;;) {
		if (n % 4 == 0)
			compute_ms(n % 15);
		else if (n % 4 == 1)
			sleep_ms(10000);
		else if (n % 4 == 2)
			poll(NULL, 0, -1);
		else
			usleep(n % 2000);
		pthread_testcancel();
	}
	pthread_cleanup_pop(0);
	return arg;
}

static void cancel(struct self *s)
{
	pthread_t t = start(waits_for_end, rnd(s) % 1000);
	if (rnd(s) % 2)
		some(s, 12);
	else
		sleep_ms(rnd(s) % 4);
	CHECK_OK(pthread_cancel(t));
	CHECK(join(t) == PTHREAD_CANCELED);
}

static void signals(struct self *s)
{
	/* To a thread that has not been joined: main joins none while `joining`
	 * can be read-locked. */
	if (rnd(s) % 2)
		CHECK_EQ(kill(getpid(), SIGUSR2), 0);
	else if (pthread_rwlock_tryrdlock(&joining) == 0) {
		CHECK_OK(pthread_kill(thread[rnd(s) % workers], SIGUSR1));
		CHECK_OK(pthread_rwlock_unlock(&joining));
	}
}

static void *in_child(void *arg)
{
	pthread_mutex_t *own = arg;
	CHECK_OK(pthread_mutex_lock(own));
	CHECK_OK(pthread_mutex_unlock(own));
	return arg;
}

static void forks_(struct self *s)
{
	int status;
	pid_t pid, got;
	if (rnd(s) % 4)
		return; /* dear */
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
		CHECK_OK(pthread_mutex_lock(&own));
		pthread_t t;
		CHECK_OK(pthread_create(&t, NULL, in_child, &own));
		sleep_ms(1);
		if (rnd(s) % 4 == 0)
			compute_ms(15);
		CHECK_OK(pthread_mutex_unlock(&own));
		join(t);
		_exit(12);
	}
	do
		got = waitpid(pid, &status, 0);
	while (got == -1 && errno == EINTR);
	CHECK_EQ(got, pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 12);
	atomic_fetch_add(&forks, 1);
}

static void reads_and_writes(struct self *s)
{
	if (rnd(s) % 4 == 0) {
		CHECK_OK(pthread_rwlock_wrlock(&rw));
		long before = under_rw;
		some(s, 12);
		under_rw = before + 1;
		atomic_fetch_add(&rw_ops, 1);
	} else {
		CHECK_OK(pthread_rwlock_rdlock(&rw));
		long before = under_rw;
		some(s, 6);
		CHECK_EQ(under_rw, before);
	}
	CHECK_OK(pthread_rwlock_unlock(&rw));
}

static void memory(struct self *s)
{
	unsigned char *block[40];
	for (int i = 0; i < 40; i++) {
		size_t size = 1 + rnd(s) % 9000;
		block[i] = malloc(size);
		CHECK(block[i] != NULL);
		memset(block[i], s->id, size);
	}
	some(s, 3);
	for (int i = 0; i < 40; i++) {
		CHECK_EQ(*block[i], s->id);
		free(block[i]);
	}
}

static void pauses(struct self *s)
{
	struct timespec t = {0, (long)(rnd(s) % 15000000)};
	switch (rnd(s) % 5) {
	case 0: usleep(0); break;
	case 1: sched_yield(); break;
	case 2: poll(NULL, 0, (int)(rnd(s) % 5)); break;
	case 3: raw_syscall(SYS_nanosleep, (long)&t, 0, 0, 0, 0, 0); break;
	default: sleep_ms(rnd(s) % 5);
	}
}

static void computes(struct self *s) { compute_ms(rnd(s) % 25); }

static void (*const op[])(struct self *) = {locked, timed_lock, produce, consume, token, pipes, flocks,
	syncs, fifo, create, cancel, signals, forks_, reads_and_writes, memory, pauses, computes};
static const char *const names[] = {"locked", "timed_lock", "produce", "consume", "token", "pipes", "flocks",
	"syncs", "fifo", "create", "cancel", "signals", "forks", "reads_and_writes", "memory", "pauses", "computes"};
enum { OPS = sizeof op / sizeof *op };

static void *works(void *arg)
{
	struct self s = {.id = (int)(intptr_t)arg};
	s.state = (uint64_t)seed * 1000003 + s.id * 7919;
	for (int i = 0; i < 8; i++)
		rnd(&s);
	while (now_ms() < end_at) {
		unsigned which = rnd(&s) % OPS;
		if (ops >> which & 1) {
			doing[s.id] = names[which];
			op[which](&s);
		}
	}
	doing[s.id] = "ended";
	return arg;
}

static void *lasts(void *arg)
{
	sleep_ms((int)(intptr_t)arg);
	return arg;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seed = atol(argv[1]);
#ifdef SEED
	seed = SEED;
#endif
	if (argc > 2)
		span = atol(argv[2]);
	if (argc > 3)
		workers = atol(argv[3]);
	if (getenv("STRESS_OPS"))
		ops = strtoul(getenv("STRESS_OPS"), NULL, 0);
	CHECK(workers >= 1 && workers <= MOST);
	struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &a, NULL);
	sigaction(SIGUSR2, &a, NULL);
	hog_init();
	CHECK_EQ(pipe2(pipe_, O_CLOEXEC), 0);
	sem_init(&tokens, 0, 3);
	file_fd = open("stress.file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	CHECK(file_fd >= 0);
	end_at = now_ms() + span;
	for (long i = 0; i < workers; i++)
		thread[i] = pthread_self();
	for (long i = 0; i < workers; i++)
		thread[i] = start(works, i);
	pthread_t last = start(lasts, span);
	for (int r = ETIMEDOUT; r == ETIMEDOUT;) {
		struct timespec soon = ts_in(CLOCK_REALTIME, 7);
		r = pthread_timedjoin_np(last, NULL, &soon);
		CHECK(r == 0 || r == ETIMEDOUT);
	}
	CHECK_OK(pthread_rwlock_wrlock(&joining)); /* for good */
	for (long i = 0; i < workers; i++) {
		struct timespec until = ts_in(CLOCK_REALTIME, span + 40000);
		int r = pthread_timedjoin_np(thread[i], NULL, &until);
		if (r == ETIMEDOUT) {
			for (long k = 0; k < workers; k++)
				fprintf(stderr, "%ld: %s\n", k, doing[k] ? doing[k] : "not begun");
			CHECK_OK(r);
		}
		CHECK_OK(r);
	}
	while (atomic_load(&ended) + atomic_load(&cancelled) < atomic_load(&born))
		sleep_ms(1); /* the detached */
	int left;
	sem_getvalue(&tokens, &left);
	CHECK_EQ(left, 3);
	CHECK_EQ(under_mutex, atomic_load(&mutex_ops));
	CHECK_EQ(under_flock, atomic_load(&flock_ops));
	CHECK_EQ(under_rw, atomic_load(&rw_ops));
	CHECK_EQ(made, eaten + queued);
	if (getenv("STRESS_COUNTS"))
		fprintf(stderr, "locked %ld flock %ld rw %ld made %ld handled %ld born %ld cancelled %ld forks %ld fifos %ld\n",
		        under_mutex, under_flock, under_rw, made, (long)handled, (long)born, (long)cancelled,
		        (long)forks, (long)fifos);
	puts("no count lost");
	return 0;
}
