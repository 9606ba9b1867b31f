// rule: a condition variable may be destroyed right after a broadcast: pthread_cond_destroy() waits for the woken
// one-thread: yes
#include "../check.h"

struct shared {
	pthread_mutex_t m;
	pthread_cond_t c;
	int waiting, go;
};
static void *waiter(void *arg)
{
	struct shared *s = arg;
	pthread_mutex_lock(&s->m);
	s->waiting++;
	while (!s->go)
		pthread_cond_wait(&s->c, &s->m);
	pthread_mutex_unlock(&s->m);
	return NULL;
}

int main(void)
{
	for (int round = 0; round < 100; round++) {
		pthread_t t[3];
		struct shared s = { .waiting = 0 };
		pthread_mutex_init(&s.m, NULL);
		pthread_cond_init(&s.c, NULL);
		for (int i = 0; i < 3; i++)
			CHECK_OK(pthread_create(&t[i], NULL, waiter, &s));
		pthread_mutex_lock(&s.m);
		while (s.waiting < 3) {
			pthread_mutex_unlock(&s.m);
			sched_yield();
			pthread_mutex_lock(&s.m);
		}
		s.go = 1;
		pthread_cond_broadcast(&s.c);
		pthread_mutex_unlock(&s.m);
		CHECK_OK(pthread_cond_destroy(&s.c));
		memset(&s.c, 0xff, sizeof s.c); /* its memory is free to use */
		for (int i = 0; i < 3; i++)
			CHECK_OK(pthread_join(t[i], NULL));
	}
	printf("destroyed\n");
	return 0;
}
