//! Waiting for any of several descriptors.

use super::fds;
use crate::wait::Reason;
use core::time::Duration;
use libc::pollfd;
use std::io;
use std::os::fd::RawFd;

/// The descriptors that [`select`] found ready, each list in the order in which
/// the caller gave it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// Those of `reads` that can be read without blocking.
    pub reads: Vec<RawFd>,
    /// Those of `writes` that can be written without blocking.
    pub writes: Vec<RawFd>,
    /// Those of `excepts` with an exceptional condition (out-of-band data).
    pub excepts: Vec<RawFd>,
}

impl Selected {
    /// Whether the time-out came first.
    ///
    /// ```
    /// let none = geventrs::select(&[], &[], &[], Some(std::time::Duration::ZERO)).unwrap();
    /// assert!(none.is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.reads.is_empty() && self.writes.is_empty() && self.excepts.is_empty()
    }
}

/// Waits until a descriptor of `reads` can be read, one of `writes` written or
/// one of `excepts` has an exceptional condition, for at most `timeout`. All
/// lists empty in the result: the time-out came first. With no descriptors at
/// all it waits for the time-out, which is `None` for ever.
///
/// gevent: `gevent.select.select`. Unlike there, `excepts` counts, and unlike
/// select(2) any descriptor number will do. A signal does not end the wait. A
/// descriptor must stay open while it is waited for.
///
/// # Errors
/// EBADF if one of the descriptors is not open.
///
/// ```
/// use std::io::Write;
/// use std::os::fd::AsRawFd;
/// use std::time::Duration;
///
/// let (reader, mut writer) = std::io::pipe()?;
/// let fd = reader.as_raw_fd();
/// let waits = geventrs::spawn(move || geventrs::select(&[fd], &[], &[], None));
/// geventrs::sleep(Duration::from_millis(5));
/// assert!(!waits.ready());
/// writer.write_all(b"!")?;
/// assert_eq!(waits.get().unwrap()?.reads, [fd]);
/// # std::io::Result::Ok(())
/// ```
pub fn select(
    reads: &[RawFd],
    writes: &[RawFd],
    excepts: &[RawFd],
    timeout: Option<Duration>,
) -> io::Result<Selected> {
    let asked = [(reads, libc::POLLIN), (writes, libc::POLLOUT), (excepts, libc::POLLPRI)];
    let mut polled: Vec<pollfd> = asked
        .iter()
        .flat_map(|&(list, events)| list.iter().map(move |&fd| pollfd { fd, events, revents: 0 }))
        .collect();
    let reason = match polled.len() {
        0 => Reason::Sleep,
        n => Reason::Poll(n as u32),
    };
    fds::wait(&mut polled, reason, timeout)?;
    let mut rest = polled.iter();
    let mut ready = |list: &[RawFd]| -> Vec<RawFd> {
        rest.by_ref().take(list.len()).filter(|f| fds::is_ready(f)).map(|f| f.fd).collect()
    };
    Ok(Selected { reads: ready(reads), writes: ready(writes), excepts: ready(excepts) })
}
