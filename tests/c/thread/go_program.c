// rule: a program of Go's (it has a note of Go's linker) keeps its kernel threads: its runtime knows them by the kernel's ids
#define _GNU_SOURCE
#include "../check.h"
#include <dirent.h>
#include <semaphore.h>
#include <sys/syscall.h>

__attribute__((section(".note.go.buildid"), used, aligned(4))) static const struct {
    unsigned name_size, value_size, kind;
    char name[4], value[8];
} note = {4, 8, 4, "Go\0", "buildid"};

enum { THREADS = 5 };
static sem_t come, leave;

static void *waits(void *arg) {
    *(long *)arg = syscall(SYS_gettid);
    sem_post(&come);
    sem_wait(&leave);
    return NULL;
}

static int tasks(void) {
    DIR *dir = opendir("/proc/self/task");
    CHECK(dir != NULL);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

int main(void) {
    pthread_t t[THREADS];
    long ids[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK_OK(pthread_create(&t[i], NULL, waits, &ids[i]));
    for (int i = 0; i < THREADS; i++)
        sem_wait(&come);
    CHECK_EQ(tasks(), THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(syscall(SYS_tgkill, getpid(), ids[i], 0), 0);
    for (int i = 0; i < THREADS; i++)
        sem_post(&leave);
    for (int i = 0; i < THREADS; i++)
        CHECK_OK(pthread_join(t[i], NULL));
    puts("the kernel's");
    return 0;
}
