//! Units: the memory of a greenlet, cut from slabs and used again as a whole.
//!
//! ```text
//!  unit: low                                                          high
//!  | guard | stack (grows down) ......... | TLS block | Greenlet | colour |
//!                                   stack base ^     ^ thread pointer
//! ```
//! One mapping (slab) holds many units: `vm.max_map_count` is 65,530, so a
//! million stacks cannot have a mapping each. For the same reason the guard is
//! a guard region (MADV_GUARD_INSTALL, Linux 6.13: no mapping of its own), and
//! only where the kernel lacks it a protected page, while a budget lasts.
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
//! one comes back: [`crate::hub::units`].)

use crate::greenlet::Greenlet;
use crate::raw_lock::RawLock;
use crate::sys::{self, Errno};
use crate::{syscall, tls};
use core::mem::size_of;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

const PAGE: usize = 4096;
/// Size of the guard below each stack. One page, as glibc's default.
pub const GUARD: usize = PAGE;
/// Stack that the library adds to what the program asked for: a hook and the
/// libc function under it run on the program's stack, and programs that ask
/// for the minimum have counted without them.
pub const SLACK: usize = 64 * 1024;
/// Units per slab, at most; a slab is also at most [`SLAB_BYTES`] long.
const SLAB_UNITS: usize = 256;
const SLAB_BYTES: usize = 512 << 20;
/// Free units of one size that keep their stack pages.
const WARM: usize = 4096;
/// Guards made with mprotect, at most: each splits a mapping.
const PROTECTED_GUARDS: usize = 15_000;
const COLOURS: usize = 8;
const COLOUR_STEP: usize = 128;
/// Linux 6.13; not in the libc crate's constants for this target.
const MADV_GUARD_INSTALL: i32 = 102;

/// The part of a unit that its greenlet runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The end of the stack, where it begins to grow down.
    pub base: usize,
    /// The lowest usable address.
    pub limit: usize,
    /// Size of the guard below `limit`; 0: none.
    pub guard: usize,
}

impl Stack {
    /// An empty description, for the greenlet on an OS thread's own stack.
    pub const NONE: Stack = Stack { base: 0, limit: 0, guard: 0 };

    /// Whether `address` is one of the stack's, or of its guard.
    pub fn holds_or_guards(&self, address: usize) -> bool {
        (self.limit - self.guard..=self.base).contains(&address)
    }

    /// Whether `address` lies in the guard: whoever runs on this stack and
    /// touches it has used the stack up.
    pub fn guards(&self, address: usize) -> bool {
        (self.limit - self.guard..self.limit).contains(&address)
    }
}

// SAFETY: base and limit are page-aligned bounds of a mapping that is never
// unmapped; the guard lies below the limit.
unsafe impl corosensei::stack::Stack for Stack {
    fn base(&self) -> corosensei::stack::StackPointer {
        corosensei::stack::StackPointer::new(self.base).expect("a stack has an address")
    }
    fn limit(&self) -> corosensei::stack::StackPointer {
        corosensei::stack::StackPointer::new(self.limit).expect("a stack has an address")
    }
}

/// All units of one stack size.
struct Class {
    /// Bytes from one unit to the next.
    stride: usize,
    free: *const Greenlet,
    free_count: usize,
    /// Units that its slabs have room for and that have not been cut.
    uncut: usize,
    /// Units that light greenlets will want.
    promised: usize,
    /// The slab that is being cut; those before it are cut.
    slab: usize,
}

impl Class {
    /// Units there are for those who have no promise.
    fn spare(&self) -> usize {
        (self.free_count + self.uncut).saturating_sub(self.promised)
    }

    fn pop(&mut self) -> Option<&'static Greenlet> {
        // SAFETY: free units stay mapped and are linked through `next`.
        let g = unsafe { self.free.as_ref() }?;
        self.free = g.next.get();
        self.free_count -= 1;
        Some(g)
    }

    fn push(&mut self, g: &'static Greenlet) {
        g.next.set(self.free);
        self.free = g;
        self.free_count += 1;
    }
}

struct Slab {
    start: usize,
    end: usize,
    stride: usize,
    /// Where the part begins that has not been cut.
    fresh: usize,
}

/// A unit that is to be made: where it begins and its slab does, its size and its
/// guard's.
struct Cut {
    start: usize,
    slab: usize,
    stride: usize,
    guard: usize,
}

struct Arena {
    classes: Vec<Class>,
    slabs: Vec<Slab>,
    guards: Guards,
    /// The stack size that was asked for last, and its class.
    asked_last: Option<(usize, usize)>,
}

#[derive(PartialEq)]
enum Guards {
    Region,
    Protect { left: usize },
}

// SAFETY: units belong to the process, not to an OS thread.
unsafe impl Send for Arena {}

static ARENA: RawLock<Arena> = RawLock::new(Arena {
    classes: Vec::new(),
    slabs: Vec::new(),
    guards: Guards::Region,
    asked_last: None,
});
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

impl Arena {
    /// The class of units whose stack has at least `stack_size` usable bytes.
    #[inline]
    fn class_for(&mut self, stack_size: usize) -> Result<usize, Errno> {
        match self.asked_last {
            Some((asked, class)) if asked == stack_size => Ok(class),
            _ => self.find_class_for(stack_size),
        }
    }

    #[cold]
    fn find_class_for(&mut self, stack_size: usize) -> Result<usize, Errno> {
        let space = tls::init().map_err(|_| libc::EAGAIN)?;
        let wanted = stack_size.checked_add(SLACK + GUARD).ok_or(libc::EAGAIN)?;
        if wanted > isize::MAX as usize / 2 {
            return Err(libc::EAGAIN);
        }
        let stride = round_up(wanted + upper_part(&space), PAGE);
        let known = self.classes.iter().position(|c| c.stride == stride);
        let class = known.unwrap_or_else(|| {
            self.classes.push(Class {
                stride,
                free: ptr::null(),
                free_count: 0,
                uncut: 0,
                promised: 0,
                slab: 0,
            });
            self.classes.len() - 1
        });
        self.asked_last = Some((stack_size, class));
        Ok(class)
    }

    /// Map another slab of the class.
    fn map_slab(&mut self, class: usize) -> Result<(), Errno> {
        let class = &mut self.classes[class];
        let stride = class.stride;
        // A smaller one where address space is limited (RLIMIT_AS).
        let mut units = (SLAB_BYTES / stride).clamp(1, SLAB_UNITS);
        let start = loop {
            match map(units * stride) {
                Ok(start) => break start,
                Err(_) if units > 1 => units /= 2,
                Err(_) => return Err(libc::EAGAIN),
            }
        };
        class.uncut += units;
        self.slabs.push(Slab { start, end: start + units * stride, stride, fresh: start });
        Ok(())
    }

    /// Cut a unit that has never been used, if the class's slabs have one left.
    fn cut(&mut self, class: usize) -> Option<Cut> {
        let class = &mut self.classes[class];
        let stride = class.stride;
        let rest = self.slabs.get_mut(class.slab..)?;
        let (skipped, slab) =
            rest.iter_mut().enumerate().find(|(_, s)| s.stride == stride && s.fresh < s.end)?;
        class.slab += skipped;
        class.uncut -= 1;
        let (start, slab_start) = (slab.fresh, slab.start);
        slab.fresh += stride;
        Some(Cut { start, slab: slab_start, stride, guard: self.guard(start) })
    }

    /// Guard the lowest page of a unit; returns the guard's size.
    fn guard(&mut self, start: usize) -> usize {
        loop {
            match &mut self.guards {
                Guards::Region => {
                    // SAFETY: a page of our own that nobody uses.
                    let made =
                        unsafe { syscall!(libc::SYS_madvise, start, GUARD, MADV_GUARD_INSTALL) };
                    if made.is_ok() {
                        return GUARD;
                    }
                    self.guards = Guards::Protect { left: PROTECTED_GUARDS };
                }
                Guards::Protect { left: 0 } => return 0,
                Guards::Protect { left } => {
                    *left -= 1;
                    if *left == 0 {
                        sys::write_stderr(
                            b"geventrs: this kernel has no guard regions; stacks from here on have no guard page\n",
                        );
                    }
                    // SAFETY: as above.
                    let made =
                        unsafe { syscall!(libc::SYS_mprotect, start, GUARD, libc::PROT_NONE) };
                    return if made.is_ok() { GUARD } else { 0 };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
