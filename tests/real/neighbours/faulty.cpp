// Threads that throw, catch and jump, and make the mistake that they are asked for.
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>
static std::mutex m;
static int sum;
static int deep(int n) {
    char b[200];
    memset(b, n, sizeof b);
    if (n == 0) throw std::runtime_error("x");
    return deep(n - 1) + b[7];
}
static void work(int id) {
    for (int i = 0; i < 20; i++) {
        try {
            deep(10 + i);
        } catch (std::exception &) {
            std::lock_guard<std::mutex> l(m);
            sum += id;
        }
        jmp_buf j;
        volatile int k = 0;
        if (setjmp(j) == 0) {
            char big[500];
            memset(big, 1, sizeof big);
            k = big[3];
            longjmp(j, 1);
        }
        usleep(200);
    }
}
int main(int, char **argv) {
    std::string what = argv[1];
    std::vector<std::thread> t;
    for (int i = 0; i < 6; i++) t.emplace_back(work, i);
    for (auto &x : t) x.join();
    std::thread([&] {
        volatile char *heap = (char *)malloc(10), stack[10];
        volatile int at = 10;
        if (what == "heap") heap[at] = 1;
        if (what == "stack") stack[at + 1] = 1;
        free((void *)heap);
        if (what == "freed") heap[3] = 1;
    }).join();
    printf("%d\ndone\n", sum);
}
