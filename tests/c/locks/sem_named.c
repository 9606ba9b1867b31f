// rule: threads meet at a named semaphore; sem_open() gives EEXIST and ENOENT, and the same address when opened twice
#include "../check.h"
#include <semaphore.h>
#include <sys/stat.h>

static char name[64];
static void *poster(void *arg)
{
	sem_t *s = sem_open(name, 0);
	CHECK(s == arg);
	sleep_ms(50);
	CHECK_EQ(sem_post(s), 0);
	CHECK_EQ(sem_close(s), 0);
	return NULL;
}

int main(void)
{
	pthread_t t;
	int v;
	snprintf(name, sizeof name, "/geventrs-test-%d", getpid());
	CHECK(sem_open(name, 0) == SEM_FAILED && errno == ENOENT);
	sem_t *s = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
	CHECK(s != SEM_FAILED);
	CHECK(sem_open(name, O_CREAT | O_EXCL, 0600, 1) == SEM_FAILED && errno == EEXIST);
	CHECK_EQ(sem_wait(s), 0);
	CHECK_ERRNO(sem_trywait(s), EAGAIN);
	CHECK_OK(pthread_create(&t, NULL, poster, s));
	CHECK_EQ(sem_wait(s), 0);
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(sem_getvalue(s, &v), 0);
	CHECK_EQ(v, 0);
	CHECK_EQ(sem_unlink(name), 0);
	CHECK_ERRNO(sem_unlink(name), ENOENT);
	CHECK_EQ(sem_close(s), 0);
	printf("named\n");
	return 0;
}
