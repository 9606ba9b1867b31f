// rule: every thread has a name of at most 15 bytes, its creator's unless set; longer gives ERANGE
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

static sem_t ready, go;
static void *worker(void *arg)
{
	char name[16];
	CHECK_OK(pthread_getname_np(pthread_self(), name, sizeof name));
	CHECK_STR(name, "creator");
	CHECK_OK(pthread_setname_np(pthread_self(), arg));
	sem_post(&ready);
	sem_wait(&go);
	CHECK_OK(pthread_getname_np(pthread_self(), name, sizeof name));
	return strdup(name);
}

int main(void)
{
	pthread_t a, b;
	char name[16], small[4];
	void *r;
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	CHECK_OK(pthread_getname_np(pthread_self(), name, sizeof name));
	printf("%s\n", name);
	CHECK_OK(pthread_setname_np(pthread_self(), "creator"));
	CHECK_OK(pthread_create(&a, NULL, worker, "alpha"));
	CHECK_OK(pthread_create(&b, NULL, worker, "beta"));
	sem_wait(&ready);
	sem_wait(&ready);
	check_os_threads(1);

	CHECK_OK(pthread_getname_np(a, name, sizeof name));
	CHECK_STR(name, "alpha");
	CHECK_OK(pthread_getname_np(b, name, sizeof name));
	CHECK_STR(name, "beta");
	CHECK_OK(pthread_getname_np(pthread_self(), name, sizeof name));
	CHECK_STR(name, "creator");

	CHECK_RC(pthread_getname_np(a, small, sizeof small), ERANGE);
	CHECK_RC(pthread_setname_np(a, "sixteen bytes!!!"), ERANGE);
	CHECK_OK(pthread_setname_np(b, "fifteen bytes!!"));
	CHECK_OK(pthread_setname_np(a, ""));

	sem_post(&go);
	sem_post(&go);
	CHECK_OK(pthread_join(a, &r));
	printf("a: \"%s\"\n", (char *)r);
	CHECK_OK(pthread_join(b, &r));
	printf("b: \"%s\"\n", (char *)r);
	CHECK_OK(pthread_getname_np(pthread_self(), name, sizeof name));
	CHECK_STR(name, "creator");
	return 0;
}
