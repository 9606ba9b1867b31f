// rule: as locks/mutex_contended, with a process-shared mutex, which the kernel grants
// cflags: -DSHARED=PTHREAD_PROCESS_SHARED
#include "mutex_contended.c"
