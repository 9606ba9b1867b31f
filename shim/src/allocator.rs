//! The library's own allocator: what it keeps for itself never comes from the
//! program's malloc.
//!
//! The program's allocator takes locks, perhaps through our hooks, and a
//! greenlet that holds one may have to wait for the hub; our code runs with the
//! hub and must not wait for it in turn. An allocator also may call us before
//! any constructor has run, or count what the program has allocated.
//!
//! Program code of a greenlet allocates here, too (at a thread's end, say). It counts
//! as our code for as long as it has the heap's lock: it must not be asked for its
//! turn then, nor run a signal's handler, which might come back here.
//!
//! Small blocks are powers of two cut from chunks, and go back to a list of
//! their size; large ones are mappings of their own. Nothing here uses a
//! thread-local, a function of libc or memory that must be initialised.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use hub::greenlet::Greenlet;
use hub::raw_lock::RawLock;
use hub::syscall;

const PAGE: usize = 4096;
const SMALLEST: usize = 16;
/// Blocks of more than this are mappings.
const LARGEST: usize = 32 * 1024;
const CLASSES: usize = (LARGEST / SMALLEST).ilog2() as usize + 1;
const CHUNK: usize = 256 * 1024;

/// A free block holds the next one's address.
struct Free(*mut Free);

struct Heap {
    free: [*mut Free; CLASSES],
    /// The part of the newest chunk that has not been cut.
    fresh: usize,
    end: usize,
}

// SAFETY: memory belongs to the process, not to an OS thread.
unsafe impl Send for Heap {}

/// Do a few instructions that nothing may interrupt.
fn held_together<R>(f: impl FnOnce() -> R) -> R {
    match Greenlet::current().filter(|g| !g.in_shim()) {
        Some(g) => {
            g.pass_for_shim();
            let result = f();
            g.leave_shim();
            result
        }
        None => f(),
    }
}

/// The allocator.
pub struct Own {
    heap: RawLock<Heap>,
}

#[global_allocator]
static OWN: Own =
    Own { heap: RawLock::shared(Heap { free: [ptr::null_mut(); CLASSES], fresh: 0, end: 0 }) };

/// Forget that somebody held the heap's lock (in the child of a fork). It takes
/// one store to give or take a block, so what was interrupted loses one at most.
pub fn after_fork() {
    OWN.heap.reset();
}

/// The class of a layout; `None`: a mapping.
fn class(layout: &Layout) -> Option<usize> {
    let size = layout.size().max(layout.align()).max(SMALLEST).next_power_of_two();
    (size <= LARGEST).then(|| (size / SMALLEST).ilog2() as usize)
}

fn pages(size: usize) -> usize {
    (size + PAGE - 1) & !(PAGE - 1)
}

fn map(size: usize) -> *mut u8 {
    let (access, kind) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a fresh anonymous mapping.
    unsafe { syscall!(libc::SYS_mmap, 0, size, access, kind, -1isize, 0) }
        .map_or(ptr::null_mut(), |at| at as *mut u8)
}

impl Heap {
    fn take(&mut self, class: usize) -> *mut u8 {
        let block = self.free[class];
        if !block.is_null() {
            // SAFETY: a free block of ours.
            self.free[class] = unsafe { (*block).0 };
            return block.cast();
        }
        let size = SMALLEST << class;
        // A block is aligned to its size; what is skipped is lost.
        let mut at = (self.fresh + size - 1) & !(size - 1);
        if self.fresh == 0 || at + size > self.end {
            let chunk = map(CHUNK) as usize;
            if chunk == 0 {
                return ptr::null_mut();
            }
            // In this order a child of fork(2) finds no end beyond its chunk.
            (self.fresh, self.end) = (0, 0);
            self.end = chunk + CHUNK;
            at = (chunk + size - 1) & !(size - 1);
        }
        self.fresh = at + size;
        at as *mut u8
    }
}

// SAFETY: blocks are disjoint, aligned to their size (at most a page's
// alignment is asked for in mappings) and live until they are given back.
unsafe impl GlobalAlloc for Own {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class(&layout) {
            Some(class) => held_together(|| self.heap.lock().take(class)),
            None if layout.align() > PAGE => ptr::null_mut(),
            None => map(pages(layout.size())),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match class(&layout) {
            Some(class) => held_together(|| {
                let mut heap = self.heap.lock();
                let block = block.cast::<Free>();
                // SAFETY: the caller's block, of at least this size.
                unsafe { block.write(Free(heap.free[class])) };
                heap.free[class] = block;
            }),
            // SAFETY: the caller's mapping.
            None => unsafe {
                let _ = syscall!(libc::SYS_munmap, block, pages(layout.size()));
            },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller keeps the contract for the new size.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (class(&layout), class(&new)) {
            (Some(old), Some(new)) if old == new => block,
            // SAFETY: the caller's mapping, which the kernel may move.
            (None, None) => unsafe {
                let (from, to) = (pages(layout.size()), pages(size));
                syscall!(libc::SYS_mremap, block, from, to, libc::MREMAP_MAYMOVE)
                    .map_or(ptr::null_mut(), |at| at as *mut u8)
            },
            // SAFETY: two blocks of ours, and the shorter length.
            _ => unsafe {
                let to = self.alloc(new);
                if !to.is_null() {
                    ptr::copy_nonoverlapping(block, to, layout.size().min(size));
                    self.dealloc(block, layout);
                }
                to
            },
        }
    }
}

#[cfg(test)]
mod tests {
    //! The tests' own allocations all go through the allocator as well.

    #[test]
    fn blocks_are_disjoint_aligned_and_used_again() {
        let mut all: Vec<Box<[u64]>> = Vec::new();
        for round in 0..4u64 {
            for n in 0..300 {
                all.push(vec![n as u64 + round; n * 7 + 1].into_boxed_slice());
            }
            all.retain(|b| b.len() % 3 != round as usize % 3);
        }
        for b in &all {
            assert_eq!(b.as_ptr() as usize % 8, 0);
            assert!(b.iter().all(|v| *v == b[0]), "a block was given out twice");
        }
    }

    #[test]
    fn growing_keeps_the_contents() {
        let mut grown = Vec::new();
        for n in 0..2_000_000u32 {
            grown.push(n);
        }
        assert!(grown.iter().copied().eq(0..2_000_000));
        grown.truncate(10);
        grown.shrink_to_fit();
        assert!(grown.iter().copied().eq(0..10));
    }

    #[test]
    fn eight_threads_at_once() {
        std::thread::scope(|s| {
            for t in 0..8u8 {
                s.spawn(move || {
                    for n in 1..2000 {
                        let block = vec![t; n % 700 + 1];
                        assert!(block.iter().all(|b| *b == t));
                    }
                });
            }
        });
    }
}
