//! What the cases of all files here use.

use geventrs::queue::{GetError, PutError};
use geventrs::{spawn, Greenlet, GreenletExit};
use std::fmt::Display;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const ZERO: Option<Duration> = Some(Duration::ZERO);
pub const SOON: Option<Duration> = Some(Duration::from_millis(2));
pub const LONG: Duration = Duration::from_secs(3600);

/// What a case has logged.
#[derive(Clone, Default)]
pub struct Log(pub Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn say(&self, words: impl Display) {
        self.0.lock().unwrap().push(words.to_string());
    }

    /// A greenlet that logs.
    pub fn spawn(&self, words: &'static str) -> Greenlet<()> {
        let log = self.clone();
        spawn(move || log.say(words))
    }
}

macro_rules! log {
    ($log:expr, $($words:tt)*) => { $log.say(format_args!($($words)*)) };
}

pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// A greenlet that has the log, and another thing.
pub fn with<T: Clone + Send + 'static, R: Send + 'static>(
    log: &Log,
    thing: &T,
    f: impl FnOnce(Log, T) -> R + Send + 'static,
) -> Greenlet<R> {
    let (log, thing) = (log.clone(), thing.clone());
    spawn(move || f(log, thing))
}

/// Whether `f` was ended by a kill.
pub fn is_killed(f: impl FnOnce()) -> bool {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(()) => false,
        Err(payload) if payload.is::<GreenletExit>() => true,
        Err(other) => resume_unwind(other),
    }
}

/// Logs when it is dropped.
pub struct Finally(pub Log, pub &'static str);

impl Drop for Finally {
    fn drop(&mut self) {
        self.0.say(self.1);
    }
}

pub fn got(result: Result<u32, GetError>) -> String {
    match result {
        Ok(item) => item.to_string(),
        Err(GetError::Empty) => "Empty".into(),
        Err(GetError::ShutDown) => "ShutDown".into(),
    }
}

pub fn put<T>(result: Result<(), PutError<T>>) -> &'static str {
    match result {
        Ok(()) => "put",
        Err(PutError::Full(_)) => "Full",
        Err(PutError::ShutDown(_)) => "ShutDown",
    }
}

pub type Case = (&'static str, fn(&Log));

pub(crate) use log;
