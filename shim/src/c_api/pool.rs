//! `gev_pool`: greenlets that are waited for and ended together, at most so many
//! at a time.

use super::greenlet::{self, start};
use super::object::{get, Kind, Object};
use super::timeout::{came, limit};
use super::{fail, in_time, null, rim, zero, Function, Span};
use core::ffi::{c_int, c_void};
use core::time::Duration;
use hub::pool::{Group, Pool};
use hub::{Greenlet, Raw, SpawnError};

#[derive(Debug)]
pub enum Any {
    Group(Group),
    Pool(Pool),
}

impl Any {
    fn group(&self) -> &Group {
        match self {
            Any::Group(group) => group,
            Any::Pool(pool) => pool,
        }
    }

    /// The pool of a handle that has a bound.
    pub fn bounded(&self) -> Option<&Pool> {
        match self {
            Any::Group(_) => None,
            Any::Pool(pool) => Some(pool),
        }
    }

    /// Start something as soon as there is room; `None`: not in time.
    fn start_within<F>(
        &self,
        timeout: Option<Duration>,
        f: F,
    ) -> Option<Result<Greenlet<Raw>, SpawnError>>
    where
        F: FnOnce() -> Raw + Send + 'static,
    {
        match self {
            Any::Group(group) => Some(group.start(f)),
            Any::Pool(pool) => pool.start_within(timeout, f),
        }
    }
}

pub type Handle = Object<Any>;

#[no_mangle]
pub extern "C-unwind" fn gev_pool_new(size: usize) -> *mut Handle {
    let _rim = rim();
    let pool = match size {
        0 => Any::Group(Group::new()),
        size => Any::Pool(Pool::new(size)),
    };
    Object::handle(Kind::Other, pool)
}

/// # Safety
/// Nobody uses it any more.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_pool_free(pool: *mut Handle) {
    let _rim = rim();
    // SAFETY: by this function's contract.
    unsafe { Object::free(pool) };
}

/// `gev_pool_spawn` after its rim.
fn spawn(pool: &Any, timeout: Span, function: Function, arg: *mut c_void) -> *mut greenlet::Handle {
    let mut late = false;
    let handle = start(function, arg, |body| {
        pool.start_within(limit(timeout), || body.run()).unwrap_or_else(|| {
            late = true;
            Err(SpawnError::Resources)
        })
    });
    if late {
        return null(came());
    }
    handle
}

#[no_mangle]
pub extern "C-unwind" fn gev_pool_spawn(
    pool: *mut Handle,
    timeout: Span,
    function: Option<Function>,
    arg: *mut c_void,
) -> *mut greenlet::Handle {
    let _rim = rim();
    let (pool, Some(function)) = (get!(pool, null(libc::EINVAL)), function) else {
        return null(libc::EINVAL);
    };
    spawn(pool, timeout, function, arg)
}

/// # Safety
/// `items` has `n` items, and so has `results` unless it is null.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_pool_map(
    pool: *mut Handle,
    function: Option<Function>,
    items: *const *mut c_void,
    results: *mut *mut c_void,
    n: usize,
) -> c_int {
    let _rim = rim();
    let (pool, Some(function)) = (get!(pool), function) else { return fail(libc::EINVAL) };
    if items.is_null() && n != 0 {
        return fail(libc::EINVAL);
    }
    let mut started = Vec::with_capacity(n);
    for i in 0..n {
        // SAFETY: by this function's contract.
        let handle = spawn(pool, -1, function, unsafe { *items.add(i) });
        if handle.is_null() {
            break;
        }
        started.push(Released(handle));
    }
    // The first error that there was.
    let mut error = (started.len() < n).then(crate::doorway::errno);
    for (i, handle) in started.iter().enumerate() {
        let mut value = core::ptr::null_mut();
        // SAFETY: a handle of ours.
        if unsafe { greenlet::gev_get(handle.0, &mut value, -1) } != 0 {
            error.get_or_insert_with(crate::doorway::errno);
            continue;
        }
        if !results.is_null() {
            // SAFETY: by this function's contract.
            unsafe { results.add(i).write(value) };
        }
    }
    drop(started);
    error.map_or(0, fail)
}

/// A handle that is released, also when the caller is ended meanwhile.
struct Released(*mut greenlet::Handle);

impl Drop for Released {
    fn drop(&mut self) {
        // SAFETY: ours, and used no more.
        unsafe { greenlet::gev_release(self.0) };
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_pool_join(pool: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    in_time(get!(pool).group().join(limit(timeout)))
}

#[no_mangle]
pub extern "C-unwind" fn gev_pool_kill(pool: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    in_time(get!(pool).group().kill(limit(timeout)))
}

#[no_mangle]
pub extern "C-unwind" fn gev_pool_len(pool: *const Handle) -> usize {
    get!(pool, zero()).group().len()
}

#[no_mangle]
pub extern "C-unwind" fn gev_pool_free_count(pool: *const Handle) -> usize {
    get!(pool, zero()).bounded().map_or(usize::MAX, Pool::free_count)
}
