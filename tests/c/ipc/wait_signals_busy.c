// rule: as ipc/wait_signals, while another thread computes: the first thread's call ends, wherever the handler runs
// timeout: 60
// cflags: -DBUSY
#include "wait_signals.c"
