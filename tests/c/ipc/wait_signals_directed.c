// rule: as ipc/wait_signals, by pthread_kill(3) of another thread
// pending: blocking sections are plain calls
// cflags: -DDIRECTED
#include "wait_signals.c"
