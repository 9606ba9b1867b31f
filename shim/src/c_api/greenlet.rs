//! Greenlets: start, wait for, end, link.

use super::object::{get, Kind, Object};
use super::timeout::{came, limit};
use super::{fail, in_time, null, rim, store, zero, Function, Span};
use core::cell::Cell;
use core::ffi::{c_char, c_int, c_void, CStr};
use core::ptr;
use core::time::Duration;
use hub::greenlet::Greenlet as Control;
use hub::{hub as scheduler, Builder, Greenlet, LinkId, Raw, SpawnError};
use std::sync::{Arc, OnceLock};

/// `gev_greenlet`. The program's handle and the greenlet itself share it.
pub type Handle = Object<Shared>;

#[derive(Debug)]
pub struct Shared {
    /// Set before it first runs.
    greenlet: OnceLock<Greenlet<Raw>>,
}

impl Shared {
    pub fn greenlet(&self) -> &Greenlet<Raw> {
        match self.greenlet.get() {
            Some(greenlet) => greenlet,
            None => hub::sys::die("a greenlet runs before it was made"),
        }
    }
}

std::thread_local! {
    static CURRENT: Cell<*const Handle> = const { Cell::new(ptr::null()) };
}

/// `struct gev_spawn_options`.
#[derive(Debug)]
#[repr(C)]
pub struct Options {
    name: *const c_char,
    stack_size: usize,
    delay: Span,
}

pub fn errno_of(error: SpawnError) -> c_int {
    match error {
        SpawnError::Foreign => libc::EPERM,
        SpawnError::Resources => libc::EAGAIN,
        SpawnError::Unsupported(_) => libc::ENOSYS,
    }
}

/// Whether the calling OS thread may start greenlets: one of the hub's, or the
/// first one, which will start the hub.
pub fn may_spawn() -> bool {
    Control::current().is_some()
        || scheduler::live() == 0
            // SAFETY: both calls only read.
            && unsafe { hub::syscall!(libc::SYS_gettid) == hub::syscall!(libc::SYS_getpid) }
}

/// What starts a greenlet, as a handle: `spawn` is given the function.
pub fn start(
    function: Function,
    argument: *mut c_void,
    spawn: impl FnOnce(Body) -> Result<Greenlet<Raw>, SpawnError>,
) -> *mut Handle {
    if !may_spawn() {
        return null(libc::EPERM);
    }
    let handle = Arc::new(Object::new(Kind::Greenlet, Shared { greenlet: OnceLock::new() }));
    match spawn(Body { handle: handle.clone(), function, argument: Raw(argument) }) {
        Ok(greenlet) => {
            greenlet.set_routine(function as usize);
            let _ = handle.greenlet.set(greenlet);
            Arc::into_raw(handle).cast_mut()
        }
        Err(error) => null(errno_of(error)),
    }
}

/// What a greenlet of C's runs.
pub struct Body {
    handle: Arc<Handle>,
    function: Function,
    argument: Raw,
}

/// `gev_current` knows the handle until this is dropped: who runs later on the same
/// greenlet, links and destructors, may find it freed.
struct Running;

impl Drop for Running {
    fn drop(&mut self) {
        CURRENT.set(ptr::null());
    }
}

impl Body {
    pub fn run(self) -> Raw {
        CURRENT.set(Arc::as_ptr(&self.handle));
        let _running = Running;
        // SAFETY: the program has asked for this call.
        Raw(unsafe { (self.function)(self.argument.0) })
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_spawn(function: Option<Function>, arg: *mut c_void) -> *mut Handle {
    let _rim = rim();
    let Some(function) = function else { return null(libc::EINVAL) };
    start(function, arg, |body| Builder::new().spawn(|| body.run()))
}

#[no_mangle]
pub extern "C-unwind" fn gev_spawn_later(
    delay: Span,
    function: Option<Function>,
    arg: *mut c_void,
) -> *mut Handle {
    let options = Options { name: ptr::null(), stack_size: 0, delay };
    // SAFETY: no name, and the program's function.
    unsafe { gev_spawn_with(&options, function, arg) }
}

/// # Safety
/// The options are the program's, with a string for a name.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_spawn_with(
    options: *const Options,
    function: Option<Function>,
    arg: *mut c_void,
) -> *mut Handle {
    let _rim = rim();
    let (options, Some(function)) = (get!(options, null(libc::EINVAL)), function) else {
        return null(libc::EINVAL);
    };
    let mut builder = Builder::new();
    if !options.name.is_null() {
        // SAFETY: by this function's contract.
        builder = builder.name(unsafe { CStr::from_ptr(options.name) }.to_string_lossy());
    }
    if options.stack_size != 0 {
        builder = builder.stack_size(options.stack_size);
    }
    let delay = Duration::from_nanos(options.delay.max(0) as u64);
    start(function, arg, |body| {
        builder.spawn(move || {
            if !delay.is_zero() {
                hub::sleep(delay);
            }
            body.run()
        })
    })
}

/// # Safety
/// The handle is the program's, which gives it up.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_release(handle: *mut Handle) {
    let _rim = rim();
    if !handle.is_null() {
        // SAFETY: made by `into_raw`; by this function's contract.
        drop(unsafe { Arc::from_raw(handle) });
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_current() -> *mut Handle {
    let current = CURRENT.get();
    if current.is_null() {
        return null(libc::ESRCH);
    }
    // SAFETY: the running greenlet holds a count until its function has ended, and
    // `Running` forgets the handle then.
    unsafe { Arc::increment_strong_count(current) };
    current.cast_mut()
}

pub fn is_current(handle: &Handle) -> bool {
    ptr::eq(CURRENT.get(), handle) && !handle.greenlet().ready()
}

/// Wait for the end; false: not in time.
fn join(handle: &Handle, span: Option<Duration>) -> bool {
    handle.greenlet().join(span)
}

#[no_mangle]
pub extern "C-unwind" fn gev_join(handle: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    let handle = get!(handle);
    if is_current(handle) {
        return fail(libc::EDEADLK);
    }
    in_time(join(handle, limit(timeout)))
}

/// # Safety
/// `value` is null or the program's.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_get(
    handle: *mut Handle,
    value: *mut *mut c_void,
    timeout: Span,
) -> c_int {
    if gev_join(handle, timeout) != 0 {
        return -1;
    }
    let handle = get!(handle);
    match handle.greenlet().value() {
        Some(raw) => {
            // SAFETY: by this function's contract.
            unsafe { store(value, raw.0) };
            0
        }
        None => fail(libc::ECANCELED),
    }
}

#[no_mangle]
pub extern "C-unwind" fn gev_ready(handle: *const Handle) -> c_int {
    get!(handle).greenlet().ready() as c_int
}

#[no_mangle]
pub extern "C-unwind" fn gev_successful(handle: *const Handle) -> c_int {
    get!(handle).greenlet().successful() as c_int
}

#[no_mangle]
pub extern "C-unwind" fn gev_id(handle: *const Handle) -> u32 {
    get!(handle, zero()).greenlet().id()
}

#[no_mangle]
pub extern "C-unwind" fn gev_parent_id(handle: *const Handle) -> u32 {
    get!(handle, zero()).greenlet().parent_id()
}

#[no_mangle]
pub extern "C-unwind" fn gev_current_id() -> u32 {
    Control::current().map_or(0, Control::id)
}

/// # Safety
/// `buffer` has room for `size` bytes.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_name(
    handle: *const Handle,
    buffer: *mut c_char,
    size: usize,
) -> c_int {
    let _rim = rim();
    let name = get!(handle).greenlet().name();
    if buffer.is_null() {
        return fail(libc::EINVAL);
    }
    if name.len() >= size {
        return fail(libc::ERANGE);
    }
    // SAFETY: there is room for the name and its end.
    unsafe {
        ptr::copy_nonoverlapping(name.as_ptr().cast(), buffer, name.len());
        buffer.add(name.len()).write(0);
    }
    0
}

/// # Safety
/// `name` is a string.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_set_name(handle: *mut Handle, name: *const c_char) -> c_int {
    let _rim = rim();
    let handle = get!(handle);
    if name.is_null() {
        return fail(libc::EINVAL);
    }
    // SAFETY: by this function's contract.
    handle.greenlet().set_name(unsafe { CStr::from_ptr(name) }.to_string_lossy());
    0
}

#[no_mangle]
pub extern "C-unwind" fn gev_kill(handle: *mut Handle, timeout: Span) -> c_int {
    let _rim = rim();
    let handle = get!(handle);
    handle.greenlet().kill_nowait();
    if is_current(handle) {
        // Cancellation is disabled here.
        return fail(libc::EDEADLK);
    }
    in_time(join(handle, limit(timeout)))
}

#[no_mangle]
pub extern "C-unwind" fn gev_kill_nowait(handle: *mut Handle) -> c_int {
    let _rim = rim();
    get!(handle).greenlet().kill_nowait();
    0
}

/// The program's array; `None`: a handle in it is null.
///
/// # Safety
/// `n` handles, of greenlets.
unsafe fn all<'a>(handles: *const *mut Handle, n: usize) -> Option<Vec<&'a Handle>> {
    if handles.is_null() {
        return (n == 0).then(Vec::new);
    }
    // SAFETY: by this function's contract.
    unsafe { core::slice::from_raw_parts(handles, n).iter().map(|h| h.as_ref()).collect() }
}

/// # Safety
/// `handles` has `n` handles.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_joinall(
    handles: *const *mut Handle,
    n: usize,
    timeout: Span,
) -> c_int {
    let _rim = rim();
    // SAFETY: by this function's contract.
    let Some(all) = (unsafe { all(handles, n) }) else { return fail(libc::EINVAL) };
    if all.iter().any(|h| is_current(h)) {
        return fail(libc::EDEADLK);
    }
    let greenlets: Vec<&Greenlet<Raw>> = all.iter().map(|h| h.greenlet()).collect();
    in_time(hub::joinall(&greenlets, limit(timeout)).len() == n)
}

/// # Safety
/// `handles` has `n` handles.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_killall(
    handles: *const *mut Handle,
    n: usize,
    timeout: Span,
) -> c_int {
    let _rim = rim();
    // SAFETY: by this function's contract.
    let Some(all) = (unsafe { all(handles, n) }) else { return fail(libc::EINVAL) };
    let (me, others): (Vec<&Handle>, Vec<&Handle>) = all.into_iter().partition(|h| is_current(h));
    // The caller last, or the others would live on.
    others.iter().chain(&me).for_each(|h| h.greenlet().kill_nowait());
    let greenlets: Vec<&Greenlet<Raw>> = others.iter().map(|h| h.greenlet()).collect();
    if hub::joinall(&greenlets, limit(timeout)).len() < greenlets.len() {
        return fail(came());
    }
    if me.is_empty() {
        0
    } else {
        fail(libc::EDEADLK)
    }
}

/// `gev_link`'s function.
type Call = unsafe extern "C-unwind" fn(*mut Handle, *mut c_void);

/// # Safety
/// The function may be called with `arg` on the ended greenlet.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_link(
    handle: *mut Handle,
    function: Option<Call>,
    arg: *mut c_void,
) -> *mut LinkId {
    let _rim = rim();
    let (shared, Some(function)) = (get!(handle, null(libc::EINVAL)), function) else {
        return null(libc::EINVAL);
    };
    // SAFETY: the program's handle; the link keeps it until it has been called.
    let kept = unsafe {
        Arc::increment_strong_count(handle);
        Arc::from_raw(handle)
    };
    let arg = Raw(arg);
    let link = shared.greenlet().link(move |_| {
        let arg = arg;
        // SAFETY: by this function's contract.
        unsafe { function(Arc::as_ptr(&kept).cast_mut(), arg.0) };
    });
    // A name that is no address: nobody frees it.
    ptr::without_provenance_mut(link.number() as usize + 1)
}

/// # Safety
/// `link` is of `gev_link`.
#[no_mangle]
pub unsafe extern "C-unwind" fn gev_unlink(handle: *mut Handle, link: *mut LinkId) -> c_int {
    let _rim = rim();
    let handle = get!(handle);
    let Some(number) = link.addr().checked_sub(1) else { return fail(libc::EINVAL) };
    if handle.greenlet().unlink(LinkId::of_number(number as u64)) {
        0
    } else {
        fail(libc::EALREADY)
    }
}
