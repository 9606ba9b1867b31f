//! Places: where in the program waits begin, each with its stack, taken once.
//!
//! A place is told by the hook, the site and the depth of the stack there. The
//! table is filled by program code on any OS thread, which the hub may leave between two
//! instructions: so there is no lock. Whoever stores a key first writes the stack;
//! others meanwhile may find the place without one.
//!
//! A wait of the API's ([`find_wait`]) begins in no hook, whose entry would know the site. Its
//! place is told by the depth of the stack and by what lies on it: the return addresses, each
//! where it was when the stack was taken. To look at those again costs a few loads; to
//! unwind costs microseconds.

use super::call::Hook;
use super::modules;
use crate::stack_trace::Trace;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Places kept; what comes after that many is place 0.
const MOST: usize = 8192;
/// How far from its own slot a place may lie.
const STEPS: usize = 32;
/// Return addresses of a wait's stack that are looked at again.
const CHECKED: usize = 16;
/// Stacks of one depth that are told apart, by each kind of wait.
const VARIANTS: usize = 32;
/// Frames kept of each stack.
pub const FRAMES: usize = 32;

/// One place.
pub struct Place {
    key: AtomicU64,
    hook: AtomicPtr<Hook>,
    length: AtomicU32,
    frames: [AtomicUsize; FRAMES],
    /// Of a wait's: how far above the stack pointer the first of the frames lay; 0: not known.
    above: [AtomicU32; CHECKED],
}

static PLACES: [Place; MOST] = [const {
    Place {
        key: AtomicU64::new(0),
        hook: AtomicPtr::new(ptr::null_mut()),
        length: AtomicU32::new(0),
        frames: [const { AtomicUsize::new(0) }; FRAMES],
        above: [const { AtomicU32::new(0) }; CHECKED],
    }
}; MOST];

/// A place's number. 0 stands for "unknown" and for those that had no room.
pub type Number = u16;

fn key(hook: &Hook, site: usize, depth: usize) -> u64 {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut key = site as u64;
    key = (key ^ (key >> 29)).wrapping_mul(ODD);
    key = (key ^ depth as u64 ^ (ptr::from_ref(hook) as u64).rotate_left(23)).wrapping_mul(ODD);
    (key ^ (key >> 31)) | 1
}

/// The place of a call of `hook` at `site`, where the stack has `depth`. Takes the
/// stack if it is new; `site` must be one of its frames.
pub fn find(hook: &'static Hook, site: usize, depth: usize) -> Number {
    find_or(hook, site, depth, |place| place.fill(hook, site))
}

/// The place of a wait that begins here, on a stack that begins at `base`, in no hooked call;
/// `hook` stands for its kind. 0: the stack cannot be looked at.
#[inline(never)]
pub fn find_wait(hook: &'static Hook, base: usize) -> Number {
    if !CAN_UNWIND.load(Ordering::Relaxed) {
        return 0;
    }
    let here = 0u8;
    let sp = core::hint::black_box(&raw const here) as usize;
    let depth = base.wrapping_sub(sp);
    let mut number = 0;
    for variant in 0..VARIANTS {
        number = find_or(hook, variant, depth, |place| place.fill_above(hook, sp));
        // SAFETY: of this depth, so as far as it was when the stack was taken.
        if number == 0 || unsafe { PLACES[number as usize].is_at(sp) } {
            return number;
        }
    }
    number
}

/// Whether a stack can be unwound without a lock of the loader's, which somebody may have who
/// waits for the hub.
static CAN_UNWIND: AtomicBool = AtomicBool::new(false);

/// Find out whether waits of the API can have places.
pub fn start() {
    // SAFETY: a look-up by name.
    let find = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"_dl_find_object".as_ptr()) };
    CAN_UNWIND.store(!find.is_null(), Ordering::Relaxed);
}

fn find_or(hook: &'static Hook, site: usize, depth: usize, fill: impl Fn(&Place)) -> Number {
    let key = key(hook, site, depth);
    for step in 0..STEPS {
        let number = (key as usize / 2 + step) % MOST;
        if number == 0 {
            continue;
        }
        let place = &PLACES[number];
        match place.key.load(Ordering::Acquire) {
            0 => match place.key.compare_exchange(0, key, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    fill(place);
                    return number as Number;
                }
                Err(other) if other == key => return number as Number,
                Err(_) => {}
            },
            known if known == key => return number as Number,
            _ => {}
        }
    }
    0
}

impl Place {
    #[cold]
    fn fill(&self, hook: &'static Hook, site: usize) {
        self.hook.store(ptr::from_ref(hook).cast_mut(), Ordering::Release);
        let trace = Trace::new();
        trace.capture();
        let mut length = 0;
        let mut found = false;
        trace.each(|address| {
            found |= address == site;
            // Ours lie under `main`, and where a thread begins.
            if found && length < FRAMES && !modules::is_own(address) {
                self.frames[length].store(address, Ordering::Relaxed);
                length += 1;
            }
        });
        if !found {
            self.frames[0].store(site, Ordering::Relaxed);
            length = 1;
        }
        self.length.store(length as u32, Ordering::Release);
    }

    /// The whole stack, and where it lies above `sp`.
    #[cold]
    fn fill_above(&self, hook: &'static Hook, sp: usize) {
        self.hook.store(ptr::from_ref(hook).cast_mut(), Ordering::Release);
        let trace = Trace::new();
        trace.capture();
        let (mut length, mut checked) = (0, 0);
        trace.each_with_slot(|address, slot| {
            // Below `sp` are those who take the stack.
            if slot != 0 && slot < sp {
                return;
            }
            let above = u32::try_from(slot.wrapping_sub(sp)).unwrap_or(0);
            if length < FRAMES && !modules::is_own(address) {
                if checked < CHECKED && length == checked {
                    self.above[checked].store(above, Ordering::Relaxed);
                    checked += 1;
                }
                self.frames[length].store(address, Ordering::Relaxed);
                length += 1;
            }
        });
        self.length.store(length as u32, Ordering::Release);
    }

    /// Whether the same calls are under way above `sp` as when this place's stack was taken.
    ///
    /// # Safety
    /// The stack reaches as far above `sp` as it did then.
    unsafe fn is_at(&self, sp: usize) -> bool {
        let length = self.length.load(Ordering::Acquire) as usize;
        self.frames[..length.min(CHECKED)].iter().zip(&self.above).all(|(frame, above)| {
            let above = above.load(Ordering::Relaxed) as usize;
            // SAFETY: by this function's contract. Whatever lies there is only compared.
            above == 0
                || unsafe { ((sp + above) as *const usize).read_volatile() }
                    == frame.load(Ordering::Relaxed)
        })
    }

    /// The hook that is called there.
    pub fn hook(&self) -> Option<&'static Hook> {
        // SAFETY: null or a static.
        unsafe { self.hook.load(Ordering::Acquire).as_ref() }
    }

    /// Its stack: return addresses, the site first.
    pub fn frames(&self) -> impl Iterator<Item = usize> + '_ {
        let length = self.length.load(Ordering::Acquire) as usize;
        self.frames[..length.min(FRAMES)].iter().map(|f| f.load(Ordering::Relaxed))
    }
}

/// The place with a number, if that is known.
pub fn get(number: Number) -> Option<&'static Place> {
    PLACES.get(usize::from(number)).filter(|p| number != 0 && p.key.load(Ordering::Acquire) != 0)
}

/// All places that there are.
pub fn all() -> impl Iterator<Item = (Number, &'static Place)> {
    (1..MOST).filter_map(|n| Some((n as Number, get(n as Number)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    static A: Hook = Hook::for_test("a");
    static B: Hook = Hook::for_test("b");

    #[test]
    fn a_place_is_a_hook_a_site_and_a_depth() {
        let one = find(&A, 0x1000, 64);
        assert_ne!(one, 0);
        assert_eq!(find(&A, 0x1000, 64), one);
        assert_ne!(find(&A, 0x1000, 128), one);
        assert_ne!(find(&A, 0x1001, 64), one);
        assert_ne!(find(&B, 0x1000, 64), one);
        let place = get(one).unwrap();
        assert_eq!(place.hook().unwrap().name, "a");
        assert_eq!(place.frames().next(), Some(0x1000));
    }

    #[test]
    fn what_has_no_room_is_place_0() {
        let mut without = 0;
        for n in 0..2 * MOST {
            without += usize::from(find(&B, 0x10_0000 + n, 0) == 0);
        }
        assert!((1..2 * MOST).contains(&without), "{without}");
        assert!(get(0).is_none());
    }
}
