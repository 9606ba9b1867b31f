/* A program's own coroutines (ucontext) and jumps on threads: each coroutine sleeps, computes and yields. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <unistd.h>
enum { THREADS = 8, TURNS = 30, STACK = 64 * 1024 };
struct pair {
    ucontext_t thread, coroutine;
    int over;
    long out;
};
static void body(unsigned low, unsigned high) {
    struct pair *p = (struct pair *)((uintptr_t)high << 32 | low);
    for (int i = 0; i < TURNS; i++) {
        usleep(200);
        for (volatile int k = 0; k < 200000; k++) p->out += k & 1;
        p->out += i;
        swapcontext(&p->coroutine, &p->thread);
    }
    p->over = 1;
}
static void *work(void *arg) {
    (void)arg;
    struct pair *p = calloc(1, sizeof *p);
    char *stack = malloc(STACK);
    getcontext(&p->coroutine);
    p->coroutine.uc_stack.ss_sp = stack;
    p->coroutine.uc_stack.ss_size = STACK;
    p->coroutine.uc_link = &p->thread;
    uintptr_t at = (uintptr_t)p;
    makecontext(&p->coroutine, (void (*)(void))body, 2, (unsigned)at, (unsigned)(at >> 32));
    while (!p->over) {
        swapcontext(&p->thread, &p->coroutine);
        usleep(50);
    }
    sigjmp_buf jump;
    volatile int jumps = 0;
    if (sigsetjmp(jump, jumps & 1) < 5) {
        jumps++;
        usleep(10);
        siglongjmp(jump, jumps);
    }
    long r = p->out + jumps;
    free(stack);
    free(p);
    return (void *)r;
}
int main(void) {
    pthread_t t[THREADS];
    long sum = 0;
    for (int i = 0; i < THREADS; i++) pthread_create(&t[i], NULL, work, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *r;
        pthread_join(t[i], &r);
        sum += (long)r;
    }
    printf("%ld\ndone\n", sum);
}
