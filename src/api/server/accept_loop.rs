//! The greenlet that takes in what comes.

use super::super::guarded::Guarded;
use super::super::handle::Greenlet;
use super::super::spawn::Builder;
use crate::hub::SpawnError;
use crate::pool::{Group, Pool};
use core::time::Duration;
use std::io;
use std::sync::Arc;

/// Pauses after an error (no descriptors, no memory): they double up to the
/// longest, as gevent's do.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long [`stop`](super::StreamServer::stop) waits for handlers unless said
/// otherwise: gevent's `stop_timeout`.
pub(super) const STOP_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a handler that is killed is waited for: it may catch the kill, or wait in its
/// destructors. gevent's number, too.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Where handlers run.
pub(super) enum Handlers {
    Any(Group),
    Bounded(Pool),
}

impl Handlers {
    pub(super) fn group(&self) -> &Group {
        match self {
            Handlers::Any(group) => group,
            Handlers::Bounded(pool) => pool,
        }
    }

    /// Start a handler.
    pub(super) fn start(&self, handler: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.group().try_start(handler).map(drop).map_err(io::Error::other)
    }

    /// Wait until a handler can be started: what cannot be handled is left in
    /// the kernel's queue.
    fn wait_for_room(&self) {
        if let Handlers::Bounded(pool) = self {
            while pool.is_full() {
                pool.wait_available(None);
            }
        }
    }
}

/// An accept loop that can be started and stopped.
pub(super) struct AcceptLoop {
    pub(super) handlers: Arc<Handlers>,
    greenlet: Guarded<Option<Arc<Greenlet<()>>>>,
}

impl AcceptLoop {
    pub(super) fn new() -> Self {
        AcceptLoop { handlers: Arc::new(Handlers::Any(Group::new())), greenlet: Guarded::new(None) }
    }

    fn greenlet(&self) -> Option<Arc<Greenlet<()>>> {
        self.greenlet.lock().clone()
    }

    pub(super) fn is_started(&self) -> bool {
        self.greenlet().is_some_and(|g| !g.ready())
    }

    /// Start taking things in: `take` waits for one and starts its handler.
    pub(super) fn start(
        &self,
        take: impl Fn(&Handlers) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<(), SpawnError> {
        if self.is_started() {
            return Ok(());
        }
        let handlers = self.handlers.clone();
        let greenlet = Builder::new().spawn(move || {
            let mut pause = SHORTEST_PAUSE;
            loop {
                handlers.wait_for_room();
                match take(&handlers) {
                    Ok(()) => pause = SHORTEST_PAUSE,
                    // The descriptor is none that could ever work.
                    Err(e) if is_fatal(&e) => return,
                    Err(_) => {
                        crate::sleep(pause);
                        pause = LONGEST_PAUSE.min(pause * 2);
                    }
                }
            }
        })?;
        let old = self.greenlet.lock().replace(Arc::new(greenlet));
        drop(old);
        Ok(())
    }

    /// Take nothing in any more; wait for it.
    pub(super) fn stop(&self) {
        if let Some(greenlet) = self.greenlet() {
            greenlet.kill(None);
        }
    }

    /// Wait until it is stopped. Who is unwound from that wait, by a kill or a time-out,
    /// stops it and its handlers.
    pub(super) fn join(&self) {
        let unwound = Unwound(self);
        if let Some(greenlet) = self.greenlet() {
            greenlet.join(None);
        }
        core::mem::forget(unwound);
    }

    /// Wait for the handlers, then kill those that are left, and give them a while for it.
    pub(super) fn finish(&self, timeout: Option<Duration>) {
        let group = self.handlers.group();
        if !group.join(timeout) {
            group.kill(Some(LAST_WORDS));
        }
    }
}

struct Unwound<'a>(&'a AcceptLoop);

impl Drop for Unwound<'_> {
    fn drop(&mut self) {
        self.0.stop();
        self.0.finish(Some(STOP_TIMEOUT));
    }
}

impl Drop for AcceptLoop {
    fn drop(&mut self) {
        if let Some(greenlet) = self.greenlet() {
            greenlet.kill_nowait();
        }
    }
}

/// gevent's `fatal_errors`.
fn is_fatal(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EBADF | libc::EINVAL | libc::ENOTSOCK))
}
