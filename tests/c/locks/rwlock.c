// rule: readers share a read-write lock, a writer has it alone; try calls give EBUSY, the owner's own conflicting lock EDEADLK
// one-thread: yes
#include "../check.h"

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t b;
static int readers, most, value;
static void *reader(void *arg)
{
	CHECK_OK(pthread_rwlock_rdlock(&l));
	int n = __atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
	if (n == 4)
		most = 4;
	pthread_barrier_wait(&b); /* only passed with all four inside */
	CHECK_RC(pthread_rwlock_trywrlock(&l), EBUSY);
	CHECK_OK(pthread_rwlock_tryrdlock(&l)); /* again */
	CHECK_OK(pthread_rwlock_unlock(&l));
	CHECK_EQ(value, 0);
	__atomic_sub_fetch(&readers, 1, __ATOMIC_SEQ_CST);
	CHECK_OK(pthread_rwlock_unlock(&l));
	return arg;
}
static void *writer(void *arg)
{
	for (int i = 0; i < 500; i++) {
		CHECK_OK(pthread_rwlock_wrlock(&l));
		int seen = value;
		if (i % 10 == 0)
			sched_yield();
		value = seen + 1;
		CHECK_OK(pthread_rwlock_unlock(&l));
		CHECK_OK(pthread_rwlock_rdlock(&l));
		seen = value;
		if (i % 10 == 5)
			sched_yield();
		CHECK_EQ(value, seen);
		CHECK_OK(pthread_rwlock_unlock(&l));
	}
	return arg;
}
static void *outsider(void *arg)
{
	CHECK_RC(pthread_rwlock_tryrdlock(&l), EBUSY);
	CHECK_RC(pthread_rwlock_trywrlock(&l), EBUSY);
	return arg;
}

int main(void)
{
	pthread_t t[4];
	CHECK_OK(pthread_barrier_init(&b, NULL, 4));
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, reader, NULL));
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_EQ(most, 4);
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, writer, NULL));
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_OK(pthread_rwlock_wrlock(&l));
	CHECK_RC(pthread_rwlock_wrlock(&l), EDEADLK);
	CHECK_RC(pthread_rwlock_rdlock(&l), EDEADLK);
	CHECK_RC(pthread_rwlock_tryrdlock(&l), EBUSY);
	CHECK_OK(pthread_create(&t[0], NULL, outsider, NULL));
	CHECK_OK(pthread_join(t[0], NULL));
	CHECK_OK(pthread_rwlock_unlock(&l));
	CHECK_OK(pthread_rwlock_destroy(&l));
	printf("value %d\n", value);
	return 0;
}
