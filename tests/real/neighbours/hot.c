/* Threads whose stacks a profiler and a debugger are to show: inner, middle, worker. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
static volatile long sink;
__attribute__((noinline)) void inner(long n) {
    for (long i = 0; i < n; i++) sink += i * i;
}
__attribute__((noinline)) void middle(long n) {
    inner(n);
    sink++;
}
__attribute__((noinline)) void *worker(void *arg) {
    for (int i = 0; i < 40; i++) {
        middle(500000);
        usleep(100);
    }
    return arg;
}
int main(void) {
    pthread_t t[3];
    for (int i = 0; i < 3; i++) pthread_create(&t[i], NULL, worker, NULL);
    for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
    puts("done");
}
