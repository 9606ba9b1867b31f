// rule: exit(3): while functions of atexit run the other threads go on: such a function may stop them, wait for a condition, join them, sleep, and start a thread
// exit: 4
// variant: worker -DFROM_WORKER
#include "../check.h"
#include <semaphore.h>
static pthread_t workers[3];
static volatile int stop, ended;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static void *works(void *arg)
{
	while (!stop)
		sleep_ms(1);
	pthread_mutex_lock(&m);
	ended++;
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	return arg;
}
static void *late(void *arg) { printf("late thread\n"); return arg; }
static void at_exit(void)
{
	pthread_t t;
	stop = 1;
	pthread_mutex_lock(&m);
	while (ended < 3)
		pthread_cond_wait(&c, &m);
	pthread_mutex_unlock(&m);
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_join(workers[i], NULL));
	sleep_ms(5);
	CHECK_OK(pthread_create(&t, NULL, late, NULL));
	CHECK_OK(pthread_join(t, NULL));
	printf("all joined\n");
}
#ifdef FROM_WORKER
static void *exits(void *arg) { (void)arg, exit(4); }
#endif
int main(void)
{
	atexit(at_exit);
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_create(&workers[i], NULL, works, NULL));
	sleep_ms(5);
#ifdef FROM_WORKER
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, exits, NULL));
	sleep_ms(100000);
#endif
	return 4;
}
