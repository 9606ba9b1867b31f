// rule: with PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP a waiting writer goes before later readers; by default readers pass it
// one-thread: yes
#include "../check.h"

static pthread_rwlock_t l;
static void *writer(void *arg)
{
	CHECK_OK(pthread_rwlock_wrlock(&l));
	CHECK_OK(pthread_rwlock_unlock(&l));
	return arg;
}
static void *late_reader(void *arg)
{
	return (void *)(intptr_t)pthread_rwlock_tryrdlock(&l);
}

int main(void)
{
	pthread_rwlockattr_t a;
	pthread_t w, r;
	void *got;
	int kind, v;
	CHECK_OK(pthread_rwlockattr_init(&a));
	CHECK_OK(pthread_rwlockattr_getkind_np(&a, &kind));
	CHECK_EQ(kind, PTHREAD_RWLOCK_DEFAULT_NP);
	CHECK_RC(pthread_rwlockattr_setkind_np(&a, 99), EINVAL);
	CHECK_OK(pthread_rwlockattr_getpshared(&a, &v));
	CHECK_EQ(v, PTHREAD_PROCESS_PRIVATE);
	CHECK_RC(pthread_rwlockattr_setpshared(&a, 99), EINVAL);
	const int kinds[2] = { PTHREAD_RWLOCK_PREFER_READER_NP, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP };
	const int want[2] = { 0, EBUSY };
	for (int i = 0; i < 2; i++) {
		CHECK_OK(pthread_rwlockattr_setkind_np(&a, kinds[i]));
		CHECK_OK(pthread_rwlock_init(&l, &a));
		CHECK_OK(pthread_rwlock_rdlock(&l));
		CHECK_OK(pthread_create(&w, NULL, writer, NULL));
		sleep_ms(300); /* it waits by now */
		CHECK_OK(pthread_create(&r, NULL, late_reader, NULL));
		CHECK_OK(pthread_join(r, &got));
		CHECK_EQ((intptr_t)got, want[i]);
		if (got == NULL)
			CHECK_OK(pthread_rwlock_unlock(&l));
		CHECK_OK(pthread_rwlock_unlock(&l));
		CHECK_OK(pthread_join(w, NULL));
		CHECK_OK(pthread_rwlock_destroy(&l));
	}
	printf("kinds\n");
	return 0;
}
