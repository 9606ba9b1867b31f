//! The stack of a greenlet as people read it.

use crate::address_space::{AddressSpace, Place};
use crate::called;
use crate::crate_frames::{self, Crate, Known};
use crate::processes::{number, Greenlet, Process};
use crate::symbols::{Frame, Symbols};
use crate::unwind::{unwind, Stack};
use object::{Object, ObjectSymbol};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

/// One line of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The address in the process.
    pub address: u64,
    /// The file that it is mapped from; empty: none.
    pub module: String,
    /// What follows it, as that file counts: the return address, which reports show, too.
    pub behind: Option<u64>,
    /// Function and place.
    pub frame: Frame,
}

impl Call {
    fn known(&self) -> Known<'_> {
        (self.frame.function.as_deref(), self.frame.file.as_deref())
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.frame.function.is_none() && self.frame.line.is_none() {
            return match (self.module.as_str(), self.behind) {
                ("", _) => write!(f, "{:#x}", self.address),
                (module, Some(behind)) => write!(f, "{module}+{behind:#x}"),
                (module, None) => write!(f, "{:#x} in {module}", self.address),
            };
        }
        write!(f, "{}", self.frame)?;
        if self.frame.line.is_none() {
            write!(f, " in {}", self.module)?;
        }
        Ok(())
    }
}

/// What is needed to read the stacks of one process.
pub struct Reader {
    space: AddressSpace,
    symbols: Symbols,
    routines: HashMap<u64, Option<String>>,
    /// What is called where.
    called: HashMap<(PathBuf, u64), Option<String>>,
    /// Where greenlets begin, and what that says of the crate's sources, once it is known.
    entries: BTreeSet<u64>,
    ours: Option<Option<Crate>>,
}

impl Reader {
    pub fn new(process: &Process) -> Reader {
        Reader {
            space: AddressSpace::new(process.pid, &process.maps),
            symbols: Symbols::new(),
            routines: HashMap::new(),
            called: HashMap::new(),
            entries: process.greenlets.iter().filter_map(|g| number(&g.entry)).collect(),
            ours: None,
        }
    }

    /// The crate's sources, if the program uses the Rust API.
    fn ours(&mut self) -> Option<&Crate> {
        if self.ours.is_none() {
            let entries = std::mem::take(&mut self.entries);
            let found = entries.into_iter().find_map(|at| {
                let frame = self.function(at)?;
                Crate::of_entry((frame.function.as_deref(), frame.file.as_deref()))
            });
            self.ours = Some(found);
        }
        self.ours.as_ref()?.as_ref()
    }

    /// The stack of `g`, the innermost call first. What it does inside the preload
    /// library is one line, the function that the program has called.
    pub fn stack(&mut self, g: &Greenlet) -> Vec<Call> {
        let addresses = self.addresses(g);
        let places: Vec<_> = addresses.iter().map(|&at| (at, self.space.place(at))).collect();
        let is_ours = |p: &Option<Place>| p.as_ref().is_some_and(|p| p.module.is_ours);
        // The frames that have started it are ours as well.
        let end = places.iter().rposition(|(_, p)| !is_ours(p)).map_or(0, |i| i + 1);
        let mut calls = Vec::new();
        let mut rest = &places[..end];
        if end == 0 {
            rest = &places[..places.len().min(1)];
        }
        while let Some(((at, place), after)) = rest.split_first() {
            rest = after;
            // Only the outermost of ours in a row.
            if is_ours(place) && after.first().is_some_and(|(_, p)| is_ours(p)) {
                continue;
            }
            match place {
                None => calls.push(Call {
                    address: *at,
                    module: self.space.name_of(*at).unwrap_or_default(),
                    behind: None,
                    frame: Frame::default(),
                }),
                Some(p) if p.module.is_ours => {
                    let caller = after.first().and_then(|(_, p)| p.as_ref());
                    let function = self.hook(p, g, calls.is_empty().then_some(caller));
                    let Some(function) = function else { continue };
                    let frame = Frame { function: Some(function), ..Frame::default() };
                    let module = p.module.name.clone();
                    calls.push(Call { address: *at, module, behind: None, frame });
                }
                Some(p) => {
                    let (module, behind) = (p.module.name.clone(), Some(p.address + 1));
                    let frames = self.symbols.frames(&p.module.path, p.address, None);
                    let none = frames.is_empty().then(Frame::default);
                    calls.extend(frames.into_iter().chain(none).map(|frame| Call {
                        address: *at,
                        module: module.clone(),
                        behind,
                        frame,
                    }));
                }
            }
        }
        if let Some(ours) = self.ours() {
            let known: Vec<_> = calls.iter().map(Call::known).collect();
            let part = ours.of_program(&known);
            calls.truncate(part.end);
            calls.drain(..part.start);
        }
        calls
    }

    fn addresses(&mut self, g: &Greenlet) -> Vec<u64> {
        if let Some(trace) = &g.trace {
            // Return addresses but the first, which was interrupted.
            let numbers = trace.iter().filter_map(|t| number(&Some(t.clone())));
            return numbers.enumerate().map(|(i, at)| at - u64::from(i != 0)).collect();
        }
        let Some(bytes) = g.stack.as_deref().and_then(bytes) else { return Vec::new() };
        let word = |text| number(text).unwrap_or(0);
        let sp = word(&g.sp);
        let (pc, fp, bx) = (word(&g.pc), word(&g.fp), word(&g.bx));
        unwind(&mut self.space, &Stack { start: sp, bytes, pc, sp, fp, bx })
    }

    /// What the program has called: the exported name that the frame belongs to; of
    /// the innermost frame, what its caller calls, else the family that it waits in.
    fn hook(
        &mut self,
        place: &Place,
        g: &Greenlet,
        innermost: Option<Option<&Place>>,
    ) -> Option<String> {
        let symbol = self.symbols.symbol(&place.module.path, place.address, None);
        // Names of ours have paths.
        let exported = symbol.filter(|s| !s.starts_with("_ZN") && !s.starts_with("_R"));
        let Some(caller) = innermost.filter(|_| exported.is_none()) else { return exported };
        if let Some(function) = caller.and_then(|caller| self.called(caller, place)) {
            return Some(function);
        }
        // The function behind `recv` is `recv_`.
        let frames = self.symbols.frames(&place.module.path, place.address, None);
        let body = frames.last().and_then(|f| function_of_hook(f.function.as_deref()?));
        let kind = g.reason.as_ref().map_or("", |r| r.kind.as_str());
        let function = match kind {
            "mutex" => "pthread_mutex_lock",
            "condition" => "pthread_cond_wait",
            "read lock" => "pthread_rwlock_rdlock",
            "write lock" => "pthread_rwlock_wrlock",
            "semaphore" => "sem_wait",
            "join" => "pthread_join",
            "sleep" => "sleep",
            "epoll" => "epoll_wait",
            "child" => "waitpid",
            "futex" => "syscall",
            "read" | "write" | "accept" | "connect" | "poll" => kind,
            _ => return Some(body.unwrap_or_else(|| "(in the library)".to_owned())),
        };
        // `recv` rather than `read`; but the body of epoll's family is `wait_`.
        Some(body.filter(|b| b != "wait").unwrap_or_else(|| function.to_owned()))
    }

    /// The function of `library` that is called at `caller`.
    fn called(&mut self, caller: &Place, library: &Place) -> Option<String> {
        let key = (caller.module.path.clone(), caller.address);
        if let Some(known) = self.called.get(&key) {
            return known.clone();
        }
        // It may have called another library's, which then has jumped here.
        let is_ours = |name: &String| {
            let ours = library.module.elf();
            ours.is_some_and(|f| {
                f.dynamic_symbols().any(|s| s.is_definition() && s.name() == Ok(name))
            })
        };
        let found = caller.module.elf().and_then(|f| called::function(&f, caller.address + 1));
        let found = found.filter(is_ours);
        self.called.insert(key, found.clone());
        found
    }

    /// The name of the function that begins at `address`, as the symbols have it; without
    /// any, `module+0x1234`, as reports show it. Many greenlets begin at one.
    pub fn routine(&mut self, address: u64) -> Option<String> {
        if let Some(known) = self.routines.get(&address) {
            return known.clone();
        }
        let place = self.space.place(address).filter(|p| !p.module.is_ours);
        let mut found = place.map(|p| match self.symbols.routine(&p.module.path, p.address) {
            Some(name) => name,
            None => format!("{}+{:#x}", p.module.name, p.address),
        });
        if found.as_deref().is_some_and(|name| name.ends_with(crate_frames::ENTRY)) {
            // Some symbols do not have the types that a function was made for.
            let function = self.function(address).and_then(|f| f.function);
            found = function.as_deref().and_then(crate_frames::spawned).map(str::to_owned);
        }
        self.routines.insert(address, found.clone());
        found
    }

    /// The function at `address`, with its place.
    pub fn function(&mut self, address: u64) -> Option<Frame> {
        let place = self.space.place(address)?;
        self.symbols.frames(&place.module.path, place.address, None).pop()
    }

    /// A chain of return addresses in one line, the innermost first: `f at f.c:7 < main at
    /// f.c:30`. Empty: none of them is known.
    pub fn chain(&mut self, addresses: &[String]) -> String {
        const FRAMES: usize = 4;
        let mut calls = Vec::new();
        for at in addresses.iter().filter_map(|a| number(&Some(a.clone()))) {
            let Some(place) = self.space.place(at - 1).filter(|p| !p.module.is_ours) else {
                continue;
            };
            let (module, behind) = (place.module.name.clone(), Some(place.address + 1));
            let frames = self.symbols.frames(&place.module.path, place.address, None);
            let function = frames.last().and_then(|f| f.function.as_deref());
            if !calls.is_empty() && function.is_some_and(crate_frames::is_below_main) {
                break;
            }
            let none = frames.is_empty().then(Frame::default);
            calls.extend(frames.into_iter().chain(none).map(|frame| Call {
                address: at - 1,
                module: module.clone(),
                behind,
                frame,
            }));
        }
        if let Some(ours) = self.ours() {
            let known: Vec<_> = calls.iter().map(Call::known).collect();
            let mut part = ours.of_program(&known);
            // Who has called the crate.
            part.start += usize::from(part.len() > 1 && ours.is_ours(known[part.start]));
            calls.truncate(part.end);
            calls.drain(..part.start);
        }
        // Rust's library calls itself many times over.
        let kept = |(i, call): &(usize, &Call)| *i == 0 || !crate_frames::is_std(call.known());
        let kept = calls.iter().enumerate().filter(kept).take(FRAMES);
        kept.map(|(_, call)| call.to_string()).collect::<Vec<_>>().join(" < ")
    }

    /// The variable at `address`, with the distance from its beginning.
    pub fn variable(&mut self, address: u64) -> Option<String> {
        let place = self.space.place(address)?;
        self.symbols.variable(&place.module.path, place.address)
    }
}

/// What libc calls the function whose hook's body has this name.
fn function_of_hook(body: &str) -> Option<String> {
    let mut words = body.rsplit("::");
    // A path of Rust's may end in a hash.
    let last = words.find(|w| !(w.len() == 17 && w.starts_with('h')))?;
    Some(last.strip_suffix('_').filter(|n| !n.is_empty())?.to_owned())
}

/// Hexadecimal digits as bytes.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    text.as_bytes().chunks_exact(2).map(|p| Some(digit(p[0])? << 4 | digit(p[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_named_as_far_as_they_are_known() {
        let call = |module: &str, frame| Call {
            address: 0x7010,
            module: module.into(),
            behind: (module == "a.so").then_some(0x11),
            frame,
        };
        assert_eq!(call("", Frame::default()).to_string(), "0x7010");
        assert_eq!(call("[heap]", Frame::default()).to_string(), "0x7010 in [heap]");
        assert_eq!(call("a.so", Frame::default()).to_string(), "a.so+0x11");
        let function = || Some("f".to_owned());
        let symbol = Frame { function: function(), offset: Some(4), ..Frame::default() };
        assert_eq!(call("a.so", symbol).to_string(), "f+0x4 in a.so");
        let (file, line) = (Some("f.c".to_owned()), Some(7));
        let line = Frame { function: function(), file, line, ..Frame::default() };
        assert_eq!(call("a.so", line).to_string(), "f at f.c:7");
    }

    #[test]
    fn bodies_of_hooks_are_named_like_them() {
        let path = "geventrs::socket::receive::recv_::h8ea0b99a4355495e";
        assert_eq!(function_of_hook(path).as_deref(), Some("recv"));
        assert_eq!(function_of_hook("geventrs::locks::mutex::lock_slow"), None);
        assert_eq!(function_of_hook("_"), None);
    }

    #[test]
    fn bytes_come_as_digits() {
        assert_eq!(bytes("00ff10"), Some(vec![0, 255, 16]));
        assert_eq!(bytes("zz"), None);
    }
}
