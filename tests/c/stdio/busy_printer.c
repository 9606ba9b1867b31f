// rule: a thread that prints or reads without end, and never waits, lets the others run
// one-thread: yes
#include "../io/util.h"
static int stop;
static FILE *null, *zero;
static void *p_fputs(void *arg) { while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) fputs("x", null); return arg; }
static void *p_printf(void *arg) { while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) fprintf(null, "%d", 1); return arg; }
static void *p_getc(void *arg) { while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) CHECK_EQ(getc(zero), 0); return arg; }
static void *(*const all[])(void *) = {p_fputs, p_printf, p_getc};

int main(void)
{
	null = fopen("/dev/null", "w");
	zero = fopen("/dev/zero", "r");
	for (int i = 0; i < 3; i++) {
		__atomic_store_n(&stop, 0, __ATOMIC_SEQ_CST);
		pthread_t t = u_spawn(all[i], NULL);
		u_sleep(30);
		__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
		u_join(t);
	}
	puts("ok");
	return 0;
}
