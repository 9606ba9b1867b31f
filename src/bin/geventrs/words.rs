//! What greenlets do, in the words that people use.

use crate::outside::{Direction, End};
use crate::processes::{number, Greenlet, Polled, Process, Reason};
use std::fmt::Write;

/// A span of time with two or three digits that matter.
pub fn span(ns: u64) -> String {
    let s = ns as f64 / 1e9;
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..999_500 => format!("{:.0} µs", s * 1e6),
        999_500..999_500_000 => format!("{:.0} ms", s * 1e3),
        999_500_000..100_000_000_000 => format!("{s:.1} s"),
        100_000_000_000..6_000_000_000_000 => {
            format!("{} min {} s", s as u64 / 60, s as u64 % 60)
        }
        _ => format!("{} h {} min", s as u64 / 3600, s as u64 / 60 % 60),
    }
}

/// A number of bytes.
pub fn bytes(n: u64) -> String {
    match n {
        0..1024 => format!("{n}"),
        1024..1_048_576 => format!("{}K", n.div_ceil(1024)),
        _ => format!("{}M", n.div_ceil(1 << 20)),
    }
}

/// A greenlet, as others name it.
pub fn name(process: &Process, id: u32) -> String {
    match process.greenlet(id) {
        Some(g) => format!("{id} \"{}\"", g.name),
        None => format!("{id}"),
    }
}

/// Who is blocked past the library is said to compute as well if that is more than this part of
/// the time.
const COMPUTES_TOO: u64 = 20;

/// Who holds a lock that processes share, if it is no greenlet of this one.
pub fn foreign(r: &Reason, holder: u32) -> String {
    match &r.holder_name {
        Some(name) => format!("{holder} \"{name}\""),
        None => format!("thread {holder}, which is no process's first"),
    }
}

/// The system call with this number, by name.
pub fn system_call(number: i64) -> String {
    let name = usize::try_from(number).ok().map(|n| syscalls::Sysno::new(n).map(|s| s.name()));
    match name {
        Some(Some(name)) => name.to_owned(),
        Some(None) => format!("system call {number}"),
        None => "a page fault".to_owned(),
    }
}

/// What `g` waits for; empty if it does not. `symbol` names an address.
pub fn reason(
    process: &Process,
    g: &Greenlet,
    symbol: &mut dyn FnMut(u64) -> Option<String>,
) -> String {
    let Some(r) = &g.reason else {
        return match g.state.as_str() {
            "computes" => "(off the hub, on an OS thread of its own)".to_owned(),
            _ => String::new(),
        };
    };
    let call = r.call.map(system_call);
    let mut text = match (r.kind.as_str(), r.fd) {
        ("sleep", _) => "sleep".to_owned(),
        ("read", Some(fd)) => format!("read fd {fd} <-"),
        ("write", Some(fd)) => format!("write fd {fd} ->"),
        ("accept", Some(fd)) => format!("accept fd {fd}"),
        ("connect", Some(fd)) => format!("connect fd {fd} ->"),
        ("past", fd) => {
            let call = call.unwrap_or_else(|| r.words.clone());
            match (fd, number(&r.address)) {
                (Some(fd), _) => format!("{call} fd {fd}"),
                (_, Some(address)) => format!("{call} {address:#x}"),
                _ => call,
            }
        }
        ("section", None) if r.address.is_some() => {
            format!("{} {}", r.words, r.address.as_deref().unwrap_or_default())
        }
        ("section", Some(fd)) => format!("{} fd {fd}", r.words),
        _ => r.words.split(" held by").next().unwrap_or(&r.words).to_owned(),
    };
    match (r.kind.as_str(), &r.peer, &r.local, &r.file) {
        ("accept", _, Some(local), _) => drop(write!(text, " on {local}")),
        ("read" | "write" | "connect", Some(peer), ..) => drop(write!(text, " {peer}")),
        ("read" | "write", None, Some(local), _) => drop(write!(text, " {local}")),
        ("read" | "write" | "section", _, _, Some(file)) => drop(write!(text, " {file}")),
        ("read" | "write" | "connect", ..) => text.truncate(text.len() - 3),
        ("past", Some(end), ..) | ("past", None, Some(end), _) | ("past", .., Some(end)) => {
            let arrow = match r.direction() {
                Some(Direction::Reads) => "<- ",
                Some(Direction::Writes) => "-> ",
                None => "",
            };
            let _ = write!(text, " {arrow}{end}");
        }
        ("epoll", ..) if r.fds.is_some() => {
            let n = r.fds.unwrap_or(0);
            let _ = write!(text, " of {n} fd{}", if n == 1 { "" } else { "s" });
        }
        _ => {}
    }
    if !r.ends.is_empty() {
        let _ = write!(text, " ({})", ends(process, &r.ends));
    }
    if !r.polled.is_empty() {
        let list: Vec<String> = r.polled.iter().map(|p| polled(process, p)).collect();
        let more = if r.fds.unwrap_or(0) as usize > list.len() { ", ..." } else { "" };
        let _ = write!(text, ": {}{more}", list.join(", "));
    }
    if let Some(of) = &r.of {
        let _ = write!(text, " \"{of}\"");
    }
    if let Some(symbol) = number(&r.address).and_then(symbol) {
        let _ = write!(text, " ({symbol})");
    }
    if let Some(owner) = r.owner {
        let _ = write!(text, " held by {}", name(process, owner));
        if process.has_ended(owner) {
            text += ", which has ended,";
        }
        // Who holds it has done so for as long as the other waits, at least.
        if let Some(ns) = g.taken_ns.or(g.for_ns) {
            let _ = write!(text, " for {}", span(ns));
        }
    }
    if let (None, Some(holder)) = (r.owner, r.holder) {
        let _ = write!(text, " held by {}", foreign(r, holder));
    }
    if let (Some(thread), Some(g)) = (r.thread, r.thread.and_then(|t| process.greenlet(t))) {
        text = format!("join {thread} \"{}\"", g.name);
    }
    if r.kind == "past" {
        text += ", past the library";
        let (whole, computed) = (g.for_ns.unwrap_or(0), g.computed_ns.unwrap_or(0));
        if computed > whole / COMPUTES_TOO {
            let _ = write!(text, "; has computed for {} of that", span(computed));
        }
    }
    if let Some(left) = g.left_ns {
        let _ = write!(text, ", {} left", span(left));
    }
    // "sleep, 2.0 s left" is what the others make of it.
    text.replacen("sleep, ", "sleep ", 1)
}

/// Who has the other end of a pipe or socket: `fd 4 here, where 12 "flusher" waits`, `fd 1 of
/// 4711 "producer"`.
fn ends(process: &Process, ends: &[End]) -> String {
    /// More are not listed.
    const MOST: usize = 2;
    let shown = ends.iter().take(MOST).map(|e| {
        let fd = if e.pending { "not accepted by fd" } else { "fd" };
        match (e.pid == process.pid, e.greenlet) {
            (true, None) => format!("{fd} {} here", e.fd),
            (true, Some(id)) => format!("{fd} {} here, where {} waits", e.fd, name(process, id)),
            (false, _) => format!("{fd} {} of {} \"{}\"", e.fd, e.pid, e.name),
        }
    });
    let more = if ends.len() > MOST { ", ..." } else { "" };
    shown.collect::<Vec<_>>().join(", ") + more
}

/// One of several descriptors: `7 <- 127.0.0.1:5432`.
fn polled(process: &Process, p: &Polled) -> String {
    let arrow = if p.write { "->" } else { "<-" };
    let who = match p.ends.is_empty() {
        true => String::new(),
        false => format!(" ({})", ends(process, &p.ends)),
    };
    let what = match (&p.peer, &p.local, &p.file) {
        (Some(end), ..) => format!("{} {arrow} {end}", p.fd),
        (None, Some(local), _) => format!("{} on {local}", p.fd),
        (None, None, Some(file)) => format!("{} {arrow} {file}", p.fd),
        _ => p.fd.to_string(),
    };
    let more = match (p.gone, p.disarmed) {
        (true, _) => " (closed; its file is open elsewhere)",
        (_, true) => " (disarmed)",
        _ => "",
    };
    what + &who + more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_the_digits_that_matter() {
        assert_eq!(span(999), "999 ns");
        assert_eq!(span(1_500), "2 µs");
        assert_eq!(span(250_000_000), "250 ms");
        assert_eq!(span(3_100_000_000), "3.1 s");
        assert_eq!(span(125_000_000_000), "2 min 5 s");
        assert_eq!(span(7_260_000_000_000), "2 h 1 min");
    }

    fn waits(reason: Reason) -> String {
        let owner = Greenlet { id: 12, name: "flusher".into(), ..Greenlet::default() };
        let g = Greenlet {
            id: 5,
            for_ns: Some(3_100_000_000),
            reason: Some(reason),
            ..Greenlet::default()
        };
        let process = Process { greenlets: vec![owner, g.clone()], ..Process::default() };
        super::reason(&process, &g, &mut |_| None)
    }

    #[test]
    fn waits_are_told_in_the_users_terms() {
        let of = |kind: &str, words: &str| Reason {
            kind: kind.into(),
            words: words.into(),
            ..Reason::default()
        };
        let peer = Some("127.0.0.1:5432".to_owned());
        let read = Reason { fd: Some(7), peer: peer.clone(), ..of("read", "read fd 7") };
        assert_eq!(waits(read), "read fd 7 <- 127.0.0.1:5432");
        let read = Reason { fd: Some(7), ..of("read", "read fd 7") };
        assert_eq!(waits(read), "read fd 7");
        let mutex = Reason {
            address: Some("0x10".into()),
            owner: Some(12),
            ..of("mutex", "mutex 0x10 held by thread 9")
        };
        assert_eq!(waits(mutex), "mutex 0x10 held by 12 \"flusher\" for 3.1 s");
        let look_up = Reason { of: Some("db.local".into()), ..of("section", "getaddrinfo") };
        assert_eq!(waits(look_up), "getaddrinfo \"db.local\"");
        assert_eq!(waits(Reason { thread: Some(12), ..of("join", "") }), "join 12 \"flusher\"");
        let local = Some("0.0.0.0:80".to_owned());
        let accept = Reason { fd: Some(3), local, ..of("accept", "accept fd 3") };
        assert_eq!(waits(accept), "accept fd 3 on 0.0.0.0:80");
    }

    #[test]
    fn pipes_say_who_has_their_other_end() {
        let end = |pid, name: &str, fd| End {
            pid,
            name: name.into(),
            fd,
            pending: false,
            greenlet: None,
        };
        let r = Reason {
            kind: "read".into(),
            words: "read fd 3".into(),
            fd: Some(3),
            file: Some("pipe:[7]".into()),
            ends: vec![end(0, "me", 4), end(12, "producer", 1), end(13, "other", 9)],
            ..Reason::default()
        };
        let text = "read fd 3 <- pipe:[7] (fd 4 here, fd 1 of 12 \"producer\", ...)";
        assert_eq!(waits(r), text);
    }

    #[test]
    fn epoll_sets_say_what_they_watch() {
        let of = |fd, local: Option<&str>, peer: Option<&str>| {
            let own = |text: &str| text.to_owned();
            Polled { fd, local: local.map(own), peer: peer.map(own), ..Polled::default() }
        };
        let mut r = Reason {
            kind: "epoll".into(),
            words: "epoll fd 5".into(),
            fd: Some(5),
            fds: Some(0),
            ..Reason::default()
        };
        assert_eq!(waits(r.clone()), "epoll fd 5 of 0 fds");
        r.fds = Some(1);
        r.polled = vec![of(7, Some("127.0.0.1:80"), None)];
        assert_eq!(waits(r.clone()), "epoll fd 5 of 1 fd: 7 on 127.0.0.1:80");
        r.fds = Some(30);
        let shy = of(8, Some("127.0.0.1:80"), Some("127.0.0.1:5000"));
        r.polled.push(Polled { disarmed: true, ..shy });
        r.polled.push(Polled { gone: true, ..of(9, None, None) });
        let text = "epoll fd 5 of 30 fds: 7 on 127.0.0.1:80, 8 <- 127.0.0.1:5000 (disarmed), \
            9 (closed; its file is open elsewhere), ...";
        assert_eq!(waits(r), text);
    }

    #[test]
    fn sleeps_say_what_is_left() {
        let reason = Reason { kind: "sleep".into(), words: "sleep".into(), ..Reason::default() };
        let g =
            Greenlet { reason: Some(reason), left_ns: Some(2_000_000_000), ..Greenlet::default() };
        let text = super::reason(&Process::default(), &g, &mut |_| None);
        assert_eq!(text, "sleep 2.0 s left");
    }
}
