// rule: no wakeup is lost: two threads that hand a turn to each other by a condition variable never stall
// one-thread: yes
#include "../check.h"

#define ROUNDS 5000
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int turn, total;
static void *player(void *arg)
{
	int me = (intptr_t)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&m);
		while (turn != me)
			pthread_cond_wait(&c, &m);
		turn = !me;
		total++;
		if (i % 3 == 0) {
			pthread_cond_signal(&c);
			pthread_mutex_unlock(&m);
		} else {
			pthread_mutex_unlock(&m);
			pthread_cond_signal(&c);
		}
	}
	return NULL;
}

int main(void)
{
	pthread_t t[2];
	for (intptr_t i = 0; i < 2; i++)
		CHECK_OK(pthread_create(&t[i], NULL, player, (void *)i));
	for (int i = 0; i < 2; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("%d turns\n", total);
	return 0;
}
