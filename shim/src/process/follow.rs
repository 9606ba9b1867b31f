//! Children that are followed: what the environment of a program that is about
//! to be executed says, and what it is to say.
//!
//! As a rule a program inherits `LD_PRELOAD` and is preloaded. Some programs
//! build an environment for their children (`env -i`, servers, `su`): without
//! help the library would be lost there. So the library is put back, with the
//! settings that this process was started with. What is *not* changed:
//!
//! * An environment whose `LD_PRELOAD` names the library: nothing was lost, and
//!   a setting that is absent was removed on purpose.
//! * One whose `LD_PRELOAD` is there and empty, or whose `GEVENTRS_FOLLOW` is
//!   `off`: somebody says no.
//! * One from which nothing but `LD_PRELOAD` is gone of what this process was
//!   started with: it was not built, the variable was taken out (`env -u
//!   LD_PRELOAD`, `unset`). The variables that shells change themselves do not
//!   count.
//!
//! The library is taken out of the environment of programs that are not to be
//! followed, and of those that could not read its file (after a `chroot`, as
//! another user): ld.so would complain on their stderr.
//!
//! Everything here looks at bytes and allocates nothing; [`init`] excepted, it may
//! run in the child of a vfork, with the parent's memory.

use crate::settings;
use crate::table::Group;
use core::ffi::{c_void, CStr};
use hub::{settings::PREFIX, syscall};
use std::ffi::CString;
use std::sync::OnceLock;

/// Who is followed.
#[derive(Debug, Default)]
pub struct Follow {
    /// Nobody.
    off: bool,
    /// Programs that are not: a file's name or, with a slash, its path.
    except: Vec<Vec<u8>>,
}

impl Follow {
    /// A value of `GEVENTRS_FOLLOW`; `None`: it is none.
    pub fn parse(value: &[u8]) -> Option<Follow> {
        match value {
            b"on" => return Some(Follow::default()),
            b"off" => return Some(Follow { off: true, except: vec![] }),
            _ => {}
        }
        let words = value.split(|b| *b == b',').filter(|w| !w.is_empty());
        let names = words.map(|w| w.strip_prefix(b"-").filter(|n| !n.is_empty()));
        let except: Option<Vec<_>> = names.map(|n| n.map(<[u8]>::to_vec)).collect();
        except.filter(|names| !names.is_empty()).map(|except| Follow { off: false, except })
    }

    /// Whether the program at `path` is to be followed.
    fn follows(&self, path: &[u8]) -> bool {
        let named = |name: &Vec<u8>| match name.contains(&b'/') {
            true => name == path,
            false => name == last_part(path),
        };
        !self.off && !self.except.iter().any(named)
    }
}

/// What this process was started with.
#[derive(Debug)]
pub struct Started {
    /// `LD_PRELOAD=` and the path of the library.
    preload: CString,
    /// The settings, `NAME=VALUE`.
    settings: Vec<CString>,
    /// The names of all other variables that no shell changes by itself.
    names: Vec<Vec<u8>>,
    follow: Follow,
}

const PRELOAD: &[u8] = b"LD_PRELOAD";
/// Shells set these for every program that they start.
const SHELLS_OWN: [&[u8]; 4] = [b"_", b"PWD", b"OLDPWD", b"SHLVL"];

/// What is to become of an environment.
#[derive(Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// Nothing.
    None,
    /// Put the library before `others` in the variable at the index, or, where
    /// there is none, append the variable; append the settings that are absent.
    Add {
        /// Which variable it is.
        at: Option<usize>,
        /// What that says.
        others: &'a [u8],
    },
    /// Take the library out of the variable at the index.
    Remove {
        /// Which variable it is.
        at: usize,
    },
}

fn last_part(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or(path)
}

fn name_of(variable: &[u8]) -> &[u8] {
    variable.split(|b| *b == b'=').next().unwrap_or(variable)
}

fn value_of<'a>(variable: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    variable.strip_prefix(name)?.strip_prefix(b"=")
}

/// The libraries of a value of LD_PRELOAD: ld.so(8) separates them by colons
/// and spaces.
fn libraries(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|b| matches!(b, b':' | b' ')).filter(|entry| !entry.is_empty())
}

impl Started {
    /// `library`: our file, as ld.so knows it; an absolute path. `None`: it was
    /// not loaded through this environment's LD_PRELOAD, which is then nothing
    /// to be kept.
    pub fn new<'a>(
        library: &[u8],
        environment: impl Iterator<Item = &'a [u8]> + Clone,
        follow: Follow,
    ) -> Option<Started> {
        let ours = |entry: &[u8]| last_part(entry) == last_part(library);
        let through = environment.clone().filter_map(|v| value_of(v, PRELOAD)).next()?;
        libraries(through).find(|entry| ours(entry))?;
        let setting = |v: &&[u8]| v.starts_with(PREFIX.as_bytes());
        let settings = environment.clone().filter(setting).filter(|v| !is_test(v));
        let names = environment
            .filter(|v| !setting(v) && name_of(v) != PRELOAD && !SHELLS_OWN.contains(&name_of(v)));
        Some(Started {
            preload: CString::new([PRELOAD, b"=", library].concat()).ok()?,
            settings: settings.filter_map(|v| CString::new(v).ok()).collect(),
            names: names.map(|v| name_of(v).to_vec()).collect(),
            follow,
        })
    }

    fn library(&self) -> &CStr {
        // Ends with the same zero.
        let bytes = &self.preload.as_bytes_with_nul()[PRELOAD.len() + 1..];
        CStr::from_bytes_with_nul(bytes).unwrap_or_default()
    }

    /// The variable that names the library and nothing else.
    pub fn preload(&self) -> &CStr {
        &self.preload
    }

    /// Whether `entry` of LD_PRELOAD is the library.
    pub fn is_ours(&self, entry: &[u8]) -> bool {
        last_part(entry) == last_part(self.library().to_bytes())
    }

    /// What is to become of `environment` for the program at `path`.
    /// `readable` tells whether a new program could read the library.
    pub fn change<'a>(
        &self,
        path: &[u8],
        environment: impl Iterator<Item = &'a [u8]> + Clone,
        readable: impl FnOnce(&CStr) -> bool,
    ) -> Change<'a> {
        let preload =
            environment.clone().enumerate().find_map(|(at, v)| Some((at, value_of(v, PRELOAD)?)));
        let names_us = preload.is_some_and(|(_, v)| libraries(v).any(|entry| self.is_ours(entry)));
        let wanted = self.follow.follows(path);
        match preload {
            Some((at, _)) if names_us => match wanted && readable(self.library()) {
                true => Change::None,
                false => Change::Remove { at },
            },
            _ if !wanted => Change::None,
            // Somebody says no.
            Some((_, b"")) => Change::None,
            _ if environment.clone().any(|v| value_of(v, b"GEVENTRS_FOLLOW") == Some(b"off")) => {
                Change::None
            }
            None if self.only_preload_is_gone(environment) => Change::None,
            _ if !readable(self.library()) => Change::None,
            _ => Change::Add { at: preload.map(|p| p.0), others: preload.map_or(b"", |p| p.1) },
        }
    }

    fn only_preload_is_gone<'a>(
        &self,
        environment: impl Iterator<Item = &'a [u8]> + Clone,
    ) -> bool {
        let there = |name: &Vec<u8>| environment.clone().any(|v| name_of(v) == name);
        !self.names.is_empty() && self.names.iter().all(there)
    }

    /// The settings that `environment` does not have.
    pub fn absent<'a>(
        &'a self,
        environment: impl Iterator<Item = &'a [u8]> + Clone + 'a,
    ) -> impl Iterator<Item = &'a CStr> {
        let there = move |setting: &CString| {
            let name = name_of(setting.as_bytes());
            environment.clone().any(|v| name_of(v) == name)
        };
        self.settings.iter().filter(move |s| !there(s)).map(CString::as_c_str)
    }
}

/// Variables of the tests are no settings.
fn is_test(variable: &[u8]) -> bool {
    variable.starts_with(hub::settings::TEST_PREFIX.as_bytes())
}

static STARTED: OnceLock<Option<Started>> = OnceLock::new();

/// What this process was started with, if children are to be followed or left.
pub fn started() -> Option<&'static Started> {
    STARTED.get()?.as_ref().filter(|_| settings::patched(Group::Subprocess))
}

/// Remember the environment; once, with the settings.
pub fn init(follow: Follow) {
    use std::os::unix::ffi::OsStrExt;
    static HERE: u8 = 0;
    let mut info = core::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: an address of our own; `info` is read only if it was filled.
    let library = unsafe {
        if libc::dladdr((&raw const HERE).cast::<c_void>(), info.as_mut_ptr()) == 0 {
            return;
        }
        CStr::from_ptr(info.assume_init().dli_fname).to_bytes()
    };
    let mut path = std::path::PathBuf::from(std::ffi::OsStr::from_bytes(library));
    if path.is_relative() {
        let Ok(absolute) = std::path::absolute(&path) else { return };
        path = absolute;
    }
    let variables: Vec<Vec<u8>> = std::env::vars_os()
        .map(|(name, value)| [name.as_bytes(), b"=", value.as_bytes()].concat())
        .collect();
    let _ = STARTED.set(Started::new(
        path.as_os_str().as_bytes(),
        variables.iter().map(Vec::as_slice),
        follow,
    ));
}

/// Whether the file can be read by this process as it is now.
pub fn readable(path: &CStr) -> bool {
    // SAFETY: a terminated path; the descriptor is our own.
    unsafe {
        let flags = libc::O_RDONLY | libc::O_CLOEXEC;
        match syscall!(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags) {
            Ok(fd) => {
                let _ = syscall!(libc::SYS_close, fd);
                true
            }
            // Other errors (no descriptor is left) say nothing of the file.
            Err(e) => !matches!(
                e,
                libc::ENOENT | libc::EACCES | libc::ENOTDIR | libc::ELOOP | libc::EPERM
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &[u8] = b"/x/libgeventrs.so";

    fn list<'a>(vars: &'a [&'a str]) -> impl Iterator<Item = &'a [u8]> + Clone {
        vars.iter().map(|v| v.as_bytes())
    }

    fn started(follow: &[u8]) -> Started {
        let vars =
            ["PATH=/bin", "HOME=/root", "LD_PRELOAD=/x/libgeventrs.so", "GEVENTRS_SLICE=5", "_=x"];
        Started::new(LIB, list(&vars), Follow::parse(follow).unwrap()).unwrap()
    }

    fn change<'a>(vars: &'a [&'a str]) -> Change<'a> {
        started(b"on").change(b"/bin/x", list(vars), |_| true)
    }

    #[test]
    fn a_built_environment_gets_the_library_back() {
        assert_eq!(change(&[]), Change::Add { at: None, others: b"" });
        assert_eq!(change(&["PATH=/bin"]), Change::Add { at: None, others: b"" });
        assert_eq!(
            change(&["A=b", "LD_PRELOAD=/y/jemalloc.so"]),
            Change::Add { at: Some(1), others: b"/y/jemalloc.so" }
        );
    }

    #[test]
    fn settings_come_back_with_the_library_where_they_are_absent() {
        let s = started(b"on");
        assert_eq!(s.absent(list(&[])).collect::<Vec<_>>(), [c"GEVENTRS_SLICE=5"]);
        assert_eq!(s.absent(list(&["GEVENTRS_SLICE=7"])).count(), 0);
        assert_eq!(s.preload(), c"LD_PRELOAD=/x/libgeventrs.so");
    }

    #[test]
    fn an_environment_that_names_the_library_stays() {
        for v in ["LD_PRELOAD=/x/libgeventrs.so", "LD_PRELOAD=a.so:/elsewhere/libgeventrs.so b.so"]
        {
            assert_eq!(change(&[v]), Change::None, "{v}");
        }
    }

    #[test]
    fn who_takes_the_variable_out_is_obeyed() {
        assert_eq!(change(&["HOME=/else", "NEW=1", "PATH=/bin"]), Change::None);
        assert_eq!(change(&["LD_PRELOAD="]), Change::None);
        assert_eq!(change(&["GEVENTRS_FOLLOW=off"]), Change::None);
    }

    #[test]
    fn a_process_with_no_other_variables_has_built_what_it_passes() {
        let s = Started::new(LIB, list(&["LD_PRELOAD=/x/libgeventrs.so"]), Follow::default());
        let change = s.as_ref().unwrap().change(b"x", list(&["A=1"]), |_| true);
        assert_eq!(change, Change::Add { at: None, others: b"" });
    }

    #[test]
    fn programs_that_are_not_followed_lose_the_library() {
        let vars = ["A=b", "LD_PRELOAD=/x/libgeventrs.so"];
        let gone = Change::Remove { at: 1 };
        assert_eq!(started(b"off").change(b"/bin/x", list(&vars), |_| true), gone);
        let s = started(b"-gdb,-/bin/x");
        assert_eq!(s.change(b"/bin/x", list(&vars), |_| true), gone);
        assert_eq!(s.change(b"/usr/bin/gdb", list(&vars), |_| true), gone);
        assert_eq!(s.change(b"/sbin/x", list(&vars), |_| true), Change::None);
        assert_eq!(s.change(b"gdb", list(&[]), |_| true), Change::None);
    }

    #[test]
    fn a_program_that_cannot_read_the_library_is_not_given_it() {
        let s = started(b"on");
        let vars = ["LD_PRELOAD=/x/libgeventrs.so"];
        assert_eq!(s.change(b"x", list(&vars), |_| false), Change::Remove { at: 0 });
        assert_eq!(s.change(b"x", list(&[]), |_| false), Change::None);
    }

    #[test]
    fn a_library_that_came_another_way_is_not_kept() {
        assert!(Started::new(LIB, list(&["PATH=/bin"]), Follow::default()).is_none());
        assert!(Started::new(LIB, list(&["LD_PRELOAD=o.so"]), Follow::default()).is_none());
    }

    #[test]
    fn values_of_the_setting() {
        assert!(Follow::parse(b"on").unwrap().follows(b"/bin/x"));
        assert!(!Follow::parse(b"off").unwrap().follows(b"/bin/x"));
        for wrong in [&b""[..], b"gdb", b"-", b"-a,b", b","] {
            assert!(Follow::parse(wrong).is_none(), "{wrong:?}");
        }
    }
}
