/* Shared by the benchmark programs: time, arguments, errors. */
#ifndef GEVENTRS_BENCH_COMMON_H
#define GEVENTRS_BENCH_COMMON_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline long long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline struct timespec to_timespec(long long ns) {
    return (struct timespec){.tv_sec = ns / 1000000000LL, .tv_nsec = ns % 1000000000LL};
}

/* `err` is an errno value, as pthread functions return it. */
static inline void check(int err, const char *what) {
    if (err) {
        fprintf(stderr, "%s: %s\n", what, strerror(err));
        exit(2);
    }
}

/* For calls which return -1 and set errno. */
static inline long must(long result, const char *what) {
    check(result < 0 ? errno : 0, what);
    return result;
}

static inline long arg_long(int argc, char **argv, int index, long otherwise) {
    return argc > index ? atol(argv[index]) : otherwise;
}

static inline const char *arg_text(int argc, char **argv, int index, const char *otherwise) {
    return argc > index ? argv[index] : otherwise;
}

static inline void print_ns_per_op(long long elapsed, long ops) {
    printf("ns_per_op %.3f\n", (double)elapsed / (double)ops);
}
#endif
