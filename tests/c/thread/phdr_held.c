// rule: dl_iterate_phdr(3): while a callback waits, others load, unload and run
// timeout: 60
#define _GNU_SOURCE
#include "dlopen.h"
#include <link.h>
#include <semaphore.h>

static sem_t inside, done;

/* Holds the loader's lock of its list, and waits. */
static int waits(struct dl_phdr_info *info, size_t size, void *arg) {
    (void)info, (void)size, (void)arg;
    sem_post(&inside);
    while (sem_wait(&done))
        ;
    return 1;
}

static void *iterates(void *arg) {
    CHECK_EQ(dl_iterate_phdr(waits, NULL), 1);
    return arg;
}

int main(void) {
    so_make("some", "__thread int value = 3; int get(void) { return value; }\n");
    sem_init(&inside, 0, 0);
    sem_init(&done, 0, 0);
    u_tick_start();
    void *so = dlopen("./some.so", RTLD_NOW);
    CHECK(so != NULL && dlopen("./some.so", RTLD_NOW) == so);
    u_sleep(20);
    pthread_t t = u_spawn(iterates, NULL);
    CHECK_EQ(sem_wait(&inside), 0);
    /* Not the last reference: needs no more than a look at the module. */
    CHECK_EQ(dlclose(so), 0);
    int before = u_ticks();
    while (u_ticks() < before + 10)
        u_sleep(1);
    sem_post(&done);
    u_join(t);
    CHECK_EQ(((int (*)(void))dlsym(so, "get"))(), 3);
    CHECK_EQ(dlclose(so), 0);
    u_sleep(5);
    u_tick_end();
    puts("others ran");
    return 0;
}
