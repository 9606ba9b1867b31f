// rule: resolver(3): `_res` is the thread's own; what a thread sets in it neither reaches others nor later threads
// one-thread: yes
#include "nameserver.h"

static pthread_barrier_t b;
static struct __res_state *state[4];
static void *edits(void *arg) {
    int n = (intptr_t)arg;
    CHECK_EQ(_res.options & RES_INIT, 0);
    ns_use(1000 + n);
    state[n] = &_res;
    pthread_barrier_wait(&b);
    CHECK_EQ(ntohs(_res.nsaddr_list[0].sin_port), 1000 + n);
    for (int i = 0; i < 4; i++)
        if (i != n) CHECK(state[i] != &_res);
    pthread_barrier_wait(&b);
    return NULL;
}
static void *later(void *arg) {
    (void)arg;
    CHECK_EQ(_res.options & RES_INIT, 0);
    CHECK_EQ(res_init(), 0);
    CHECK_EQ(ntohs(_res.nsaddr_list[0].sin_port), 53);
    return NULL;
}

int main(void) {
    CHECK_EQ(res_init(), 0);
    struct __res_state *mine = &_res;
    int servers = mine->nscount;
    CHECK_OK(pthread_barrier_init(&b, NULL, 4));
    for (int round = 0; round < 3; round++) {
        pthread_t t[4];
        for (intptr_t i = 0; i < 4; i++) t[i] = u_spawn(edits, (void *)i);
        for (int i = 0; i < 4; i++) {
            u_join(t[i]);
            CHECK(state[i] != mine);
        }
        u_join(u_spawn(later, NULL));
        CHECK(&_res == mine);
        CHECK_EQ(mine->nscount, servers);
        CHECK_EQ(ntohs(mine->nsaddr_list[0].sin_port), 53);
    }
    puts("own");
    return 0;
}
