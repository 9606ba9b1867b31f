// Boost's coroutines and fibers on threads: they sleep, lock, wait, throw and read on stacks of their own.
#include <boost/coroutine2/all.hpp>
#include <boost/context/fiber.hpp>
#include <thread>
#include <mutex>
#include <condition_variable>
#include <vector>
#include <cstdio>
#include <unistd.h>
#include <sys/socket.h>
namespace ctx = boost::context;
typedef boost::coroutines2::coroutine<int> co;
static std::mutex m; static std::condition_variable c; static long total, sum; static thread_local int mine;
static void work(int id) {
    // generator whose body sleeps, locks and throws
    co::pull_type gen([&](co::push_type &out) {
        for (int i = 0; i < 20; i++) {
            usleep(500);
            { std::unique_lock<std::mutex> l(m); total += id; c.notify_all(); c.wait_for(l, std::chrono::microseconds(200)); }
            try { throw i; } catch (int x) { mine += x; }
            out(i);
        }
    });
    int s = 0; for (int v : gen) { s += v; usleep(100); }
    // fibers by hand: each on a stack of its own, blocking in a pipe
    int sv[2]; socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
    ctx::fiber f{[&](ctx::fiber &&back) { char b; for (int i = 0; i < 5; i++) { if (read(sv[1], &b, 1) == 1) s += b; back = std::move(back).resume(); } return std::move(back); }};
    for (int i = 0; i < 5; i++) { char b = 1; std::thread w([&] { usleep(300); (void)!write(sv[0], &b, 1); }); f = std::move(f).resume(); w.join(); }
    f = std::move(f).resume();
    close(sv[0]); close(sv[1]);
    std::lock_guard<std::mutex> l(m); sum += s + mine;
}
int main() { std::vector<std::thread> t; for (int i = 0; i < 6; i++) t.emplace_back(work, i); for (auto &x : t) x.join(); printf("%ld %ld\ndone\n", total, sum); }
