//! What is known of a descriptor, in a byte that the hooks keep.
//!
//! A call that would block must know whether the program has set O_NONBLOCK or
//! a time-out, and both are properties of the open file description, which
//! other descriptors and other processes may share. So a descriptor is *own*
//! if it was made by a hook and its description has never been shared: not
//! duplicated, not sent over a socket, not inherited by a child. Only for own
//! descriptors is anything remembered from call to call; each is *examined*
//! once, and again when the program has changed something.
//!
//! | event | effect |
//! |---|---|
//! | `socket`, `accept`, `pipe`, `eventfd`, ... | own, kind known, examined if nothing is inherited |
//! | `dup` and its kin, `SCM_RIGHTS` | original and copy are not own |
//! | `fork` | nothing is own any more (kinds remain) |
//! | `F_SETFL`, `FIONBIO`, `SO_RCVTIMEO`, `SO_SNDTIMEO` | not examined |
//! | `close`, replaced by `dup2` | nothing known |
//!
//! The bytes are atomics because OS threads that are no greenlets close
//! descriptors, too. Descriptors beyond the table are never own.

use crate::process::vfork;
use core::ffi::c_int;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

/// Descriptors with a byte. The kernel's default `fs.nr_open`; the pages are
/// touched as they are used.
const MOST: usize = 1 << 20;

const OWN: u8 = 1;
const EXAMINED: u8 = 2;
const KIND: u32 = 2;
const KIND_MASK: u8 = 7;
const PACE: u32 = 5;
const PACE_MASK: u8 = 3;
const NONBLOCKING: u8 = 0x80;

static TABLE: [AtomicU8; MOST] = [const { AtomicU8::new(0) }; MOST];
/// One more than the highest descriptor of which anything was ever known.
static END: AtomicUsize = AtomicUsize::new(0);
/// Something has been done in this process that lets streams other than TCP
/// end a read early: credentials or descriptors passed, packets in pipes.
static UNEVEN: AtomicBool = AtomicBool::new(false);
/// The program has asked for a `SO_RCVLOWAT`.
static LOW_WATER: AtomicBool = AtomicBool::new(false);
/// The program has used `SO_LINGER`.
static LINGER: AtomicBool = AtomicBool::new(false);

/// What a descriptor is, as far as waiting is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Not known.
    Unknown = 0,
    /// A TCP socket.
    Tcp = 1,
    /// One of a pair of Unix stream sockets.
    Pair = 2,
    /// Any other socket.
    Socket = 3,
    /// A pipe.
    Pipe = 4,
    /// An eventfd.
    Event = 5,
    /// Something else that is pollable and no regular file.
    Other = 6,
}

/// How a plain call on a descriptor waits: what stdio wants to know of it. It
/// follows from the file alone, so it is remembered for any descriptor, own or
/// not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Pace {
    /// Not known.
    Unknown = 0,
    /// Not at all: a regular file, `/dev/null`.
    Never = 1,
    /// Until it is ready: a pipe, a socket, a terminal, ...
    Waits = 2,
}

/// A descriptor's byte.
#[derive(Clone, Copy, Debug)]
pub struct Known(u8);

impl Known {
    /// Nothing is known.
    pub const NOTHING: Known = Known(0);

    /// A fresh descriptor of `kind`; `blocking`: surely without O_NONBLOCK and
    /// time-outs.
    pub fn fresh(kind: Kind, blocking: bool) -> Self {
        Known(OWN | (kind as u8) << KIND | if blocking { EXAMINED } else { 0 })
    }

    /// Nobody else has the description.
    #[inline(always)]
    pub fn is_own(self) -> bool {
        self.0 & OWN != 0
    }

    /// It is own, blocks, and has no time-outs.
    #[inline(always)]
    pub fn is_examined(self) -> bool {
        self.0 & (OWN | EXAMINED) == OWN | EXAMINED
    }

    /// It is own, and the program has set O_NONBLOCK.
    #[inline(always)]
    pub fn is_nonblocking(self) -> bool {
        self.0 & (OWN | NONBLOCKING) == OWN | NONBLOCKING
    }

    /// What it is.
    #[inline(always)]
    pub fn kind(self) -> Kind {
        match self.0 >> KIND & KIND_MASK {
            1 => Kind::Tcp,
            2 => Kind::Pair,
            3 => Kind::Socket,
            4 => Kind::Pipe,
            5 => Kind::Event,
            6 => Kind::Other,
            _ => Kind::Unknown,
        }
    }

    /// How it waits.
    #[inline(always)]
    pub fn pace(self) -> Pace {
        match self.0 >> PACE & PACE_MASK {
            1 => Pace::Never,
            2 => Pace::Waits,
            _ if self.kind() != Kind::Unknown => Pace::Waits,
            _ => Pace::Unknown,
        }
    }

    /// A read that returns less than asked for has taken all there was.
    #[inline(always)]
    pub fn short_means_drained(self) -> bool {
        self.is_own()
            && match self.kind() {
                Kind::Tcp => true,
                Kind::Pair | Kind::Pipe => !UNEVEN.load(Ordering::Relaxed),
                _ => false,
            }
    }
}

impl Kind {
    /// Calls of any length but zero wait, and none is refused at once. (An
    /// eventfd refuses short reads.)
    #[inline(always)]
    pub fn waits_for_any_length(self) -> bool {
        matches!(self, Kind::Tcp | Kind::Pair | Kind::Socket | Kind::Pipe)
    }

    /// Writes of any length but zero wait, and none is refused at once. (A
    /// datagram may be too long.)
    #[inline(always)]
    pub fn is_stream(self) -> bool {
        matches!(self, Kind::Tcp | Kind::Pair | Kind::Pipe)
    }

    /// It is a socket.
    #[inline(always)]
    pub fn is_socket(self) -> bool {
        matches!(self, Kind::Tcp | Kind::Pair | Kind::Socket)
    }

    /// It may be a socket, which can have time-outs.
    pub fn may_be_socket(self) -> bool {
        matches!(self, Kind::Unknown | Kind::Tcp | Kind::Pair | Kind::Socket)
    }
}

#[inline(always)]
fn slot(fd: c_int) -> Option<&'static AtomicU8> {
    TABLE.get(fd as usize)
}

/// Change what is known of a descriptor; but not in the child of a vfork, whose
/// descriptors are not those of the process that this memory belongs to.
fn change(fd: c_int, how: impl FnOnce(&AtomicU8)) {
    if !vfork::borrowed() {
        if let Some(s) = slot(fd) {
            how(s);
        }
    }
}

/// [`change`] by two operations.
fn update(fd: c_int, bits: impl FnOnce(u8) -> u8) {
    change(fd, |s| s.store(bits(s.load(Ordering::Relaxed)), Ordering::Relaxed));
}

/// What is known of `fd`.
#[inline(always)]
pub fn get(fd: c_int) -> Known {
    slot(fd).map_or(Known::NOTHING, |s| Known(s.load(Ordering::Relaxed)))
}

/// Note what is known of `fd`.
pub fn set(fd: c_int, known: Known) {
    change(fd, |s| {
        s.store(known.0, Ordering::Relaxed);
        if known.is_own() {
            END.fetch_max(fd as usize + 1, Ordering::Relaxed);
        }
    });
}

fn clear(fd: c_int, bits: u8) {
    update(fd, |known| known & !bits);
}

/// An own descriptor was found to block, without time-outs.
pub fn examined(fd: c_int) {
    update(fd, |known| known | EXAMINED);
}

/// An own descriptor was found not to block.
pub fn nonblocking(fd: c_int) {
    update(fd, |known| known | NONBLOCKING);
}

/// It was found out how `fd` waits, which was not known. (By one operation:
/// this may be called outside our code, while somebody closes the number.)
pub fn set_pace(fd: c_int, pace: Pace) {
    change(fd, |s| {
        s.fetch_or((pace as u8) << PACE, Ordering::Relaxed);
        END.fetch_max(fd as usize + 1, Ordering::Relaxed);
    });
}

/// The program changes how `fd` behaves.
pub fn changed(fd: c_int) {
    clear(fd, EXAMINED | NONBLOCKING);
}

/// Another descriptor, or another process, gets the description of `fd`.
pub fn shared(fd: c_int) {
    clear(fd, OWN | EXAMINED | NONBLOCKING);
}

/// Every description is shared with a child from here on.
pub fn all_shared() {
    for fd in 0..END.load(Ordering::Relaxed) {
        shared(fd as c_int);
    }
}

/// What is known may be wrong.
pub fn forget_all() {
    for s in &TABLE[..END.load(Ordering::Relaxed).min(MOST)] {
        s.store(0, Ordering::Relaxed);
    }
}

/// One more than the highest descriptor of which anything may be known.
pub fn end() -> c_int {
    END.load(Ordering::Relaxed) as c_int
}

/// See [`Known::short_means_drained`].
pub fn uneven_reads() {
    UNEVEN.store(true, Ordering::Relaxed);
}

/// The program has set a low-water mark on some socket.
pub fn low_water_set() {
    LOW_WATER.store(true, Ordering::Relaxed);
}

/// Whether any socket may have a low-water mark above one byte.
#[inline(always)]
pub fn low_water() -> bool {
    LOW_WATER.load(Ordering::Relaxed)
}

/// The program has set `SO_LINGER` on some socket.
pub fn linger_set() {
    LINGER.store(true, Ordering::Relaxed);
}

/// Whether closing a socket may wait for what it has not sent yet. (A socket
/// that was inherited with the option goes unnoticed.)
#[inline(always)]
pub fn linger() -> bool {
    LINGER.load(Ordering::Relaxed)
}

extern "C" fn before_fork() {
    all_shared();
}

/// Look after forks, however they come about. (A child of `posix_spawn` shares
/// descriptions as well, but can only set O_NONBLOCK there: then a call here
/// waits where it would have failed with EAGAIN.)
pub fn init() {
    // SAFETY: the handler is a static function.
    unsafe {
        libc::pthread_atfork(Some(before_fork), None, None);
    }
}
