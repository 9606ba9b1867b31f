// rule: as ipc/wait_signals, by pthread_kill(3) of another thread
// cflags: -DDIRECTED
#include "wait_signals.c"
