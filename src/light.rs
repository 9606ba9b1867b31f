//! Control blocks of light greenlets: those of the native API, which have no unit before
//! their first turn.
//!
//! A hundred thousand greenlets that were spawned and have not run are a hundred thousand
//! of these, some cache lines each, instead of as many stacks and TLS blocks of which
//! each touches two pages. One that runs to its end without waiting leaves its unit,
//! stack and all still in the caches, to the next.
//!
//! They are cut from mappings of their own and never unmapped: whoever has looked at a
//! greenlet may look again when it has ended, and finds another one or a free one, by its
//! id. Those of the hub's holder only.

use crate::greenlet::Greenlet;
use crate::raw_lock::RawLock;
use crate::sys::Errno;
use crate::unit;
use core::ptr;

/// Bytes that are mapped at a time.
const SLAB: usize = 256 * 1024;

struct Blocks {
    free: *const Greenlet,
    /// The part of the newest mapping that has not been cut.
    fresh: *mut Greenlet,
    left: usize,
}

// SAFETY: control blocks belong to the process, not to an OS thread.
unsafe impl Send for Blocks {}

static BLOCKS: RawLock<Blocks> =
    RawLock::new(Blocks { free: ptr::null(), fresh: ptr::null_mut(), left: 0 });

/// A free control block, the one that was given back last. It is nobody's thread yet.
pub fn take() -> Result<&'static Greenlet, Errno> {
    let mut blocks = BLOCKS.lock();
    // SAFETY: free blocks are linked through `next`.
    if let Some(g) = unsafe { blocks.free.as_ref() } {
        blocks.free = g.next.get();
        crate::arch::prefetch(blocks.free.cast());
        return Ok(g);
    }
    if blocks.left == 0 {
        blocks.fresh = unit::map(SLAB)? as *mut Greenlet;
        blocks.left = SLAB / size_of::<Greenlet>();
    }
    let at = blocks.fresh;
    // SAFETY: inside the mapping; this part of it is nobody else's yet.
    unsafe {
        blocks.fresh = at.add(1);
        blocks.left -= 1;
        at.write(Greenlet::new());
        Ok(&*at)
    }
}

/// Give a control block back. Its greenlet has ended and has no unit any more.
pub fn give_back(g: &'static Greenlet) {
    let mut blocks = BLOCKS.lock();
    g.next.set(blocks.free);
    blocks.free = g;
}

/// Forget that somebody held the blocks (in the child of a fork).
pub fn after_fork() {
    BLOCKS.reset();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_was_given_back_is_the_next_to_be_taken() {
        let (a, b) = (take().unwrap(), take().unwrap());
        assert!(!ptr::eq(a, b) && a.is_light() && b.is_light());
        give_back(a);
        give_back(b);
        assert!(ptr::eq(take().unwrap(), b));
        assert!(ptr::eq(take().unwrap(), a));
    }
}
