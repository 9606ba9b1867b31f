//! The protocol of the control socket: lines of JSON.
//!
//! A request is one line, a flat object:
//!
//! | field | |
//! |---|---|
//! | `v` | [`VERSION`] |
//! | `ask` | `greenlets`, `hello`, `report` or `timeline` |
//! | `limit` | greenlets that are told of, at most |
//! | `id` | only this greenlet |
//! | `stacks` | `true`: with stacks, and the process's memory map |
//! | `for_ms` | of a report or timeline: record for so long first, if nothing is recorded yet |
//!
//! The answer is one object a line: first one with `geventrs` (the version) and
//! what is known of the process, then one a greenlet (field `greenlet`), then, with
//! stacks, `maps` (proc(5)'s text), and last `end`, or `error` with a text where
//! something went wrong. The answer to `report` and `timeline` is `error`, or the same file as
//! GEVENTRS_REPORT and GEVENTRS_TIMELINE make, and nothing else. New fields may come without a new version.

use super::json::{field, Object};
use super::memory;
use super::snapshot::{self, Doing};
use crate::observe::live;
use crate::observe::output::Kind;
use crate::time::MILLISECOND;
use crate::{hub, syscall};

/// Changes when the meaning of a field does.
pub const VERSION: u32 = 1;
/// Greenlets that are told of if the request has no limit.
const LIMIT: usize = 10_000;
/// Bytes of a request, at most.
const REQUEST: usize = 1024;
/// The longest recording that is made for a peer, in milliseconds.
const LONGEST_RECORDING: u64 = 3_600_000;
/// A peer that takes nothing for so long is left.
const PEER_SECONDS: i64 = 5;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Request {
    /// What is wanted.
    pub ask: Ask,
    /// At most so many of them.
    pub limit: usize,
    /// Only this one.
    pub id: Option<u32>,
    /// With stacks.
    pub stacks: bool,
    /// What is not recorded is recorded for so many milliseconds; `None`: it is refused.
    pub record: Option<u64>,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The process in one line.
    Hello,
    /// Its greenlets.
    Greenlets,
    /// What has been recorded.
    Recorded(Kind),
}

impl Request {
    /// About all greenlets, with stacks.
    pub fn stacks(limit: usize) -> Request {
        Request { ask: Ask::Greenlets, limit, id: None, stacks: true, record: None }
    }
}

impl Request {
    /// Read a line; an error is told to the peer.
    fn parse(line: &str) -> Result<Request, &'static str> {
        let number = |key| field(line, key).and_then(|n| n.parse::<usize>().ok());
        if number("v") != Some(VERSION as usize) {
            return Err("another version of the protocol: use the tool that came with the library");
        }
        let ask = match field(line, "ask") {
            Some("greenlets") => Ask::Greenlets,
            Some("hello") => Ask::Hello,
            Some("report") => Ask::Recorded(Kind::Report),
            Some("timeline") => Ask::Recorded(Kind::Timeline),
            _ => return Err("no such request"),
        };
        Ok(Request {
            ask,
            limit: number("limit").unwrap_or(LIMIT),
            id: number("id").map(|id| id as u32),
            stacks: field(line, "stacks") == Some("true"),
            record: number("for_ms").map(|ms| (ms as u64).min(LONGEST_RECORDING)),
        })
    }
}

/// Answer one peer. Whatever it does, this ends.
pub fn serve(connection: i32) {
    let patience = [PEER_SECONDS, 0];
    for option in [libc::SO_RCVTIMEO, libc::SO_SNDTIMEO] {
        // SAFETY: a timeval of two words.
        unsafe {
            let (level, value) = (libc::SOL_SOCKET, patience.as_ptr());
            let _ = syscall!(libc::SYS_setsockopt, connection, level, option, value, 16);
        }
    }
    let Some(line) = line(connection) else { return };
    let mut out = Out { fd: connection, text: String::new(), gone: false };
    match Request::parse(&line) {
        Ok(Request { ask: Ask::Recorded(kind), record, .. }) => recorded(kind, record, &mut out),
        Ok(request) => tell(&request, &mut out),
        Err(why) => out.error(why),
    }
    out.flush();
}

/// The request's line.
fn line(connection: i32) -> Option<String> {
    let mut bytes = vec![0u8; REQUEST];
    let mut length = 0;
    while length < REQUEST {
        // SAFETY: room of the told size.
        let read = unsafe {
            let at = bytes.as_mut_ptr().add(length);
            syscall!(libc::SYS_recvfrom, connection, at, REQUEST - length, 0, 0, 0)
        };
        match read {
            Ok(0) | Err(_) => break,
            Ok(n) => length += n,
        }
        if bytes[..length].contains(&b'\n') {
            return String::from_utf8(bytes[..length].to_vec()).ok();
        }
    }
    None
}

/// Where lines go: a socket or a pipe.
pub struct Out {
    fd: i32,
    /// What is not written yet.
    pub text: String,
    gone: bool,
}

impl Out {
    /// Lines go to `fd`.
    pub fn new(fd: i32) -> Out {
        Out { fd, text: String::new(), gone: false }
    }

    /// Write what there is. Of a peer that is gone nothing more is wanted.
    pub fn flush(&mut self) {
        let mut rest = self.text.as_bytes();
        while !rest.is_empty() && !self.gone {
            // SIGPIPE is blocked on this thread; a socket's is not raised at all.
            // SAFETY: the text is readable.
            match unsafe { syscall!(libc::SYS_write, self.fd, rest.as_ptr(), rest.len()) } {
                Ok(n) => rest = &rest[n..],
                Err(libc::EINTR) => {}
                Err(_) => self.gone = true,
            }
        }
        self.text.clear();
    }

    fn error(&mut self, why: &str) {
        Object::new(&mut self.text).text("error", why.as_bytes());
        self.text.push('\n');
    }
}

/// What has been recorded, or is now.
fn recorded(kind: Kind, record: Option<u64>, out: &mut Out) {
    let result = match (live::records(kind), record) {
        (true, _) => live::answer(out.fd, kind),
        (false, None) => Err("nothing is recorded"),
        (false, Some(ms)) => live::begin(kind).and_then(|()| {
            let there = super::attend(out.fd, ms * MILLISECOND);
            let result = if there { live::answer(out.fd, kind) } else { Ok(()) };
            live::finish();
            result
        }),
    };
    if let Err(why) = result {
        out.error(why);
    }
}

/// Write the answer to `request`.
fn tell(request: &Request, out: &mut Out) {
    tell_of(request, &[], &[], out);
}

/// [`tell`], of `only` these greenlets if there are any, and of `first` even if the limit
/// would leave them out.
pub fn tell_of(request: &Request, only: &[u32], first: &[u32], out: &mut Out) {
    head(&mut out.text);
    if request.ask == Ask::Greenlets {
        let Some((names, all)) = snapshot::names(usize::MAX) else {
            return busy(out);
        };
        let mut wanted: Vec<_> = names
            .into_iter()
            .filter(|n| request.id.is_none_or(|id| n.1 == id))
            .filter(|n| only.is_empty() || only.contains(&n.1))
            .collect();
        // Stable: else they stay in their order.
        wanted.sort_by_key(|n| !first.contains(&n.1));
        if wanted.len() > request.limit {
            cut(&mut wanted, first.len(), request.limit);
        }
        let chosen = request.id.is_some() || !only.is_empty();
        let left_out = if chosen { 0 } else { all - wanted.len() };
        let mut rest = &wanted[..];
        while !rest.is_empty() && !out.gone {
            let Some(rows) = snapshot::next(&mut rest, request.stacks) else {
                return busy(out);
            };
            for row in rows {
                row.write(&mut out.text, request.stacks);
            }
            out.flush();
        }
        if request.stacks {
            Object::new(&mut out.text).text("maps", &memory::file(c"/proc/self/maps"));
            out.text.push('\n');
        }
        Object::new(&mut out.text).plain("end", true).plain("left_out", left_out);
    } else {
        Object::new(&mut out.text).plain("end", true);
    }
    out.text.push('\n');
}

/// Leave `limit` of `all`: the first ones, who was made first (which is mostly `main`), those who
/// do something, and then the newest. They stay in their order.
fn cut(all: &mut Vec<snapshot::Named>, first: usize, limit: usize) {
    let last = all.len().saturating_sub(1);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&n| match () {
        () if n < first => 0,
        () if n == last => 1,
        () if all[n].2 == Doing::Something => 2,
        () => 3,
    });
    order.truncate(limit);
    order.sort_unstable();
    *all = order.into_iter().map(|n| all[n]).collect();
}

/// The first line.
fn head(text: &mut String) {
    let mut object = Object::new(text);
    // SAFETY: takes nothing.
    let pid = unsafe { syscall!(libc::SYS_getpid) }.unwrap_or(0);
    let name = memory::file(c"/proc/self/comm");
    object.plain("geventrs", VERSION).plain("pid", pid);
    object.text("name", name.strip_suffix(b"\n").unwrap_or(&name));
    object.plain("live", hub::live()).plain("switches", hub::switches());
    object.plain("carriers", hub::carrier::alive());
    drop(object);
    text.push('\n');
}

/// The hub cannot be had: say who has it.
fn busy(out: &mut Out) {
    let who = hub::lend::last_resumed().map_or(0, |g| g.id());
    out.error(&format!("the hub has not answered; greenlet {who} ran last, inside the library"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_a_version_and_defaults() {
        let r = Request::parse(r#"{"v":1,"ask":"greenlets","id":7,"stacks":true}"#).unwrap();
        assert_eq!(r, Request { id: Some(7), ..Request::stacks(LIMIT) });
        assert_eq!(Request::parse(r#"{"v":1,"ask":"hello"}"#).unwrap().ask, Ask::Hello);
        let r = Request::parse(r#"{"v":1,"ask":"report","for_ms":20}"#).unwrap();
        assert_eq!((r.ask, r.record), (Ask::Recorded(Kind::Report), Some(20)));
        assert!(Request::parse(r#"{"v":2,"ask":"hello"}"#).is_err());
        assert!(Request::parse(r#"{"v":1,"ask":"shutdown"}"#).is_err());
        assert!(Request::parse("").is_err());
    }
}
