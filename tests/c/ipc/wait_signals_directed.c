// rule: as ipc/wait_signals, by pthread_kill(3) of another thread
// timeout: 60
// cflags: -DDIRECTED
#include "wait_signals.c"
