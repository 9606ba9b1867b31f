// rule: a thread's robust list (set_robust_list(2) by number) is its own: it is told to whoever asks, and when the thread ends the words with its id in them get FUTEX_OWNER_DIED, and one waiter of each is woken
#include "../check.h"
#include <linux/futex.h>
#include <stddef.h>
#include <sys/mman.h>

static struct robust_list_head *list_of(pid_t thread)
{
	struct robust_list_head *head = (void *)1;
	size_t size = 0;
	CHECK_EQ(syscall(SYS_get_robust_list, thread, &head, &size), 0);
	CHECK_EQ(size, sizeof *head);
	return head;
}
static pid_t id(void) { return syscall(SYS_gettid); }

/* A lock of the program's own. */
struct lock {
	struct robust_list link;
	uint32_t word;
};
enum { HELD, AWAITED, OTHERS, RELEASED, INHERITS, OUTSIDE, ABOUT_TO_TAKE, LOCKS };
static struct lock *locks; /* in shared memory: only there a wait without the private flag meets the wake-up */
static uint32_t *word_of(int n) { return &locks[n].word; }

struct own {
	struct robust_list_head head;
	volatile pid_t id;
	int pending;
};
static pthread_barrier_t ready, end;
static void *dies(void *arg)
{
	struct own *own = arg;
	struct robust_list *last = &own->head.list;
	CHECK(list_of(0) != NULL);
	CHECK(list_of(0) != &own->head);
	own->head.futex_offset = offsetof(struct lock, word) - offsetof(struct lock, link);
	own->head.list_op_pending = own->pending >= 0 ? &locks[own->pending].link : NULL;
	CHECK_ERRNO(syscall(SYS_set_robust_list, &own->head, sizeof own->head - 1), EINVAL);
	CHECK_EQ(syscall(SYS_set_robust_list, &own->head, sizeof own->head), 0);
	CHECK(list_of(0) == &own->head);
	own->id = id();
	for (int n = HELD; n <= INHERITS; n++) {
		*word_of(n) = n == OTHERS ? 77 : n == RELEASED ? 0 : own->id | (n == AWAITED ? FUTEX_WAITERS : 0);
		last->next = (void *)((char *)&locks[n].link + (n == INHERITS));
		last = &locks[n].link;
	}
	*word_of(OUTSIDE) = own->id;
	last->next = &own->head.list;
	pthread_barrier_wait(&ready);
	CHECK_EQ(locks[ABOUT_TO_TAKE].word, 0);
	pthread_barrier_wait(&end);
	return NULL;
}
static void *waits(void *arg)
{
	uint32_t *word = arg, seen = *word;
	while (*word == seen && syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0) == -1 && errno == EINTR)
		;
	return NULL;
}
static volatile int about_to_wait;
static void *is_woken(void *arg)
{
	/* The word stays as it is: only a wake-up ends this. */
	about_to_wait = 1;
	CHECK_EQ(syscall(SYS_futex, arg, FUTEX_WAIT, 0, NULL, NULL, 0), 0);
	return NULL;
}
static void *has_libcs(void *arg)
{
	return list_of(0);
}

int main(void)
{
	pthread_t t, w, p;
	struct own own = { .pending = ABOUT_TO_TAKE };
	void *r;
	locks = mmap(NULL, sizeof *locks * LOCKS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(locks != MAP_FAILED);
	CHECK_OK(pthread_barrier_init(&ready, NULL, 2));
	CHECK_OK(pthread_barrier_init(&end, NULL, 2));
	struct robust_list_head *mine = list_of(0);
	CHECK(mine != NULL);
	CHECK(list_of(getpid()) == mine);

	CHECK_OK(pthread_create(&t, NULL, dies, &own));
	pthread_barrier_wait(&ready);
	CHECK(list_of(0) == mine);
	CHECK(list_of(getpid()) == mine);
	CHECK(list_of(own.id) == &own.head);
	CHECK_ERRNO(syscall(SYS_get_robust_list, 0, NULL, &(size_t){ 0 }), EFAULT);
	CHECK_ERRNO(syscall(SYS_get_robust_list, own.id, &r, NULL), EFAULT);
	CHECK_ERRNO(syscall(SYS_get_robust_list, 0x3ffffff0, &r, &(size_t){ 0 }), ESRCH);
	CHECK_OK(pthread_create(&w, NULL, waits, word_of(AWAITED)));
	CHECK_OK(pthread_create(&p, NULL, is_woken, word_of(ABOUT_TO_TAKE)));
	while (!about_to_wait)
		sleep_ms(1);
	sleep_ms(200);
	pthread_barrier_wait(&end);
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_join(w, NULL));
	CHECK_OK(pthread_join(p, NULL));
	CHECK_EQ(*word_of(HELD), FUTEX_OWNER_DIED);
	CHECK_EQ(*word_of(AWAITED), FUTEX_OWNER_DIED | FUTEX_WAITERS);
	CHECK_EQ(*word_of(OTHERS), 77);
	CHECK_EQ(*word_of(RELEASED), 0);
	CHECK_EQ(*word_of(INHERITS), FUTEX_OWNER_DIED);
	CHECK_EQ(*word_of(OUTSIDE), own.id);
	CHECK_EQ(*word_of(ABOUT_TO_TAKE), 0);

	/* The next thread has libc's again. */
	CHECK_OK(pthread_create(&t, NULL, has_libcs, NULL));
	CHECK_OK(pthread_join(t, &r));
	CHECK(r != NULL && r != &own.head && r != mine);

	/* A list that leads nowhere does no harm. */
	own.pending = -1;
	CHECK_OK(pthread_create(&t, NULL, dies, &own));
	pthread_barrier_wait(&ready);
	locks[HELD].link.next = (void *)16;
	pthread_barrier_wait(&end);
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(*word_of(HELD), FUTEX_OWNER_DIED);
	CHECK_EQ(*word_of(AWAITED), own.id | FUTEX_WAITERS);

	/* The first thread's. */
	struct robust_list_head other = { .list = { &other.list } };
	CHECK_EQ(syscall(SYS_set_robust_list, &other, sizeof other), 0);
	CHECK(list_of(0) == &other);
	CHECK(list_of(getpid()) == &other);
	CHECK_EQ(syscall(SYS_set_robust_list, mine, sizeof *mine), 0);
	printf("robust lists\n");
	return 0;
}
