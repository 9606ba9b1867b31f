//! nsswitch.conf(5): which of libc's databases may ask a server.
//!
//! `getpwuid` reads a file on most machines, and waits for a directory server
//! on some. A blocking section costs about as much as reading that file, and is
//! worth it only on the latter. So the file that tells them apart is read, once:
//! a change of it while the program runs is not noticed. A source that turns out
//! to wait after all stops the others until the monitor sees it.

use core::sync::atomic::{AtomicU32, Ordering};

/// libc's name-service databases, by their names in nsswitch.conf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Database {
    /// Mail aliases.
    Aliases,
    /// Ethernet numbers.
    Ethers,
    /// Groups of users.
    Group,
    /// Groups' passwords.
    Gshadow,
    /// Host names and addresses.
    Hosts,
    /// A user's groups; if the file does not say, [`Database::Group`].
    Initgroups,
    /// Groups of hosts and users.
    Netgroup,
    /// Network names.
    Networks,
    /// Users.
    Passwd,
    /// Network protocols.
    Protocols,
    /// Remote procedure call numbers.
    Rpc,
    /// Users' passwords.
    Shadow,
    /// Network services.
    Services,
}

use Database::*;

const NAMES: [(Database, &[u8]); 13] = [
    (Aliases, b"aliases"),
    (Ethers, b"ethers"),
    (Group, b"group"),
    (Gshadow, b"gshadow"),
    (Hosts, b"hosts"),
    (Initgroups, b"initgroups"),
    (Netgroup, b"netgroup"),
    (Networks, b"networks"),
    (Passwd, b"passwd"),
    (Protocols, b"protocols"),
    (Rpc, b"rpc"),
    (Shadow, b"shadow"),
    (Services, b"services"),
];

/// Sources that read files, or ask a service of this machine that answers from
/// what it has.
const LOCAL: [&[u8]; 8] = [
    b"files",
    b"db",
    b"compat",
    b"altfiles",
    b"extrausers",
    b"systemd",
    b"mymachines",
    b"myhostname",
];

const fn bit(database: Database) -> u32 {
    1 << database as u32
}

/// Whether a look-up in `database` may ask a server. Enters no hook.
pub fn ask_servers(database: Database) -> bool {
    /// Not read yet.
    const UNREAD: u32 = u32::MAX;
    static REMOTE: AtomicU32 = AtomicU32::new(UNREAD);
    let mut remote = REMOTE.load(Ordering::Relaxed);
    if remote == UNREAD {
        let mut text = [0; 16 << 10];
        let length = read(&mut text);
        remote = parse(&text[..length]);
        REMOTE.store(remote, Ordering::Relaxed);
    }
    remote & bit(database) != 0
}

/// The file's beginning; nothing if there is none.
fn read(into: &mut [u8]) -> usize {
    let path = c"/etc/nsswitch.conf";
    let mut length = 0;
    // SAFETY: a descriptor of our own, and our own memory.
    unsafe {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        let open = hub::syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0);
        let Ok(fd) = open else { return 0 };
        while length < into.len() {
            let rest = &mut into[length..];
            match hub::syscall!(libc::SYS_read, fd, rest.as_mut_ptr(), rest.len()) {
                Ok(n @ 1..) => length += n,
                _ => break,
            }
        }
        let _ = hub::syscall!(libc::SYS_close, fd);
    }
    length
}

/// A bit for each database that has a source which may ask a server.
fn parse(text: &[u8]) -> u32 {
    // What libc does without a line: "dns [!UNAVAIL=return] files" for these.
    let mut remote = bit(Hosts) | bit(Networks);
    let mut initgroups = false;
    for line in text.split(|&b| b == b'\n') {
        let line = line.split(|&b| b == b'#').next().unwrap_or(line);
        let Some(colon) = line.iter().position(|&b| b == b':') else { continue };
        let name = line[..colon].trim_ascii();
        let Some(&(database, _)) = NAMES.iter().find(|(_, n)| *n == name) else { continue };
        initgroups |= database == Initgroups;
        if all_local(&line[colon + 1..]) {
            remote &= !bit(database);
        } else {
            remote |= bit(database);
        }
    }
    if !initgroups && remote & bit(Group) != 0 {
        remote |= bit(Initgroups);
    }
    remote
}

/// Whether a list of sources, with actions in brackets between them, names only
/// local ones.
fn all_local(list: &[u8]) -> bool {
    let mut in_brackets = false;
    list.split(|&b| {
        in_brackets = (in_brackets || b == b'[') && b != b']';
        in_brackets || b == b']' || b.is_ascii_whitespace()
    })
    .filter(|word| !word.is_empty())
    .all(|word| LOCAL.contains(&word))
}
