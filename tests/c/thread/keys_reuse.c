// rule: a new key is NULL in every thread, also when its number was another key's; there are PTHREAD_KEYS_MAX of them, then EAGAIN
// one-thread: yes
#include "../check.h"
#include <limits.h>
#include <semaphore.h>

static pthread_key_t key, keys[PTHREAD_KEYS_MAX];
static sem_t ready, go;
static void *worker(void *arg)
{
	CHECK_OK(pthread_setspecific(key, arg));
	sem_post(&ready);
	sem_wait(&go);
	/* The key was deleted and made anew meanwhile. */
	CHECK(pthread_getspecific(key) == NULL);
	CHECK_OK(pthread_setspecific(key, "new"));
	CHECK_STR((char *)pthread_getspecific(key), "new");
	return NULL;
}

int main(void)
{
	pthread_t t;
	pthread_key_t old;
	int n = 0;
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	CHECK_OK(pthread_key_create(&key, NULL));
	old = key;
	CHECK_OK(pthread_create(&t, NULL, worker, "old"));
	sem_wait(&ready);
	check_os_threads(1);
	CHECK_OK(pthread_setspecific(key, "main"));
	CHECK_OK(pthread_key_delete(key));
	CHECK_RC(pthread_key_delete(key), EINVAL);
	CHECK_RC(pthread_setspecific(key, "main"), EINVAL);
	CHECK_OK(pthread_key_create(&key, NULL));
	CHECK_EQ(key, old); /* glibc takes the lowest free number */
	CHECK(pthread_getspecific(key) == NULL);
	sem_post(&go);
	CHECK_OK(pthread_join(t, NULL));
	CHECK(pthread_getspecific(key) == NULL);

	int rc;
	while ((rc = pthread_key_create(&keys[n], NULL)) == 0) {
		CHECK_OK(pthread_setspecific(keys[n], &keys[n]));
		n++;
		CHECK(n < PTHREAD_KEYS_MAX);
	}
	CHECK_EQ(rc, EAGAIN);
	for (int i = 0; i < n; i++)
		CHECK(pthread_getspecific(keys[i]) == &keys[i]);
	for (int i = 0; i < n; i++)
		CHECK_OK(pthread_key_delete(keys[i]));
	CHECK_RC(pthread_key_delete(PTHREAD_KEYS_MAX), EINVAL);
	CHECK(pthread_getspecific(PTHREAD_KEYS_MAX + 5) == NULL);
	printf("more than 1000 keys: %s\n", n > 1000 ? "yes" : "no");
	return 0;
}
