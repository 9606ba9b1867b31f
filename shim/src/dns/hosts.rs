//! Hosts: getaddrinfo(3), getnameinfo(3), gethostbyname(3), gethostid(3),
//! getaddrinfo_a(3).
//!
//! A host that is given as a number is converted at once. Whatever else is
//! asked for may be looked up at a name server.
//!
//! `getaddrinfo_a` leaves its requests to OS threads of libc's; only GAI_WAIT
//! and `gai_suspend` wait for them.

use super::sources::{ask_servers, Database};
use super::{cancellable, cancellable_name, looked_up, looked_up_name};
use core::ffi::{c_char, c_int, c_long, c_void, CStr};
use libc::{addrinfo, hostent, sigevent, size_t, sockaddr, socklen_t, timespec};

crate::hooks! {
    Dns "section" fn getaddrinfo(node: *const c_char, service: *const c_char, hints: *const addrinfo, result: *mut *mut addrinfo) -> c_int = addresses;
    Dns "section" fn getnameinfo(address: *const sockaddr, length: socklen_t, host: *mut c_char, host_size: socklen_t, service: *mut c_char, service_size: socklen_t, flags: c_int) -> c_int = names;
    Dns "section" fn getaddrinfo_a(mode: c_int, list: *mut *mut c_void, count: c_int, event: *mut sigevent) -> c_int = begin;
    Dns "section" fn gai_suspend(list: *const *const c_void, count: c_int, limit: *const timespec) -> c_int = suspend;
    Dns "section" fn gethostbyname(name: *const c_char) -> *mut hostent = by_name;
    Dns "section" fn gethostbyname2(name: *const c_char, family: c_int) -> *mut hostent = by_name2;
    Dns "section" fn gethostbyname_r(name: *const c_char, entry: *mut hostent, buffer: *mut c_char, size: size_t, result: *mut *mut hostent, error: *mut c_int) -> c_int = by_name_r;
    Dns "section" fn gethostbyname2_r(name: *const c_char, family: c_int, entry: *mut hostent, buffer: *mut c_char, size: size_t, result: *mut *mut hostent, error: *mut c_int) -> c_int = by_name2_r;
    Dns "section" fn gethostbyaddr(address: *const c_void, length: socklen_t, family: c_int) -> *mut hostent = by_address;
    Dns "section" fn gethostbyaddr_r(address: *const c_void, length: socklen_t, family: c_int, entry: *mut hostent, buffer: *mut c_char, size: size_t, result: *mut *mut hostent, error: *mut c_int) -> c_int = by_address_r;
    Dns "section" fn gethostid() -> c_long = id;
}

extern "C" {
    fn inet_aton(text: *const c_char, address: *mut u32) -> c_int;
    fn inet_pton(family: c_int, text: *const c_char, address: *mut u8) -> c_int;
}

/// netdb.h
const GAI_WAIT: c_int = 0;

/// Whether a host's name is a number, which libc converts itself. (A scope, as
/// in `fe80::1%eth0`, is a number or an interface.)
unsafe fn is_number(name: *const c_char) -> bool {
    // SAFETY: the program's string; the address of either family fits.
    unsafe {
        let mut address = [0u8; 16];
        if inet_aton(name, address.as_mut_ptr().cast()) != 0 {
            return true;
        }
        let bytes = CStr::from_ptr(name).to_bytes();
        let bytes = bytes.split(|&b| b == b'%').next().unwrap_or(bytes);
        // The longest is an address of IPv4 in one of IPv6: INET6_ADDRSTRLEN.
        let mut text = [0u8; 46];
        if bytes.len() >= text.len() {
            return false;
        }
        text[..bytes.len()].copy_from_slice(bytes);
        inet_pton(libc::AF_INET6, text.as_ptr().cast(), address.as_mut_ptr()) == 1
    }
}

unsafe fn is_port(service: *const c_char) -> bool {
    // SAFETY: the program's string.
    unsafe { CStr::from_ptr(service) }.to_bytes().iter().all(u8::is_ascii_digit)
}

unsafe fn addresses(
    node: *const c_char,
    service: *const c_char,
    hints: *const addrinfo,
    result: *mut *mut addrinfo,
) -> c_int {
    // SAFETY: the program's own call and objects.
    unsafe {
        let at_once = || {
            let flags = hints.as_ref().map_or(0, |h| h.ai_flags);
            let host = node.is_null() || flags & libc::AI_NUMERICHOST != 0 || is_number(node);
            let port = service.is_null()
                || flags & libc::AI_NUMERICSERV != 0
                || is_port(service)
                || !ask_servers(Database::Services);
            host && port
        };
        cancellable_name("getaddrinfo", node, at_once, || {
            real::getaddrinfo(node, service, hints, result)
        })
    }
}

unsafe fn names(
    address: *const sockaddr,
    length: socklen_t,
    host: *mut c_char,
    host_size: socklen_t,
    service: *mut c_char,
    service_size: socklen_t,
    flags: c_int,
) -> c_int {
    let at_once = || {
        let no_host = host.is_null() || host_size == 0 || flags & libc::NI_NUMERICHOST != 0;
        let no_service = service.is_null()
            || service_size == 0
            || flags & libc::NI_NUMERICSERV != 0
            || !ask_servers(Database::Services);
        no_host && no_service
    };
    cancellable("getnameinfo", at_once, || {
        // SAFETY: the program's own call.
        unsafe { real::getnameinfo(address, length, host, host_size, service, service_size, flags) }
    })
}

unsafe fn begin(mode: c_int, list: *mut *mut c_void, count: c_int, event: *mut sigevent) -> c_int {
    looked_up(
        "getaddrinfo_a",
        || mode != GAI_WAIT,
        // SAFETY: the program's own call.
        || unsafe { real::getaddrinfo_a(mode, list, count, event) },
    )
}

unsafe fn suspend(list: *const *const c_void, count: c_int, limit: *const timespec) -> c_int {
    // SAFETY: the program's own call.
    looked_up("gai_suspend", || false, || unsafe { real::gai_suspend(list, count, limit) })
}

unsafe fn by_name(name: *const c_char) -> *mut hostent {
    // SAFETY: the program's own call and string, here and below.
    unsafe {
        looked_up_name("gethostbyname", name, || is_number(name), || real::gethostbyname(name))
    }
}

unsafe fn by_name2(name: *const c_char, family: c_int) -> *mut hostent {
    // SAFETY: as above.
    unsafe {
        looked_up_name(
            "gethostbyname2",
            name,
            || is_number(name),
            || real::gethostbyname2(name, family),
        )
    }
}

unsafe fn by_name_r(
    name: *const c_char,
    entry: *mut hostent,
    buffer: *mut c_char,
    size: size_t,
    result: *mut *mut hostent,
    error: *mut c_int,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        cancellable_name(
            "gethostbyname_r",
            name,
            || is_number(name),
            || real::gethostbyname_r(name, entry, buffer, size, result, error),
        )
    }
}

unsafe fn by_name2_r(
    name: *const c_char,
    family: c_int,
    entry: *mut hostent,
    buffer: *mut c_char,
    size: size_t,
    result: *mut *mut hostent,
    error: *mut c_int,
) -> c_int {
    // SAFETY: as above.
    unsafe {
        cancellable_name(
            "gethostbyname2_r",
            name,
            || is_number(name),
            || real::gethostbyname2_r(name, family, entry, buffer, size, result, error),
        )
    }
}

unsafe fn by_address(address: *const c_void, length: socklen_t, family: c_int) -> *mut hostent {
    // SAFETY: as above.
    looked_up("gethostbyaddr", || false, || unsafe { real::gethostbyaddr(address, length, family) })
}

unsafe fn by_address_r(
    address: *const c_void,
    length: socklen_t,
    family: c_int,
    entry: *mut hostent,
    buffer: *mut c_char,
    size: size_t,
    result: *mut *mut hostent,
    error: *mut c_int,
) -> c_int {
    // SAFETY: as above.
    cancellable(
        "gethostbyaddr_r",
        || false,
        || unsafe {
            real::gethostbyaddr_r(address, length, family, entry, buffer, size, result, error)
        },
    )
}

/// gethostid(3): without /etc/hostid, the host's own name is looked up.
unsafe fn id() -> c_long {
    // SAFETY: no arguments.
    looked_up("gethostid", || false, || unsafe { real::gethostid() })
}
