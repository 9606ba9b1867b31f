//! The greenlet that runs.

use super::about::About;
use crate::greenlet::Greenlet as Control;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr;

std::thread_local! {
    /// What the running greenlet shares with its handle. A greenlet has a TLS
    /// block of its own, so the hub need not save it.
    static ABOUT: Cell<*const About> = const { Cell::new(ptr::null()) };
}

/// The running greenlet has a name to be asked for until this is dropped.
pub(super) struct Named<'a>(PhantomData<&'a About>);

impl<'a> Named<'a> {
    pub(super) fn set(about: &'a About) -> Self {
        ABOUT.set(about);
        Named(PhantomData)
    }
}

impl Drop for Named<'_> {
    fn drop(&mut self) {
        ABOUT.set(ptr::null());
    }
}

/// What `f` says of the running greenlet's shared part; `None` for the root, an
/// OS thread that is no greenlet, and the end of a greenlet.
#[inline]
pub(super) fn with_about<R>(f: impl FnOnce(&About) -> R) -> Option<R> {
    // SAFETY: null, or set by a `Named` whose borrow lasts on this greenlet.
    unsafe { ABOUT.get().as_ref() }.map(f)
}

/// The greenlet that called [`getcurrent`], as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    id: u32,
    name: String,
    root: bool,
}

impl Current {
    /// Its number: what [`Greenlet::id`](crate::Greenlet::id) returns.
    ///
    /// ```
    /// let g = geventrs::spawn(|| geventrs::getcurrent().unwrap().id());
    /// let id = g.id();
    /// assert_eq!(g.get().unwrap(), id);
    /// ```
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Its name.
    ///
    /// ```
    /// let g = geventrs::Builder::new().name("me");
    /// let g = g.spawn(|| geventrs::getcurrent().unwrap().name().to_owned()).unwrap();
    /// assert_eq!(g.get().unwrap(), "me");
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is the root: what the OS thread that drives the hub ran when
    /// it spawned the first greenlet.
    ///
    /// ```
    /// let other = geventrs::spawn(|| geventrs::getcurrent().unwrap().is_root());
    /// assert!(geventrs::getcurrent().unwrap().is_root());
    /// assert!(!other.get().unwrap());
    /// ```
    pub fn is_root(&self) -> bool {
        self.root
    }
}

/// The calling greenlet; `None` on an OS thread that is none (and everywhere
/// before the first [`spawn`](crate::spawn)).
///
/// gevent: `gevent.getcurrent`.
///
/// ```
/// assert_eq!(geventrs::getcurrent(), None);
/// geventrs::spawn(|| assert!(geventrs::getcurrent().is_some())).get().unwrap();
/// ```
pub fn getcurrent() -> Option<Current> {
    let control = Control::current()?;
    let name = match with_about(About::name) {
        Some(name) => name,
        // The root, or the end of a greenlet: what the control block says.
        None => {
            let name = control.name();
            let end = name.iter().position(|&b| b == 0).unwrap_or(name.len());
            String::from_utf8_lossy(&name[..end]).into_owned()
        }
    };
    Some(Current { id: control.id(), name, root: control.is_root() })
}
