//! How a greenlet failed, and the exception of a kill.

use super::interrupt::Payload;
use super::timeout::Expired;
use core::any::Any;

/// What a killed greenlet unwinds with, unless [`Greenlet::kill_with`] said
/// otherwise. It is no failure: nothing is reported on stderr.
///
/// gevent: `gevent.GreenletExit`.
///
/// ```
/// let g = geventrs::spawn(|| geventrs::sleep(std::time::Duration::from_secs(60)));
/// g.kill(None);
/// assert!(g.get().unwrap_err().is::<geventrs::GreenletExit>());
/// ```
///
/// [`Greenlet::kill_with`]: crate::Greenlet::kill_with
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GreenletExit;

impl core::fmt::Display for GreenletExit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("killed")
    }
}

impl std::error::Error for GreenletExit {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Panic,
    Exit,
    Timeout,
}

/// Why a greenlet has no value: the description of what it unwound with. The
/// thing itself comes from [`Greenlet::get`](crate::Greenlet::get).
///
/// gevent: `Greenlet.exception`.
///
/// ```
/// let g = geventrs::spawn(|| panic!("no luck"));
/// g.join(None);
/// let exception = g.exception().unwrap();
/// assert_eq!(exception.to_string(), "no luck");
/// assert!(exception.is_panic());
/// ```
#[derive(Clone, Debug)]
pub struct Exception {
    kind: Kind,
    message: String,
}

impl Exception {
    pub(super) fn of(payload: &Payload) -> Self {
        let payload: &(dyn Any + Send) = payload.as_ref();
        if let Some(exit) = payload.downcast_ref::<GreenletExit>() {
            return Exception { kind: Kind::Exit, message: exit.to_string() };
        }
        if let Some(expired) = payload.downcast_ref::<Expired>() {
            return Exception { kind: Kind::Timeout, message: expired.to_string() };
        }
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("Box<dyn Any>");
        Exception { kind: Kind::Panic, message: message.to_owned() }
    }

    /// Whether it panicked, or was killed with something of the killer's.
    pub fn is_panic(&self) -> bool {
        self.kind == Kind::Panic
    }

    /// Whether it was killed ([`GreenletExit`]).
    pub fn is_exit(&self) -> bool {
        self.kind == Kind::Exit
    }

    /// Whether a time-out that it did not catch ended it ([`Expired`]).
    pub fn is_timeout(&self) -> bool {
        self.kind == Kind::Timeout
    }
}

impl core::fmt::Display for Exception {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Exception {}
