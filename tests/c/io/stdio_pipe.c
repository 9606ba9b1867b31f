// rule: stdio on pipes (getline, fread, fwrite of more than the capacity, fgetc) blocks only its thread; a FILE is locked per call
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"
enum { BIG = 300000 };
static int p[2];
static FILE *out;
static void *writer(void *arg) {
    int id = (int)(intptr_t)arg;
    for (int i = 0; i < 200; i++) fprintf(out, "thread %d line %d with some more text to fill the buffer\n", id, i);
    return NULL;
}
static void *big(void *arg) {
    (void)arg;
    unsigned char *b = malloc(BIG);
    u_fill(b, BIG, 0);
    CHECK_EQ(fwrite(b, 1, BIG, out), BIG);
    CHECK_EQ(fclose(out), 0);
    free(b);
    return NULL;
}

int main(void) {
    u_pipe(p);
    FILE *in = fdopen(p[0], "r");
    out = fdopen(p[1], "w");
    pthread_t t[3];
    int next[3] = {0};
    for (int i = 0; i < 3; i++) t[i] = u_spawn(writer, (void *)(intptr_t)i);
    char *line = NULL;
    size_t cap = 0;
    int lines = 0, flushed = 0;
    /* the writers leave the tail in the buffer: flush when they are done */
    while (lines < 600) {
        if (lines > 300 && !flushed) {
            for (int i = 0; i < 3; i++) u_join(t[i]);
            CHECK_EQ(fflush(out), 0);
            flushed = 1;
        }
        CHECK(getline(&line, &cap, in) > 0);
        int id, i;
        CHECK_EQ(sscanf(line, "thread %d line %d with", &id, &i), 2);
        CHECK_EQ(i, next[id]);
        next[id]++;
        lines++;
    }
    free(line);
    pthread_t b = u_spawn(big, NULL);
    u_sleep(10);
    unsigned char *got = malloc(BIG);
    CHECK_EQ(fread(got, 1, BIG, in), BIG);
    CHECK(u_same(got, BIG, 0));
    CHECK_EQ(fgetc(in), EOF);
    CHECK(feof(in));
    u_join(b);
    puts("ok");
    return 0;
}
