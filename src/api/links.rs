//! What is called when a greenlet ends.

use super::exception::Exception;
use super::guarded::{Guarded, Held};
use super::interrupt::Payload;
use super::rarely::Part;
use std::panic::{catch_unwind, AssertUnwindSafe};

type Call<T> = Box<dyn FnOnce(Result<&T, &Exception>) + Send>;

/// Names a link, for [`Greenlet::unlink`](crate::Greenlet::unlink).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkId(u64);

/// For the API for C.
impl LinkId {
    #[doc(hidden)]
    pub fn number(self) -> u64 {
        self.0
    }

    #[doc(hidden)]
    pub fn of_number(number: u64) -> Self {
        LinkId(number)
    }
}

pub(super) struct Link<T> {
    id: u64,
    call: Call<T>,
}

impl<T> Link<T> {
    /// Call it. A panic ends nothing but the call.
    pub(super) fn call(self, outcome: Result<&T, &Exception>, report: &impl Fn(&str, &str)) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| (self.call)(outcome))) {
            let payload: Payload = payload;
            report("link failed with panic", &Exception::of(&payload).to_string());
            // Dropping a payload may panic as well.
            core::mem::forget(payload);
        }
    }
}

/// The links of one greenlet, in the order in which they were made.
pub(super) struct Links<T>(Guarded<State<T>>);

struct State<T> {
    list: Vec<Link<T>>,
    next_id: u64,
    /// The greenlet has ended and called what there was.
    done: bool,
}

impl<T> Part for Links<T> {
    fn make(closed: bool) -> Self {
        Links(Guarded::new(State { list: Vec::new(), next_id: 0, done: closed }))
    }
}

impl<T> Links<T> {
    fn state(&self) -> Held<'_, State<T>> {
        self.0.lock()
    }

    /// Add a link; give the call back if it comes too late.
    pub(super) fn add(&self, call: Call<T>) -> Result<LinkId, (LinkId, Call<T>)> {
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        if state.done {
            return Err((LinkId(id), call));
        }
        state.list.push(Link { id, call });
        Ok(LinkId(id))
    }

    pub(super) fn remove(&self, id: LinkId) -> bool {
        let mut state = self.state();
        let at = state.list.iter().position(|l| l.id == id.0);
        let removed = at.map(|at| state.list.remove(at));
        drop(state);
        removed.is_some()
    }

    /// Whether there are any.
    pub(super) fn any(&self) -> bool {
        !self.state().list.is_empty()
    }

    /// Take all back.
    pub(super) fn clear(&self) {
        let list = core::mem::take(&mut self.state().list);
        drop(list);
    }

    /// Take all; `None`, from then on, when there are none.
    pub(super) fn take(&self) -> Option<Vec<Link<T>>> {
        let mut state = self.state();
        state.done = state.list.is_empty();
        (!state.done).then(|| core::mem::take(&mut state.list))
    }
}
