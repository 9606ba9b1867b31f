//! What a greenlet and its handles share: what is known of it, what it is to run until it
//! begins, and its result when it has ended.

use super::about::{About, FAILED, SUCCEEDED};
use super::exception::Exception;
use super::links::Links;
use super::rarely::Rarely;
use crate::{doorway, sys};
use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::ptr;
use std::thread;

/// A greenlet of whatever value.
pub(super) trait Member: Send + Sync {
    fn about(&self) -> &About;
}

impl<T: Send> Member for Packet<T> {
    fn about(&self) -> &About {
        &self.about
    }
}

/// Where a greenlet leaves its result.
pub(super) struct Packet<T> {
    pub(super) about: About,
    /// Closed when there are none and the greenlet ends.
    links: Rarely<Links<T>>,
    /// What it is to run, until it begins; written by the greenlet before
    /// `about.state` says that it has ended; taken by the owner of the only handle when
    /// it is settled.
    content: UnsafeCell<Content<T>>,
}

enum Content<T> {
    Nothing,
    Function(Space),
    Result(thread::Result<T>),
}

/// Room for a small function, or for the address of a box with a larger one: most
/// greenlets need no other memory than their packet then.
type Space = [MaybeUninit<usize>; 2];

const fn is_small<F>() -> bool {
    size_of::<F>() <= size_of::<Space>() && align_of::<F>() <= align_of::<Space>()
}

// SAFETY: the greenlet and the handle's owner take turns at the result, with
// `state` and `settled` (release, acquire) between. `&T` is given to others by
// `Greenlet::value`, and `Greenlet` is `Sync` only if `T` is, and to links, which
// are added where `T` is `Sync` only.
unsafe impl<T: Send> Sync for Packet<T> {}

// What a greenlet leaves is whole when it says that it has ended.
impl<T> core::panic::RefUnwindSafe for Packet<T> {}
impl<T> core::panic::UnwindSafe for Packet<T> {}

impl<T> Packet<T> {
    /// One for a greenlet that is to run `f`.
    pub(super) fn new<F: Send>(name: Option<String>, f: F) -> Self {
        let mut space: Space = [MaybeUninit::uninit(); 2];
        if is_small::<F>() {
            // SAFETY: it fits.
            unsafe { space.as_mut_ptr().cast::<F>().write(f) };
        } else {
            space[0].write(Box::into_raw(Box::new(f)).expose_provenance());
        }
        Packet {
            about: About::new(name),
            links: Rarely::new(),
            content: UnsafeCell::new(Content::Function(space)),
        }
    }

    /// Take what it is to run.
    ///
    /// # Safety
    /// `F` is what it was made with, nobody else looks at the packet's content, and this
    /// has not been called.
    pub(super) unsafe fn take_function<F>(&self) -> F {
        // SAFETY: by this function's contract.
        let content = unsafe { &mut *self.content.get() };
        let Content::Function(space) = core::mem::replace(content, Content::Nothing) else {
            unreachable!("a greenlet begins once");
        };
        // SAFETY: written by `new`, which has decided by the same condition.
        unsafe {
            if is_small::<F>() {
                space.as_ptr().cast::<F>().read()
            } else {
                *Box::from_raw(ptr::with_exposed_provenance_mut(space[0].assume_init()))
            }
        }
    }

    /// What is called when it has ended.
    pub(super) fn links(&self) -> &Links<T> {
        self.links.get_or_make()
    }

    /// [`finish`](Self::finish) for most: one that has a value, and of which nobody wants
    /// anything but to join it. Else gives the result back.
    #[inline]
    pub(super) fn finish_plainly(
        &self,
        result: thread::Result<T>,
    ) -> Result<(), thread::Result<T>> {
        if result.is_err() {
            return Err(result);
        }
        let Some(_inside) = doorway::enter().filter(|_| sys::one_os_thread()) else {
            return Err(result);
        };
        // Nobody comes between: no other OS thread, and the hub is the caller's.
        if !self.about.close_if_plain() {
            return Err(result);
        }
        if !self.links.close_if_none() {
            return Err(result);
        }
        // SAFETY: as in `finish`. What was there has no destructor.
        unsafe { self.content.get().write(Content::Result(result)) };
        self.about.end_plainly();
        Ok(())
    }

    /// The greenlet's last word: store the result, wake who waits for it, run
    /// the links.
    pub(super) fn finish(&self, result: thread::Result<T>, report: impl Fn(&str, &str)) {
        let state = match &result {
            Ok(_) => SUCCEEDED,
            Err(payload) => {
                self.about.set_exception(Exception::of(payload));
                FAILED
            }
        };
        // SAFETY: the state is `ALIVE`, so only the greenlet touches the cell.
        unsafe { *self.content.get() = Content::Result(result) };
        let all = self.links.close();
        let mut links = all.and_then(Links::take);
        if links.is_none() {
            // From now on links are called by who makes them.
            self.about.links_are_done();
            return self.about.publish(state);
        }
        self.about.publish(state);
        while let Some(list) = links {
            if let Some(outcome) = self.outcome() {
                list.into_iter().for_each(|link| link.call(outcome, &report));
            }
            links = all.and_then(Links::take);
        }
        self.about.settle();
    }

    /// How it has ended; `None` before.
    pub(super) fn outcome(&self) -> Option<Result<&T, &Exception>> {
        match self.about.state() {
            SUCCEEDED => {
                // SAFETY: it has ended, so nobody writes, and nobody takes it
                // while this borrow lasts: see `take`.
                match unsafe { &*self.content.get() } {
                    Content::Result(Ok(value)) => Some(Ok(value)),
                    _ => None,
                }
            }
            FAILED => self.about.exception().map(Err),
            _ => None,
        }
    }

    /// Take the result.
    ///
    /// # Safety
    /// It is settled, and the caller has the only handle: no borrow of
    /// `outcome` is alive, and none will be made.
    pub(super) unsafe fn take(&self) -> Option<thread::Result<T>> {
        // SAFETY: by this function's contract.
        match unsafe { core::mem::replace(&mut *self.content.get(), Content::Nothing) } {
            Content::Result(result) => Some(result),
            _ => None,
        }
    }
}
