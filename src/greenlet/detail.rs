//! A text that says more about a greenlet's waits, for reports: a name that is looked up,
//! the descriptor or the lock that a section is about.

use super::Greenlet;
use core::marker::PhantomData;

/// A text that says more about a wait, up to a zero: see [`Greenlet::tell`].
pub type Detail = [u8; 64];

/// The text of a wait that is about a descriptor: no name begins so.
pub fn detail_of_fd(fd: i32) -> Detail {
    let mut detail = [0; size_of::<Detail>()];
    detail[0] = FD_MARK;
    detail[1..5].copy_from_slice(&fd.to_ne_bytes());
    detail
}

/// The text of a section that waits for an object of libc's at `address`.
pub fn detail_of_lock(address: usize) -> Detail {
    let mut detail = [0; size_of::<Detail>()];
    detail[0] = LOCK_MARK;
    detail[1..9].copy_from_slice(&address.to_ne_bytes());
    detail
}

/// The address of such a text.
pub(crate) fn lock_of(detail: &Detail) -> Option<usize> {
    let bytes = detail[1..9].try_into().ok()?;
    (detail[0] == LOCK_MARK).then(|| usize::from_ne_bytes(bytes))
}

/// The descriptor of such a text.
pub(crate) fn fd_of(detail: &Detail) -> Option<i32> {
    let bytes = detail[1..5].try_into().ok()?;
    (detail[0] == FD_MARK).then(|| i32::from_ne_bytes(bytes))
}

const FD_MARK: u8 = 1;
const LOCK_MARK: u8 = 2;

/// While this lives, reports of the greenlet's waits say more: [`Greenlet::tell`].
#[derive(Debug)]
pub struct Told<'a> {
    greenlet: &'static Greenlet,
    before: *const Detail,
    _detail: PhantomData<&'a Detail>,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.greenlet.detail.set(self.before);
    }
}

impl Greenlet {
    /// Say more about the waits to come, until the result is dropped. In our code, both
    /// times.
    pub fn tell<'a>(&'static self, detail: &'a Detail) -> Told<'a> {
        Told { greenlet: self, before: self.detail.replace(detail), _detail: PhantomData }
    }

    /// What more there is to say about its wait. The caller has the hub.
    pub(crate) fn detail(&self) -> Option<Detail> {
        // SAFETY: null, or on the stack of a frame that clears it with the hub.
        unsafe { self.detail.get().as_ref() }.copied()
    }
}
