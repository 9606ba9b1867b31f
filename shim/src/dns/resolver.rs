//! resolver(3): queries to name servers, and the state that they use.
//!
//! Since glibc 2.34 these are functions of libc; before, of libresolv, under
//! the names with two underscores.

use super::{cancellable, cancellable_name, enter};
use core::ffi::{c_char, c_int, c_void};

crate::hooks! {
    Dns "section" fn res_query(name: *const c_char, class: c_int, kind: c_int, answer: *mut u8, size: c_int) -> c_int = query, also [__res_query];
    Dns "section" fn res_search(name: *const c_char, class: c_int, kind: c_int, answer: *mut u8, size: c_int) -> c_int = search, also [__res_search];
    Dns "section" fn res_querydomain(name: *const c_char, domain: *const c_char, class: c_int, kind: c_int, answer: *mut u8, size: c_int) -> c_int = query_domain, also [__res_querydomain];
    Dns "section" fn res_send(message: *const u8, length: c_int, answer: *mut u8, size: c_int) -> c_int = send, also [__res_send];
    Dns "section" fn res_nquery(state: *mut c_void, name: *const c_char, class: c_int, kind: c_int, answer: *mut u8, size: c_int) -> c_int = nquery, also [__res_nquery];
    Dns "section" fn res_nsearch(state: *mut c_void, name: *const c_char, class: c_int, kind: c_int, answer: *mut u8, size: c_int) -> c_int = nsearch, also [__res_nsearch];
    Dns "section" fn res_nquerydomain(state: *mut c_void, name: *const c_char, domain: *const c_char, class: c_int, kind: c_int, answer: *mut u8, size: c_int) -> c_int = nquery_domain, also [__res_nquerydomain];
    Dns "section" fn res_nsend(state: *mut c_void, message: *const u8, length: c_int, answer: *mut u8, size: c_int) -> c_int = nsend, also [__res_nsend];
    Dns "never" fn __res_state() -> *mut c_void = state;
    Dns "never" fn __res_init() -> c_int = init;
    Dns "never" fn res_mkquery(operation: c_int, name: *const c_char, class: c_int, kind: c_int, data: *const u8, length: c_int, record: *const u8, buffer: *mut u8, size: c_int) -> c_int = make_query, also [__res_mkquery];
}

unsafe fn query(
    name: *const c_char,
    class: c_int,
    kind: c_int,
    answer: *mut u8,
    size: c_int,
) -> c_int {
    // SAFETY: the program's own call, here and below.
    unsafe {
        cancellable_name(
            "res_query",
            name,
            || false,
            || real::res_query(name, class, kind, answer, size),
        )
    }
}

unsafe fn search(
    name: *const c_char,
    class: c_int,
    kind: c_int,
    answer: *mut u8,
    size: c_int,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        cancellable_name(
            "res_search",
            name,
            || false,
            || real::res_search(name, class, kind, answer, size),
        )
    }
}

unsafe fn query_domain(
    name: *const c_char,
    domain: *const c_char,
    class: c_int,
    kind: c_int,
    answer: *mut u8,
    size: c_int,
) -> c_int {
    // SAFETY: as above.
    cancellable(
        "res_querydomain",
        || false,
        || unsafe { real::res_querydomain(name, domain, class, kind, answer, size) },
    )
}

unsafe fn send(message: *const u8, length: c_int, answer: *mut u8, size: c_int) -> c_int {
    // SAFETY: as above.
    cancellable("res_send", || false, || unsafe { real::res_send(message, length, answer, size) })
}

unsafe fn nquery(
    state: *mut c_void,
    name: *const c_char,
    class: c_int,
    kind: c_int,
    answer: *mut u8,
    size: c_int,
) -> c_int {
    // SAFETY: as above.
    cancellable(
        "res_nquery",
        || false,
        || unsafe { real::res_nquery(state, name, class, kind, answer, size) },
    )
}

unsafe fn nsearch(
    state: *mut c_void,
    name: *const c_char,
    class: c_int,
    kind: c_int,
    answer: *mut u8,
    size: c_int,
) -> c_int {
    // SAFETY: as above.
    cancellable(
        "res_nsearch",
        || false,
        || unsafe { real::res_nsearch(state, name, class, kind, answer, size) },
    )
}

unsafe fn nquery_domain(
    state: *mut c_void,
    name: *const c_char,
    domain: *const c_char,
    class: c_int,
    kind: c_int,
    answer: *mut u8,
    size: c_int,
) -> c_int {
    // SAFETY: as above.
    cancellable(
        "res_nquerydomain",
        || false,
        || unsafe { real::res_nquerydomain(state, name, domain, class, kind, answer, size) },
    )
}

unsafe fn nsend(
    state: *mut c_void,
    message: *const u8,
    length: c_int,
    answer: *mut u8,
    size: c_int,
) -> c_int {
    // SAFETY: as above.
    cancellable(
        "res_nsend",
        || false,
        || unsafe { real::res_nsend(state, message, length, answer, size) },
    )
}

/// What `_res` stands for.
unsafe fn state() -> *mut c_void {
    drop(enter());
    // SAFETY: no arguments.
    unsafe { real::__res_state() }
}

unsafe fn init() -> c_int {
    drop(enter());
    // SAFETY: no arguments.
    unsafe { real::__res_init() }
}

unsafe fn make_query(
    operation: c_int,
    name: *const c_char,
    class: c_int,
    kind: c_int,
    data: *const u8,
    length: c_int,
    record: *const u8,
    buffer: *mut u8,
    size: c_int,
) -> c_int {
    drop(enter());
    // SAFETY: as above.
    unsafe { real::res_mkquery(operation, name, class, kind, data, length, record, buffer, size) }
}
