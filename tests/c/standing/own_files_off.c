// rule: descriptors of a thread's own, also where one greenlet runs at a time
// source: unshare(2), close_range(2)
// env: GEVENTRS_HANDOFF=off GEVENTRS_MAX_BLOCKING_TIME=100
// timeout: 60
#include "own_files.c"
