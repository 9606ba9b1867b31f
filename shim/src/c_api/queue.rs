//! `gev_queue`: all of gevent's queues, and its channel.

use super::object::{get, kept, Kind, Object};
use super::timeout::limit;
use super::{fail, in_time, null, rim, store, zero, Span};
use core::cmp::Ordering;
use core::ffi::{c_int, c_void};
use hub::queue::{Channel, GetError, LifoQueue, PriorityQueue, PutError, Queue};
use hub::Raw;

const FIFO: c_int = 0;
const LIFO: c_int = 1;

/// Orders the items of a priority queue as qsort(3)'s does.
type Compare = unsafe extern "C-unwind" fn(*const c_void, *const c_void) -> c_int;

/// An item of a priority queue.
#[derive(Clone, Copy)]
pub struct Item(Raw, Compare);

impl Ord for Item {
    fn cmp(&self, other: &Self) -> Ordering {
        // SAFETY: the program orders its own items.
        unsafe { (self.1)(self.0 .0, other.0 .0) }.cmp(&0)
    }
}
impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Item {}

pub enum Any {
    Fifo(Queue<Raw>),
    Lifo(LifoQueue<Raw>),
    Priority(PriorityQueue<Item>, Compare),
    Channel(Channel<Raw>),
}

pub type Handle = Object<Any>;

#[no_mangle]
pub extern "C-unwind" fn gev_queue_new(kind: c_int, maxsize: usize) -> *mut Handle {
    let _rim = rim();
    let queue = match (kind, maxsize) {
        (FIFO, 0) => Any::Fifo(Queue::<Raw>::new()),
        (FIFO, most) => Any::Fifo(Queue::<Raw>::bounded(most)),
        (LIFO, 0) => Any::Lifo(LifoQueue::<Raw>::new()),
        (LIFO, most) => Any::Lifo(LifoQueue::<Raw>::bounded(most)),
        _ => return null(libc::EINVAL),
    };
    Object::handle(Kind::Other, queue)
}

#[no_mangle]
pub extern "C-unwind" fn gev_queue_new_priority(
    compare: Option<Compare>,
    maxsize: usize,
) -> *mut Handle {
    let _rim = rim();
    let Some(compare) = compare else { return null(libc::EINVAL) };
    let queue = match maxsize {
        0 => PriorityQueue::<Item>::new(),
        most => PriorityQueue::<Item>::bounded(most),
    };
    Object::handle(Kind::Other, Any::Priority(queue, compare))
}

#[no_mangle]
pub extern "C-unwind" fn gev_channel_new() -> *mut Handle {
    let _rim = rim();
    Object::handle(Kind::Other, Any::Channel(Channel::new()))
}

/// # Safety
/// Nobody uses it any more.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_queue_free(queue: *mut Handle) {
    let _rim = rim();
    // SAFETY: by this function's contract.
    unsafe { Object::free(queue) };
}

/// `put` or `get` in its three forms.
macro_rules! within {
    ($queue:expr, $timeout:expr, $plain:ident, $nowait:ident, $timed:ident, ($($item:expr)?)) => {
        match limit($timeout) {
            None => $queue.$plain($($item)?),
            Some(d) if d.is_zero() => $queue.$nowait($($item)?),
            Some(d) => $queue.$timed($($item,)? d),
        }
    };
}

fn put<T>(result: Result<(), PutError<T>>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(PutError::Full(_)) => in_time(false),
        Err(PutError::ShutDown(_)) => fail(libc::EPIPE),
    }
}

/// # Safety
/// `place` is null or the program's.
unsafe fn got(result: Result<Raw, GetError>, place: *mut *mut c_void) -> c_int {
    match result {
        Ok(raw) => {
            // SAFETY: by this function's contract.
            unsafe { store(place, raw.0) };
            0
        }
        Err(GetError::Empty) => in_time(false),
        Err(GetError::ShutDown) => fail(libc::EPIPE),
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_queue_put(
    queue: *mut Handle,
    item: *mut c_void,
    timeout: Span,
) -> c_int {
    let _rim = rim();
    let item = Raw(item);
    match &**kept!(queue) {
        Any::Fifo(q) => put(within!(q, timeout, put, put_nowait, put_timeout, (item))),
        Any::Lifo(q) => put(within!(q, timeout, put, put_nowait, put_timeout, (item))),
        Any::Priority(q, compare) => {
            put(within!(q, timeout, put, put_nowait, put_timeout, (Item(item, *compare))))
        }
        Any::Channel(q) => put(within!(q, timeout, put, put_nowait, put_timeout, (item))),
    }
}

/// # Safety
/// `item` is null or the program's.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_queue_get(
    queue: *mut Handle,
    item: *mut *mut c_void,
    timeout: Span,
) -> c_int {
    let _rim = rim();
    let queue = kept!(queue);
    let result = match &**queue {
        Any::Fifo(q) => within!(q, timeout, get, get_nowait, get_timeout, ()),
        Any::Lifo(q) => within!(q, timeout, get, get_nowait, get_timeout, ()),
        Any::Priority(q, _) => {
            within!(q, timeout, get, get_nowait, get_timeout, ()).map(|item| item.0)
        }
        Any::Channel(q) => within!(q, timeout, get, get_nowait, get_timeout, ()),
    };
    // SAFETY: by this function's contract.
    unsafe { got(result, item) }
}

/// # Safety
/// `item` is null or the program's.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_queue_peek(
    queue: *mut Handle,
    item: *mut *mut c_void,
    timeout: Span,
) -> c_int {
    let _rim = rim();
    let result = match &**get!(queue) {
        Any::Fifo(q) => within!(q, timeout, peek, peek_nowait, peek_timeout, ()),
        Any::Lifo(q) => within!(q, timeout, peek, peek_nowait, peek_timeout, ()),
        Any::Priority(q, _) => {
            within!(q, timeout, peek, peek_nowait, peek_timeout, ()).map(|item| item.0)
        }
        Any::Channel(_) => return fail(libc::EINVAL),
    };
    // SAFETY: by this function's contract.
    unsafe { got(result, item) }
}

/// The same expression for each type of queue that holds items; `$channel` for a
/// channel.
macro_rules! each {
    ($queue:expr, $q:ident => $do:expr, $channel:expr) => {
        match &**$queue {
            Any::Fifo($q) => $do,
            Any::Lifo($q) => $do,
            Any::Priority($q, _) => $do,
            Any::Channel(_) => $channel,
        }
    };
}

#[no_mangle]
pub extern "C-unwind" fn gev_queue_len(queue: *const Handle) -> usize {
    each!(get!(queue, zero()), q => q.len(), 0)
}

#[no_mangle]
pub extern "C-unwind" fn gev_queue_task_done(queue: *mut Handle) -> c_int {
    let _rim = rim();
    let done = each!(kept!(queue), q => q.task_done().is_ok(), false);
    if done {
        0
    } else {
        fail(libc::EINVAL)
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_queue_join(queue: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    in_time(each!(get!(queue), q => q.join(limit(timeout)), return fail(libc::EINVAL)))
}

#[no_mangle]
pub extern "C-unwind" fn gev_queue_shutdown(queue: *mut Handle, immediate: c_int) -> c_int {
    let _rim = rim();
    match &**kept!(queue) {
        Any::Fifo(q) => q.shutdown(immediate != 0),
        Any::Lifo(q) => q.shutdown(immediate != 0),
        Any::Priority(q, _) => q.shutdown(immediate != 0),
        Any::Channel(q) => q.shutdown(),
    }
    0
}
