//! Units: the memory of a greenlet, cut from slabs and used again as a whole.
//!
//! ```text
//!  unit: low                                                          high
//!  | guard | stack (grows down) ......... | TLS block | Greenlet | colour |
//!                                   stack base ^     ^ thread pointer
//! ```
//! One mapping (slab) holds many units: `vm.max_map_count` is 65,530, so a
//! million stacks cannot have a mapping each, nor their guards (`guard.rs`).
//! `MADV_NOHUGEPAGE` keeps a stack at the pages that it touches. The stack's
//! top, the TLS block and the control block lie side by side: a sleeping
//! greenlet touches two pages.
//!
//! The distance from the thread pointer to the [`Greenlet`] is one constant,
//! so a thread pointer leads to its greenlet
//! with one addition. The *colour* shifts the whole upper part by a few cache
//! lines, different in neighbouring units: page-aligned units would otherwise
//! compete for the same sets of the first-level cache.
//!
//! A unit is never unmapped (see `tls`); beyond [`WARM`] free units of a size,
//! the stack's pages go back to the kernel and only the upper part stays.
//!
//! # Who has a unit
//!
//! ```text
//!              cut, made                 take: the resident's thread
//!   address ──────────────▶ free ◀───────────────────────────────────▶ in use
//!   space         ▲           ▲          take_for: a light greenlet, by its promise
//!                 │           └──────── give_back ◀──────────────────────┘
//!                 └ counted by `promise`, for light greenlets that have not begun
//! ```
//! A light greenlet ([`crate::light`]) needs a unit from its first turn on only, and most
//! of those that wait for their first turn can use the same one in turn. But the spawn
//! must fail where there is no address space for another stack, not the first turn. So a
//! spawn is a *promise* of a unit: of each size there are at any time at least as many
//! units free or not cut yet as promised. Address space costs nothing until it is touched.
//! (A unit whose TLS block could not be made is lost; then a promise waits until another
//! one comes back: `hub::units`.)

use crate::greenlet::Greenlet;
use crate::raw_lock::RawLock;
use crate::sys::Errno;
use crate::{syscall, tls};
use arena::{Arena, Cut};
use core::mem::size_of;
use core::sync::atomic::{AtomicUsize, Ordering};

pub use stack::Stack;

mod arena;
mod guard;
mod stack;

const PAGE: usize = 4096;
/// Size of the guard below each stack. One page, as glibc's default.
pub const GUARD: usize = PAGE;
/// Stack that the library adds to what the program asked for: a hook and the
/// libc function under it run on the program's stack, and programs that ask
/// for the minimum have counted without them.
pub const SLACK: usize = 64 * 1024;
/// Free units of one size that keep their stack pages.
const WARM: usize = 4096;
const COLOURS: usize = 8;
const COLOUR_STEP: usize = 128;

static ARENA: RawLock<Arena> = RawLock::new(Arena::EMPTY);
/// Distance from a thread pointer of ours up to its `Greenlet`.
static TP_TO_GREENLET: AtomicUsize = AtomicUsize::new(0);

const fn round_up(n: usize, to: usize) -> usize {
    (n + to - 1) & !(to - 1)
}

/// Learn the TLS layout and fix the shape of units. Idempotent.
pub fn init() -> Result<(), &'static str> {
    let space = tls::init()?;
    TP_TO_GREENLET.store(round_up(space.above, 64), Ordering::Relaxed);
    if space.align > COLOUR_STEP {
        return Err("a loaded library asks for thread-locals aligned to more than 128 bytes");
    }
    Ok(())
}

/// Bytes at the top of a unit that are not stack.
fn upper_part(space: &tls::Space) -> usize {
    round_up(size_of::<Greenlet>(), COLOUR_STEP)
        + COLOURS * COLOUR_STEP
        + round_up(space.above, COLOUR_STEP)
        + round_up(space.below, COLOUR_STEP)
}

/// The greenlet whose thread pointer is `tp`: who has the unit, or had it last.
///
/// # Safety
/// `tp` must be the thread pointer of a unit.
pub unsafe fn greenlet_of(tp: *mut u8) -> &'static Greenlet {
    // SAFETY: the distance is the same in every unit, units stay mapped, and control
    // blocks are never freed.
    unsafe {
        let resident = &*tp.add(TP_TO_GREENLET.load(Ordering::Relaxed)).cast::<Greenlet>();
        resident.tenant.get().as_ref().unwrap_or(resident)
    }
}

/// The thread pointer of the unit at `start` of the slab at `slab`.
fn place(start: usize, slab: usize, stride: usize) -> usize {
    let colour = (start - slab) / stride % COLOURS;
    let end = start + stride - colour * COLOUR_STEP;
    let greenlet = (end - size_of::<Greenlet>()) & !(COLOUR_STEP - 1);
    (greenlet - TP_TO_GREENLET.load(Ordering::Relaxed)) & !(COLOUR_STEP - 1)
}

/// Take a unit whose stack has at least `stack_size` usable bytes, for its resident. The
/// TLS block is complete and fresh, its thread id is `tid`.
pub fn take(stack_size: usize, tid: u32) -> Result<&'static Greenlet, Errno> {
    let mut arena = ARENA.lock();
    let index = arena.class_for(stack_size)?;
    if arena.classes[index].spare() == 0 {
        arena.map_slab(index)?;
    }
    let class = &mut arena.classes[index];
    // The last free one is left to those who cannot make one: see `hub::units`.
    if class.promised == 0 || class.free_count > 1 {
        if let Some(g) = class.pop() {
            drop(arena);
            // SAFETY: its thread ended and has left the block.
            unsafe { tls::recycle(g.tp(), tid) };
            return Ok(g);
        }
    }
    // Nothing to cut although there is a spare one: some could not be made.
    let cut = arena.cut(index).ok_or(libc::EAGAIN)?;
    drop(arena);
    make(cut, index, tid)
}

/// The promise of a unit.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    /// Its size class.
    pub class: usize,
    /// No unit of that size is free.
    pub none_free: bool,
}

/// Promise a light greenlet a unit whose stack has at least `stack_size` usable bytes.
/// `Err`: there is no room for its stack.
pub fn promise(stack_size: usize) -> Result<Promise, Errno> {
    let mut arena = ARENA.lock();
    let index = arena.class_for(stack_size)?;
    if arena.classes[index].spare() == 0 {
        arena.map_slab(index)?;
    }
    let class = &mut arena.classes[index];
    class.promised += 1;
    Ok(Promise { class: index, none_free: class.free.is_null() })
}

/// A light greenlet will not want its unit.
pub fn forgo(class: usize) {
    ARENA.lock().classes[class].promised -= 1;
}

/// Make a unit of this size that nobody has yet. It allocates from the program's malloc,
/// as program code.
pub fn stock(class: usize) -> Result<(), Errno> {
    let mut arena = ARENA.lock();
    let cut = match arena.cut(class) {
        Some(cut) => cut,
        None => {
            arena.map_slab(class)?;
            arena.cut(class).ok_or(libc::EAGAIN)?
        }
    };
    drop(arena);
    // Whoever gets it gives it another id.
    let made = make(cut, class, 0)?;
    ARENA.lock().classes[class].push(made);
    Ok(())
}

/// Keep the promise to the light greenlet `g`: it has a unit. `None`: none is free.
/// Returns whether that was the last one and others have a promise.
pub fn take_for(g: &'static Greenlet) -> Option<bool> {
    let mut arena = ARENA.lock();
    let class = &mut arena.classes[g.class()];
    let resident = class.pop()?;
    class.promised -= 1;
    let last = class.promised != 0 && class.free.is_null();
    drop(arena);
    g.move_in(resident);
    // SAFETY: its thread ended and has left the block.
    unsafe { tls::recycle(g.tp(), g.id()) };
    Some(last)
}

/// Make a unit where the arena has cut it.
fn make(cut: Cut, class: usize, tid: u32) -> Result<&'static Greenlet, Errno> {
    let space = tls::init().map_err(|_| libc::EAGAIN)?;
    let tp = place(cut.start, cut.slab, cut.stride);
    let greenlet = tp + TP_TO_GREENLET.load(Ordering::Relaxed);
    let base = (tp - space.below) & !63;
    let stack = Stack { base, limit: cut.start + GUARD, guard: cut.guard };
    // SAFETY: the slab is ours and zeroed, and this part of it is nobody else's.
    unsafe {
        if tls::create(tp as *mut u8, tid).is_err() {
            // The cut unit is lost until the process ends; memory is short.
            return Err(libc::EAGAIN);
        }
        let g = greenlet as *mut Greenlet;
        g.write(Greenlet::new());
        (*g).set_unit(tp as *mut u8, stack, class);
        Ok(&*g)
    }
}

/// Give a unit back, by its resident. Whoever had it has ended.
pub fn give_back(g: &'static Greenlet) {
    let mut arena = ARENA.lock();
    let class = &mut arena.classes[g.class()];
    class.push(g);
    let cold = class.free_count > WARM;
    drop(arena);
    if cold {
        let stack = g.unit_stack();
        let top = stack.base & !(PAGE - 1);
        // SAFETY: nobody runs on this stack; whole pages below its top.
        unsafe {
            let _ =
                syscall!(libc::SYS_madvise, stack.limit, top - stack.limit, libc::MADV_DONTNEED);
        }
    }
}

/// Run `f` with the thread pointer of every unit that has been made.
pub fn for_each_block(f: &dyn Fn(*mut u8)) {
    let arena = ARENA.lock();
    let offset = TP_TO_GREENLET.load(Ordering::Relaxed);
    for slab in &arena.slabs {
        let mut unit = slab.start;
        // The uncut rest has no blocks yet.
        while unit < slab.fresh {
            let tp = place(unit, slab.start, slab.stride);
            // SAFETY: inside the slab, where a cut unit has its greenlet. One
            // whose block could not be made is still zero and names no block.
            if unsafe { &*((tp + offset) as *const Greenlet) }.tp() as usize == tp {
                f(tp as *mut u8);
            }
            unit += slab.stride;
        }
    }
}

/// Forget that somebody held the arena (in the child of a fork).
pub fn after_fork() {
    ARENA.reset();
}

/// A stack of its own mapping, for the hub.
pub fn map_stack(size: usize) -> Result<Stack, Errno> {
    let start = map(size + GUARD)?;
    // SAFETY: our own fresh mapping.
    unsafe {
        let _ = syscall!(libc::SYS_mprotect, start, GUARD, libc::PROT_NONE);
    }
    Ok(Stack { base: start + GUARD + size, limit: start + GUARD, guard: GUARD })
}

/// A TLS block of its own mapping, for the hub: returns the thread pointer.
pub fn map_block() -> Result<*mut u8, Errno> {
    let space = tls::init().map_err(|_| libc::EAGAIN)?;
    let below = round_up(space.below, COLOUR_STEP);
    let start = map(round_up(below + space.above, PAGE))?;
    let tp = (start + below) as *mut u8;
    // SAFETY: our own fresh, zeroed mapping of sufficient size.
    unsafe { tls::create(tp, tls::tid()).map_err(|_| libc::EAGAIN)? };
    Ok(tp)
}

pub(crate) fn map(len: usize) -> Result<usize, Errno> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE | libc::MAP_STACK;
    // SAFETY: a fresh anonymous mapping.
    let start = unsafe {
        syscall!(libc::SYS_mmap, 0, len, libc::PROT_READ | libc::PROT_WRITE, flags, -1isize, 0)?
    };
    // SAFETY: on the mapping just made; refusal does no harm.
    unsafe {
        let _ = syscall!(libc::SYS_madvise, start, len, libc::MADV_NOHUGEPAGE);
    }
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::arena::SLAB_UNITS;
    use super::*;
    use core::ptr;

    fn same(a: &Greenlet, b: &Greenlet) -> bool {
        ptr::eq(a, b)
    }

    /// A light greenlet with a promise. (Each test has a stack size of its own, since
    /// others run at the same time.)
    fn promised(size: usize) -> (&'static Greenlet, Promise) {
        init().unwrap();
        let promise = promise(size).unwrap();
        let g: &'static Greenlet = Box::leak(Box::new(Greenlet::new()));
        g.set_class(promise.class);
        (g, promise)
    }

    #[test]
    fn a_promise_is_kept_with_a_unit_that_was_made_for_it_and_comes_back() {
        const SIZE: usize = 123 << 12;
        let (a, promise) = promised(SIZE);
        assert!(promise.none_free);
        assert_eq!(take_for(a), None, "none was made");
        assert!(a.tp().is_null());
        stock(promise.class).unwrap();
        let (b, second) = promised(SIZE);
        assert!(!second.none_free);
        assert_eq!(take_for(a), Some(true), "the last, and the other one wants one");
        let resident = a.resident().unwrap();
        // SAFETY: a unit's.
        assert!(same(unsafe { greenlet_of(a.tp()) }, a), "a unit leads to its tenant");
        assert!(a.stack().base - a.stack().limit >= SIZE);
        assert_eq!(take_for(b), None);
        let tp = a.tp();
        give_back(a.move_out().unwrap());
        assert!(a.tp().is_null() && a.stack() == Stack::NONE);
        // SAFETY: as above.
        assert!(same(unsafe { greenlet_of(tp) }, resident), "to itself, when it is free");
        assert_eq!(take_for(b), Some(false));
        assert_eq!(b.tp(), tp, "the unit goes from one to the next");
    }

    #[test]
    fn who_has_a_promise_does_not_lose_it_to_others() {
        const SIZE: usize = 125 << 12;
        let (a, promise) = promised(SIZE);
        stock(promise.class).unwrap();
        let other = take(SIZE, 1).unwrap();
        assert_eq!(take_for(a), Some(false), "the other one got a new unit");
        assert!(!same(a.resident().unwrap(), other));
        give_back(other);
        assert!(same(take(SIZE, 2).unwrap(), other), "which is anybody's now");
    }

    #[test]
    fn there_is_room_for_as_many_as_were_promised() {
        const SIZE: usize = 127 << 12;
        let class = promised(SIZE).1.class;
        for _ in 1..3 * SLAB_UNITS {
            promise(SIZE).unwrap();
        }
        let count = |arena: &Arena| {
            let c = &arena.classes[class];
            (c.free_count + c.uncut, c.promised)
        };
        assert_eq!(count(&ARENA.lock()), (3 * SLAB_UNITS, 3 * SLAB_UNITS));
        forgo(class);
        assert_eq!(ARENA.lock().classes[class].spare(), 1);
        promise(SIZE).unwrap();
        promise(SIZE).unwrap();
        assert_eq!(count(&ARENA.lock()), (4 * SLAB_UNITS, 3 * SLAB_UNITS + 1));
    }
}
