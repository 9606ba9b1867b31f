//! What ends with EINTR after SIGSTOP and SIGCONT, although no handler runs.
//!
//! signal(7), "Interruption of system calls and library functions by stop signals": Linux does
//! so with `epoll_wait`, `sigtimedwait`, and calls on sockets that have a time limit; other
//! waits go on. (System V's calls are the kernel's own here, in blocking sections. A read from
//! inotify is named there, too, but goes on with the kernels of today.)
//!
//! The kernel tells nobody that a process was stopped. The hub's own wait is one of those that
//! end, so it is seen if the hub was waiting.

use super::word;
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::wait::Reason;

/// Callback of the hub: the process goes on.
pub fn ended() {
    scheduler::for_each_until(|g| {
        if ends(g) {
            scheduler::interrupt_from_hub(g);
        }
        true
    });
}

/// Whether what `g` waits in is such a call. Of a restartable one that is interrupted nothing
/// is seen: no handler has said that it shall not go on.
fn ends(g: &Greenlet) -> bool {
    g.is_waiting()
        && match g.reason() {
            Reason::Epoll(_) => true,
            Reason::Signal => g.extension[word::AWAITED].get() != 0,
            Reason::Read(_) | Reason::Write(_) | Reason::Accept(_) | Reason::Connect(_) => {
                g.has_deadline()
            }
            _ => false,
        }
}
