//! `geventrs run`: the tool becomes the program, with the library preloaded.

use crate::program::{is_plain_text, Program, SHELL};
use crate::{library, obstacles, Failure, FAILED, NOT_EXECUTABLE, NOT_FOUND};
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use std::ffi::{c_char, CString, OsStr, OsString};
use std::io::{Error, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Run a program with its threads as greenlets
///
/// The program takes the tool's place: its exit code, its signals and its
/// process id are its own. Exit codes of the tool: 125 if it cannot do it, 126
/// if the program cannot be executed, 127 if it is not found.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    geventrs run ./server --port 80\n  \
    geventrs run --patch=-dns,-file -- ./server\n  \
    geventrs run --deadlock abort -- make test")]
pub struct Run {
    /// Groups of functions to make cooperative: all, none, or thread time
    /// select socket os dns subprocess signal file sys, with commas; `-` before
    /// a name removes it (GEVENTRS_PATCH)
    #[arg(long, value_name = "GROUPS", allow_hyphen_values = true, value_parser = groups)]
    patch: Option<OsString>,
    /// Load the library and let it do nothing (GEVENTRS_DISABLE)
    #[arg(long)]
    disable: bool,
    /// What to do when every greenlet waits and nothing can wake any
    /// (GEVENTRS_DEADLOCK)
    #[arg(long, value_name = "MODE")]
    deadlock: Option<Deadlock>,
    /// Whether the hub leaves a greenlet that keeps it for a slice
    /// (GEVENTRS_HANDOFF)
    #[arg(long, value_name = "MODE")]
    handoff: Option<Handoff>,
    /// How long a greenlet may keep the hub, in milliseconds (GEVENTRS_SLICE)
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    slice: Option<u32>,
    /// How many OS threads there may be for calls that block and greenlets that
    /// compute (GEVENTRS_CARRIERS)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    carriers: Option<u32>,
    /// How regular files are read and written (GEVENTRS_FILE_IO)
    #[arg(long, value_name = "HOW")]
    file_io: Option<FileIo>,
    /// Which programs that this one executes are preloaded: on (all), off, or
    /// names with `-` before each for all but those (GEVENTRS_FOLLOW)
    #[arg(long, value_name = "WHOM", allow_hyphen_values = true, value_parser = whom)]
    follow: Option<OsString>,
    /// Whether the program can be asked by ps, stacks, locks and top
    /// (GEVENTRS_CONTROL)
    #[arg(long, value_name = "MODE")]
    control: Option<Switch>,
    /// A signal on which all greenlets are printed on stderr, such as USR2
    /// (GEVENTRS_DUMP_SIGNAL)
    #[arg(long, value_name = "SIGNAL", value_parser = signal)]
    dump_signal: Option<OsString>,
    /// How long a wait for a mutex lasts before a cycle of mutexes is looked for, in
    /// milliseconds; 0: never (GEVENTRS_LOCK_WAIT)
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(..=86_400_000))]
    lock_wait: Option<u32>,
    /// Print a line for each call that waited: words with commas, such as
    /// waited, all, socket, min=10ms, greenlet=NAME, to=FILE (GEVENTRS_TRACE)
    #[arg(long, value_name = "WORDS", num_args = 0..=1, require_equals = true,
        default_missing_value = "waited", value_parser = trace_words)]
    trace: Option<OsString>,
    /// At the end, write where the program has waited: to stderr or a file
    /// (GEVENTRS_REPORT)
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true,
        default_missing_value = "stderr",
        value_parser = OsStringValueParser::new().try_map(file))]
    report: Option<OsString>,
    /// At the end, write who ran and waited when (GEVENTRS_TIMELINE)
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().try_map(file))]
    timeline: Option<OsString>,
    /// Report threads that run for longer than this without a wait, with
    /// their stacks: seconds, or a time such as 50ms (GEVENTRS_MAX_BLOCKING_TIME)
    #[arg(long, value_name = "TIME", value_parser = time)]
    max_blocking_time: Option<OsString>,
    /// Another library than the installed one (GEVENTRS_LIB)
    #[arg(long, value_name = "PATH")]
    lib: Option<PathBuf>,
    /// The program, looked up as a shell would
    #[arg(value_name = "PROGRAM", required = true)]
    program: OsString,
    /// Its arguments
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// A value of `--trace` that the library will understand.
fn trace_words(value: &str) -> Result<OsString, String> {
    match geventrs::observe::wanted::trace(value.as_bytes()) {
        Ok(_) => Ok(value.into()),
        Err(word) => Err(format!(
            "\"{}\" is none of waited, all, a group, min=SPAN, greenlet=WHO, to=FILE",
            String::from_utf8_lossy(word)
        )),
    }
}

/// A file has a name.
fn file(value: OsString) -> Result<OsString, &'static str> {
    match value.is_empty() {
        true => Err("a file has a name"),
        false => Ok(value),
    }
}

/// A value of `--patch` that the library will understand.
fn groups(value: &str) -> Result<OsString, String> {
    let known = |word: &str| {
        let name = word.strip_prefix('-').unwrap_or(word);
        let groups = geventrs::observe::call::GROUPS;
        ["all", "none"].contains(&name) || groups.iter().any(|g| g.to_ascii_lowercase() == name)
    };
    let words = value.split([',', ' ']).map(str::trim).filter(|w| !w.is_empty());
    match words.clone().find(|word| !known(word)) {
        None => Ok(value.into()),
        Some(word) => Err(format!("unknown group \"{word}\" (`geventrs settings` lists them)")),
    }
}

/// A value of `--dump-signal` that the library will understand.
fn signal(value: &str) -> Result<OsString, &'static str> {
    let known = geventrs::settings::dump_signal(value);
    known.map(|_| value.into()).ok_or("no signal that can be used for it")
}

/// A value of `--follow` that the library will understand.
fn whom(value: &str) -> Result<OsString, &'static str> {
    let mut names = value.split(',').filter(|name| !name.is_empty()).peekable();
    let names = names.peek().is_some() && names.all(|n| n.len() > 1 && n.starts_with('-'));
    match ["on", "off"].contains(&value) || names {
        true => Ok(value.into()),
        false => Err("neither on, off nor names with - before each"),
    }
}

/// A value of `--max-blocking-time` that the library will understand.
fn time(value: &str) -> Result<OsString, String> {
    match geventrs::observe::wanted::span(value.as_bytes()) {
        Some(1_000_000..) => Ok(value.into()),
        _ => Err("no time of a millisecond or more, such as 0.1 or 50ms".into()),
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Deadlock {
    /// Say who waits for what, and go on waiting
    Report,
    /// Say it, and exit with 97
    Abort,
    /// Nothing
    Off,
}

#[derive(Clone, Copy, ValueEnum)]
enum FileIo {
    /// In place: other greenlets wait while the disk does
    Inline,
    /// On another OS thread, while other greenlets run
    Section,
}

#[derive(Clone, Copy, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Clone, Copy, ValueEnum)]
enum Handoff {
    /// It computes on its OS thread while the others go on elsewhere
    On,
    /// One greenlet runs at a time, always; the long ones are reported
    Off,
}

/// The name of a value as the library reads it.
fn name_of(value: Option<impl ValueEnum>) -> Option<OsString> {
    Some(value?.to_possible_value()?.get_name().into())
}

impl Run {
    /// A value after a space is taken for the program where a flag needs none.
    fn with_hint(&self, why: Failure) -> Failure {
        let is =
            |value: &Option<OsString>, default: &str| value.as_deref() == Some(default.as_ref());
        let flag = match (is(&self.report, "stderr"), is(&self.trace, "waited")) {
            (true, _) => "--report",
            (_, true) => "--trace",
            _ => return why,
        };
        let value = self.program.display();
        Failure::new(why.code, format_args!("{}; did you mean {flag}={value}?", why.message))
    }

    /// Returns only if it fails.
    pub fn execute(self) -> Result<(), Failure> {
        let library = library::find(self.lib.as_deref())?;
        let mut preload = preload(&library, std::env::var_os("LD_PRELOAD"))?;
        let program = Program::find(&self.program).map_err(|why| self.with_hint(why))?;
        let binary = program.binary()?;
        if let Some(mut first) = obstacles::check_loading(&binary, &library, &preload)? {
            first.push(":");
            first.push(preload);
            preload = first;
        }
        set("LD_PRELOAD", Some(preload.as_os_str()));
        set("GEVENTRS_PATCH", self.patch.as_deref());
        set("GEVENTRS_DISABLE", self.disable.then_some("1".as_ref()));
        set("GEVENTRS_DEADLOCK", name_of(self.deadlock).as_deref());
        set("GEVENTRS_HANDOFF", name_of(self.handoff).as_deref());
        set("GEVENTRS_CONTROL", name_of(self.control).as_deref());
        set("GEVENTRS_DUMP_SIGNAL", self.dump_signal.as_deref());
        let numbers =
            [("SLICE", self.slice), ("CARRIERS", self.carriers), ("LOCK_WAIT", self.lock_wait)];
        for (name, number) in numbers {
            let text = number.map(|n| OsString::from(n.to_string()));
            set(&format!("GEVENTRS_{name}"), text.as_deref());
        }
        set("GEVENTRS_FILE_IO", name_of(self.file_io).as_deref());
        set("GEVENTRS_FOLLOW", self.follow.as_deref());
        set("GEVENTRS_TRACE", self.trace.as_deref());
        set("GEVENTRS_REPORT", self.report.as_deref());
        set("GEVENTRS_TIMELINE", self.timeline.as_deref());
        set("GEVENTRS_MAX_BLOCKING_TIME", self.max_blocking_time.as_deref());
        let error = exec(&program.path, &self.program, &self.arguments);
        let code = if error.kind() == ErrorKind::NotFound { NOT_FOUND } else { NOT_EXECUTABLE };
        let path = program.path.display();
        Err(Failure::new(
            code,
            match error.raw_os_error() {
                Some(libc::ENOEXEC) => format!("{path}: neither an ELF file nor a script"),
                _ => format!("{path}: {error}"),
            },
        ))
    }
}

/// Set a variable for the program, if there is something to set it to.
fn set(name: &str, value: Option<&OsStr>) {
    if let Some(value) = value {
        std::env::set_var(name, value);
    }
}

/// What SIGPIPE did when the tool was started: Rust's runtime ignores it from
/// before `main` on, and a program inherits that.
static SIGPIPE: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);

extern "C" fn remember_sigpipe() {
    // SAFETY: reads the disposition into a local.
    unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGPIPE, std::ptr::null(), &mut old) == 0 {
            SIGPIPE.store(old.sa_sigaction, Ordering::Relaxed);
        }
    }
}

#[used]
#[link_section = ".init_array"]
static REMEMBER_SIGPIPE: extern "C" fn() = remember_sigpipe;

/// Becomes the program; a text without a first line that names an interpreter
/// goes to the shell, as execvp(3) does it (which gives it binaries, too). Not
/// `Command::exec`: it changes the signal mask, and the program must find
/// everything as the tool found it. Returns only with an error.
fn exec(path: &Path, name: &OsStr, arguments: &[OsString]) -> Error {
    let words = arguments.iter().map(OsString::as_os_str);
    // What a program is called can matter to it (busybox).
    let error = execv(path, std::iter::once(name).chain(words.clone()));
    if error.raw_os_error() != Some(libc::ENOEXEC) || !is_plain_text(path) {
        return error;
    }
    execv(Path::new(SHELL), [SHELL.as_ref(), path.as_os_str()].into_iter().chain(words))
}

fn execv<'a>(path: &Path, words: impl Iterator<Item = &'a OsStr>) -> Error {
    let c = |s: &OsStr| CString::new(s.as_bytes());
    let (Ok(path), Ok(words)) = (c(path.as_os_str()), words.map(c).collect::<Result<Vec<_>, _>>())
    else {
        // Arguments of ours came as C strings.
        return ErrorKind::InvalidInput.into();
    };
    let ends = std::iter::once(std::ptr::null());
    let pointers: Vec<*const c_char> = words.iter().map(|w| w.as_ptr()).chain(ends).collect();
    // SAFETY: terminated strings in a terminated list, which outlive the call.
    // The disposition is one that the kernel gave us, and no handler.
    unsafe {
        libc::signal(libc::SIGPIPE, SIGPIPE.load(Ordering::Relaxed));
        libc::execv(path.as_ptr(), pointers.as_ptr());
    }
    Error::last_os_error()
}

/// What LD_PRELOAD is to be: our library before everything else.
pub fn preload(library: &Path, others: Option<OsString>) -> Result<OsString, Failure> {
    let path = library.as_os_str();
    if path.as_bytes().iter().any(|b| b": \t\n".contains(b)) {
        return Err(Failure::new(
            FAILED,
            format_args!(
                "{}: LD_PRELOAD cannot hold a path with a colon or a space; copy or link the library elsewhere and use --lib",
                library.display()
            ),
        ));
    }
    let mut all = path.to_owned();
    let others = others.unwrap_or_default();
    // ld.so separates by colons and spaces.
    for other in others.as_bytes().split(|b| b": ".contains(b)) {
        if !other.is_empty() && other != path.as_bytes() {
            all.push(":");
            all.push(OsStr::from_bytes(other));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(others: Option<&str>) -> OsString {
        preload(Path::new("/x/libgeventrs.so"), others.map(OsString::from)).ok().unwrap()
    }

    #[test]
    fn the_library_comes_first_and_once() {
        assert_eq!(joined(None), "/x/libgeventrs.so");
        assert_eq!(joined(Some("")), "/x/libgeventrs.so");
        assert_eq!(joined(Some("/a.so b.so")), "/x/libgeventrs.so:/a.so:b.so");
        assert_eq!(joined(Some("/a.so:/x/libgeventrs.so")), "/x/libgeventrs.so:/a.so");
    }

    #[test]
    fn paths_that_ld_so_would_split_are_refused() {
        for bad in ["/a b/lib.so", "/a:b/lib.so"] {
            assert_eq!(preload(Path::new(bad), None).err().unwrap().code, FAILED);
        }
    }
}
