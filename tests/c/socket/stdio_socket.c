// rule: stdio over a socket (fdopen, fprintf, fgets, fread) blocks only the calling thread
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"
static int sv[2];
static void *server(void *arg) {
    (void)arg;
    FILE *in = fdopen(sv[1], "r"), *out = fdopen(dup(sv[1]), "w");
    CHECK(in && out);
    char line[100];
    int n = 0;
    while (fgets(line, sizeof line, in)) {
        n++;
        u_sleep(1);
        fprintf(out, "%d %s", n, line);
        CHECK_EQ(fflush(out), 0);
    }
    CHECK(feof(in));
    fclose(out);
    fclose(in);
    return NULL;
}

int main(void) {
    u_pair(SOCK_STREAM, sv);
    pthread_t t = u_spawn(server, NULL);
    FILE *in = fdopen(sv[0], "r"), *out = fdopen(dup(sv[0]), "w");
    CHECK(in && out);
    setvbuf(out, NULL, _IOLBF, 0);
    char line[100], want[100];
    for (int i = 1; i <= 20; i++) {
        fprintf(out, "line %d\n", i * i);
        CHECK(fgets(line, sizeof line, in));
        snprintf(want, sizeof want, "%d line %d\n", i, i * i);
        CHECK_EQ(strcmp(line, want), 0);
    }
    CHECK_EQ(shutdown(sv[0], SHUT_WR), 0);
    CHECK_EQ(fgetc(in), EOF);
    u_join(t);
    puts("ok");
    return 0;
}
