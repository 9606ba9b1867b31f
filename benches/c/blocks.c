/* blocks N copy|pread FILE: one thread, no thread functions. `copy` reads FILE
 * in blocks of 64 bytes, from the start again at its end, and writes each to
 * /dev/null; `pread` reads blocks of 64 bytes at changing offsets.
 * Prints ns per block. FILE is made (1 MiB) by the runner. */
#include "common.h"

enum { BLOCK = 64 };

static void copy(int in, long times) {
    char block[BLOCK];
    int out = must(open("/dev/null", O_WRONLY), "/dev/null");
    for (long i = 0; i < times; i++) {
        ssize_t got = must(read(in, block, BLOCK), "read");
        if (got == 0) {
            must(lseek(in, 0, SEEK_SET), "lseek");
            got = must(read(in, block, BLOCK), "read");
        }
        must(write(out, block, got) == got ? 0 : -1, "write");
    }
}

static void pread_blocks(int in, long times) {
    char block[BLOCK];
    off_t size = must(lseek(in, 0, SEEK_END), "lseek");
    off_t offset = 0;
    for (long i = 0; i < times; i++) {
        must(pread(in, block, BLOCK, offset) == BLOCK ? 0 : -1, "pread");
        offset += 37 * BLOCK;
        if (offset + BLOCK > size)
            offset -= size - BLOCK;
    }
}

int main(int argc, char **argv) {
    long times = arg_long(argc, argv, 1, 1000000);
    const char *kind = arg_text(argc, argv, 2, "copy");
    int in = must(open(arg_text(argc, argv, 3, "/dev/zero"), O_RDONLY), "input file");
    long long start = now_ns();
    if (!strcmp(kind, "pread"))
        pread_blocks(in, times);
    else
        copy(in, times);
    print_ns_per_op(now_ns() - start, times);
    return 0;
}
