// rule: messages that several threads send on one SOCK_SEQPACKET socket arrive whole, in the order of each thread
#include "../io/util.h"
enum { T = 8, N = 100 };
static int sv[2];
static void *writer(void *arg) {
    int m[200];
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < 200; j++) m[j] = (int)(intptr_t)arg * 1000 + i;
        CHECK_EQ(send(sv[1], m, sizeof m, 0), sizeof m);
    }
    return NULL;
}

int main(void) {
    u_pair(SOCK_SEQPACKET, sv);
    pthread_t t[T];
    for (int i = 0; i < T; i++) t[i] = u_spawn(writer, (void *)(intptr_t)i);
    u_sleep(10);
    int next[T] = {0}, m[201];
    for (int k = 0; k < T * N; k++) {
        CHECK_EQ(recv(sv[0], m, sizeof m, 0), 800);
        for (int j = 1; j < 200; j++) CHECK_EQ(m[j], m[0]);
        int who = m[0] / 1000;
        CHECK(who >= 0 && who < T);
        CHECK_EQ(m[0] % 1000, next[who]);
        next[who]++;
    }
    for (int i = 0; i < T; i++) u_join(t[i]);
    puts("ok");
    return 0;
}
