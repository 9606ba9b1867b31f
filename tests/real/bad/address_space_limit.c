// With RLIMIT_AS reached, pthread_create answers EAGAIN; the threads there are
// go on and end, and there is room for new ones then.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 4000 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int go, ended;

static void *wait_to_go(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&lock);
	while (!go)
		pthread_cond_wait(&cond, &lock);
	ended++;
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(void)
{
	static pthread_t threads[MOST];
	int n = 0, error = 0;
	while (n < MOST && (error = pthread_create(&threads[n], NULL, wait_to_go, NULL)) == 0)
		n++;
	printf("pthread_create: %s\n", error ? strerror(error) : "no limit met");
	printf("some threads: %s\n", n > 10 ? "yes" : "no");
	pthread_mutex_lock(&lock);
	go = 1;
	pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("all ended: %s\n", ended == n ? "yes" : "no");
	error = pthread_create(&threads[0], NULL, wait_to_go, NULL);
	printf("afterwards: %s\n", strerror(error));
	if (error == 0)
		pthread_join(threads[0], NULL);
	return 0;
}
