//! libc's other databases: users, groups, services, networks and so on.
//!
//! All functions are alike, so a row here is the whole hook: a blocking section
//! where [`sources`](super::sources) says that the database may ask a server,
//! and the plain call where it reads files. In both cases a source that was
//! loaded as a module and waits by libc's public functions (an LDAP client, say)
//! enters their hooks, and parks there.

use super::looked_up;
use super::sources::{ask_servers, Database};
use core::ffi::{c_char, c_int, c_void};
use hub::hub as scheduler;
use libc::{gid_t, group, hostent, passwd, protoent, servent, size_t, spwd, uid_t};

/// Make the program's own call `call`, which looks something up in `database`.
/// The ones that are read from files do not use the resolver, and need no state
/// of their own for it.
fn in_database<R>(database: Database, what: &'static str, call: impl FnOnce() -> R) -> R {
    if !scheduler::active() || !ask_servers(database) {
        return call();
    }
    looked_up(what, || false, call)
}

/// Rows `Database fn name(arguments) -> result;`: hooks of functions that look
/// something up in that database.
macro_rules! lookups {
    ($( $database:ident fn $name:ident ($($arg:ident : $ty:ty),* $(,)?) $(-> $ret:ty)?; )*) => {
        crate::hooks! { $(
            Dns "section" fn $name($($arg: $ty),*) $(-> $ret)? = body::$name;
        )* }
        mod body {
            use super::*;
            $( pub unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: the program's own call.
                let call = || unsafe { real::$name($($arg),*) };
                in_database(Database::$database, stringify!($name), call)
            } )*
        }
    };
}

lookups! {
    Passwd fn getpwnam(name: *const c_char) -> *mut passwd;
    Passwd fn getpwuid(id: uid_t) -> *mut passwd;
    Passwd fn getpwent() -> *mut passwd;
    Passwd fn getpwnam_r(name: *const c_char, entry: *mut passwd, buffer: *mut c_char, size: size_t, result: *mut *mut passwd) -> c_int;
    Passwd fn getpwuid_r(id: uid_t, entry: *mut passwd, buffer: *mut c_char, size: size_t, result: *mut *mut passwd) -> c_int;
    Passwd fn getpwent_r(entry: *mut passwd, buffer: *mut c_char, size: size_t, result: *mut *mut passwd) -> c_int;
    Passwd fn getpw(id: uid_t, line: *mut c_char) -> c_int;
    Passwd fn setpwent();
    Passwd fn endpwent();

    Group fn getgrnam(name: *const c_char) -> *mut group;
    Group fn getgrgid(id: gid_t) -> *mut group;
    Group fn getgrent() -> *mut group;
    Group fn getgrnam_r(name: *const c_char, entry: *mut group, buffer: *mut c_char, size: size_t, result: *mut *mut group) -> c_int;
    Group fn getgrgid_r(id: gid_t, entry: *mut group, buffer: *mut c_char, size: size_t, result: *mut *mut group) -> c_int;
    Group fn getgrent_r(entry: *mut group, buffer: *mut c_char, size: size_t, result: *mut *mut group) -> c_int;
    Group fn setgrent();
    Group fn endgrent();
    Initgroups fn initgroups(user: *const c_char, more: gid_t) -> c_int;
    Initgroups fn getgrouplist(user: *const c_char, more: gid_t, list: *mut gid_t, count: *mut c_int) -> c_int;

    Shadow fn getspnam(name: *const c_char) -> *mut spwd;
    Shadow fn getspent() -> *mut spwd;
    Shadow fn getspnam_r(name: *const c_char, entry: *mut spwd, buffer: *mut c_char, size: size_t, result: *mut *mut spwd) -> c_int;
    Shadow fn getspent_r(entry: *mut spwd, buffer: *mut c_char, size: size_t, result: *mut *mut spwd) -> c_int;
    Shadow fn setspent();
    Shadow fn endspent();

    Gshadow fn getsgnam(name: *const c_char) -> *mut c_void;
    Gshadow fn getsgent() -> *mut c_void;
    Gshadow fn getsgnam_r(name: *const c_char, entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void) -> c_int;
    Gshadow fn getsgent_r(entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void) -> c_int;
    Gshadow fn setsgent();
    Gshadow fn endsgent();

    Hosts fn gethostent() -> *mut hostent;
    Hosts fn gethostent_r(entry: *mut hostent, buffer: *mut c_char, size: size_t, result: *mut *mut hostent, error: *mut c_int) -> c_int;
    Hosts fn sethostent(stay_open: c_int);
    Hosts fn endhostent();

    Networks fn getnetbyname(name: *const c_char) -> *mut c_void;
    Networks fn getnetbyaddr(network: u32, family: c_int) -> *mut c_void;
    Networks fn getnetent() -> *mut c_void;
    Networks fn getnetbyname_r(name: *const c_char, entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void, error: *mut c_int) -> c_int;
    Networks fn getnetbyaddr_r(network: u32, family: c_int, entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void, error: *mut c_int) -> c_int;
    Networks fn getnetent_r(entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void, error: *mut c_int) -> c_int;
    Networks fn setnetent(stay_open: c_int);
    Networks fn endnetent();

    Services fn getservbyname(name: *const c_char, protocol: *const c_char) -> *mut servent;
    Services fn getservbyport(port: c_int, protocol: *const c_char) -> *mut servent;
    Services fn getservent() -> *mut servent;
    Services fn getservbyname_r(name: *const c_char, protocol: *const c_char, entry: *mut servent, buffer: *mut c_char, size: size_t, result: *mut *mut servent) -> c_int;
    Services fn getservbyport_r(port: c_int, protocol: *const c_char, entry: *mut servent, buffer: *mut c_char, size: size_t, result: *mut *mut servent) -> c_int;
    Services fn getservent_r(entry: *mut servent, buffer: *mut c_char, size: size_t, result: *mut *mut servent) -> c_int;
    Services fn setservent(stay_open: c_int);
    Services fn endservent();

    Protocols fn getprotobyname(name: *const c_char) -> *mut protoent;
    Protocols fn getprotobynumber(number: c_int) -> *mut protoent;
    Protocols fn getprotoent() -> *mut protoent;
    Protocols fn getprotobyname_r(name: *const c_char, entry: *mut protoent, buffer: *mut c_char, size: size_t, result: *mut *mut protoent) -> c_int;
    Protocols fn getprotobynumber_r(number: c_int, entry: *mut protoent, buffer: *mut c_char, size: size_t, result: *mut *mut protoent) -> c_int;
    Protocols fn getprotoent_r(entry: *mut protoent, buffer: *mut c_char, size: size_t, result: *mut *mut protoent) -> c_int;
    Protocols fn setprotoent(stay_open: c_int);
    Protocols fn endprotoent();

    Rpc fn getrpcbyname(name: *const c_char) -> *mut c_void;
    Rpc fn getrpcbynumber(number: c_int) -> *mut c_void;
    Rpc fn getrpcent() -> *mut c_void;
    Rpc fn getrpcbyname_r(name: *const c_char, entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void) -> c_int;
    Rpc fn getrpcbynumber_r(number: c_int, entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void) -> c_int;
    Rpc fn getrpcent_r(entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void) -> c_int;
    Rpc fn setrpcent(stay_open: c_int);
    Rpc fn endrpcent();

    Ethers fn ether_hostton(name: *const c_char, address: *mut c_void) -> c_int;
    Ethers fn ether_ntohost(name: *mut c_char, address: *const c_void) -> c_int;

    Aliases fn getaliasbyname(name: *const c_char) -> *mut c_void;
    Aliases fn getaliasent() -> *mut c_void;
    Aliases fn getaliasbyname_r(name: *const c_char, entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void) -> c_int;
    Aliases fn getaliasent_r(entry: *mut c_void, buffer: *mut c_char, size: size_t, result: *mut *mut c_void) -> c_int;
    Aliases fn setaliasent();
    Aliases fn endaliasent();

    Netgroup fn innetgr(name: *const c_char, host: *const c_char, user: *const c_char, domain: *const c_char) -> c_int;
    Netgroup fn setnetgrent(name: *const c_char) -> c_int;
    Netgroup fn getnetgrent(host: *mut *mut c_char, user: *mut *mut c_char, domain: *mut *mut c_char) -> c_int;
    Netgroup fn getnetgrent_r(host: *mut *mut c_char, user: *mut *mut c_char, domain: *mut *mut c_char, buffer: *mut c_char, size: size_t) -> c_int;
    Netgroup fn endnetgrent();
}
