// rule: FUTEX_WAKE_OP changes the second word, wakes waiters of the first, and of the second if its old value compares true
// one-thread: yes
#include "futex.h"

static uint32_t a, b;
static int ready;
static void *waiter(void *arg)
{
	uint32_t *word = arg;
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	CHECK_EQ(futex(word, FUTEX_WAIT_PRIVATE, *word, NULL, NULL, 0), 0);
	return NULL;
}
static void start(pthread_t *t, uint32_t *word)
{
	ready = 0;
	CHECK_OK(pthread_create(t, NULL, waiter, word));
	while (!__atomic_load_n(&ready, __ATOMIC_SEQ_CST))
		sleep_ms(1);
	sleep_ms(200); /* it waits by now */
}
static long op(int op, int arg, int cmp, int cmparg)
{
	return futex(&a, FUTEX_WAKE_OP_PRIVATE, INT_MAX, (void *)INT_MAX, &b, FUTEX_OP(op, arg, cmp, cmparg));
}

int main(void)
{
	pthread_t ta, tb;
	b = 5;
	CHECK_EQ(op(FUTEX_OP_SET, 9, FUTEX_OP_CMP_EQ, 5), 0);
	CHECK_EQ(b, 9);
	op(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_NE, 0);
	CHECK_EQ(b, 12);
	op(FUTEX_OP_OR, 3, FUTEX_OP_CMP_LT, 0);
	CHECK_EQ(b, 15);
	op(FUTEX_OP_ANDN, 6, FUTEX_OP_CMP_LE, 0);
	CHECK_EQ(b, 9);
	op(FUTEX_OP_XOR, 3, FUTEX_OP_CMP_GT, 0);
	CHECK_EQ(b, 10);
	op(FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 4, FUTEX_OP_CMP_GE, 0);
	CHECK_EQ(b, 26);

	start(&ta, &a);
	start(&tb, &b);
	/* The comparison is false: only the first word's waiter. */
	CHECK_EQ(op(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 1), 1);
	CHECK_OK(pthread_join(ta, NULL));
	/* True: the second's. */
	CHECK_EQ(op(FUTEX_OP_ADD, 0, FUTEX_OP_CMP_EQ, 26), 1);
	CHECK_OK(pthread_join(tb, NULL));
	start(&ta, &a);
	start(&tb, &b);
	CHECK_EQ(op(FUTEX_OP_SET, 1, FUTEX_OP_CMP_GT, 20), 2);
	CHECK_OK(pthread_join(ta, NULL));
	CHECK_OK(pthread_join(tb, NULL));
	CHECK_EQ(b, 1);
	printf("wake op\n");
	return 0;
}
