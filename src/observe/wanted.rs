//! The values of the settings that ask for something to be recorded.

use super::call::GROUPS;
use super::output::Target;
use super::trace::Filter;
use super::Wanted;
use crate::deadlock::{self, Mode};
use crate::syscall;
use crate::time::{MICROSECOND, MILLISECOND, SECOND};

/// What came of reading a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// It is noted.
    Understood,
    /// It is none of those that are read here.
    Another,
    /// Its value, or a word of it, is something that it cannot be: `"VALUE" is ...`.
    Wrong(Vec<u8>, &'static str),
}

/// Read one of the settings that say what is recorded and what is done about deadlocks.
pub fn setting(name: &[u8], value: &[u8], wanted: &mut Wanted) -> Read {
    match name {
        b"GEVENTRS_DEADLOCK" => {
            let mode = match value {
                b"report" => Mode::Report,
                b"abort" => Mode::Abort,
                b"off" => Mode::Off,
                _ => return Read::Wrong(value.to_vec(), "none of report, abort, off"),
            };
            deadlock::set_mode(mode);
            wanted.sites = mode != Mode::Off;
        }
        b"GEVENTRS_TRACE" if !value.is_empty() => match trace(value) {
            Ok((filter, path)) => wanted.trace = target(path).map(|target| (filter, target)),
            Err(word) => {
                let known = "none of waited, all, a group, min=SPAN, greenlet=WHO, to=FILE";
                return Read::Wrong(word.to_vec(), known);
            }
        },
        b"GEVENTRS_MAX_BLOCKING_TIME" if !value.is_empty() => {
            match span(value).filter(|span| *span >= MILLISECOND) {
                Some(span) => wanted.longest_run = Some(span),
                None => {
                    let known = "no time of a millisecond or more, such as 0.1 or 50ms";
                    return Read::Wrong(value.to_vec(), known);
                }
            }
        }
        b"GEVENTRS_TRACE" | b"GEVENTRS_MAX_BLOCKING_TIME" => {}
        b"GEVENTRS_REPORT" => wanted.report = target(value),
        b"GEVENTRS_TIMELINE" => wanted.timeline = target(value),
        _ => return Read::Another,
    }
    Read::Understood
}

/// A span such as `10ms`, `1.5s`, `200us`, `3` (seconds), in nanoseconds.
pub fn span(text: &[u8]) -> Option<u64> {
    let text = core::str::from_utf8(text).ok()?;
    let units = [("ns", 1), ("us", MICROSECOND), ("µs", MICROSECOND), ("ms", MILLISECOND)];
    let (digits, unit) = units
        .iter()
        .chain(&[("s", SECOND)])
        .find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)))
        .unwrap_or((text, SECOND));
    let number: f64 = digits.parse().ok()?;
    (0.0..1e9).contains(&number).then_some((number * unit as f64) as u64)
}

/// `GEVENTRS_TRACE`: words with commas between them, `to=FILE` last. The error is the word
/// that says nothing.
pub fn trace(value: &[u8]) -> Result<(Filter, &[u8]), &[u8]> {
    let mut filter = Filter { all: false, groups: 0, at_least: 0, id: 0, name: [0; 16] };
    let mut rest = value;
    let mut path: &[u8] = b"stderr";
    while !rest.is_empty() {
        if let Some(to) = rest.strip_prefix(b"to=") {
            path = to;
            break;
        }
        let end = rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
        let word = rest[..end].trim_ascii();
        rest = rest.get(end + 1..).unwrap_or(b"");
        match word {
            b"" | b"1" | b"waited" => {}
            b"all" => filter.all = true,
            _ => {
                if let Some(text) = word.strip_prefix(b"min=") {
                    filter.at_least = span(text).ok_or(word)?;
                } else if let Some(who) = word.strip_prefix(b"greenlet=") {
                    greenlet(&mut filter, who).ok_or(word)?;
                } else {
                    let group = GROUPS.iter().position(|g| g.as_bytes().eq_ignore_ascii_case(word));
                    filter.groups |= 1 << group.ok_or(word)?;
                }
            }
        }
    }
    if filter.groups == 0 {
        filter.groups = u32::MAX;
    }
    Ok((filter, path))
}

/// A greenlet by its number or its name.
fn greenlet(filter: &mut Filter, who: &[u8]) -> Option<()> {
    if who.is_empty() || who.len() > 15 {
        return None;
    }
    match core::str::from_utf8(who).ok().and_then(|w| w.parse().ok()) {
        Some(id) => filter.id = id,
        None => filter.name[..who.len()].copy_from_slice(who),
    }
    Some(())
}

/// The target that a setting names: `stderr`, or a file, whose path is made absolute, for the
/// program may go elsewhere. `None`: it has no name.
pub fn target(path: &[u8]) -> Option<Target> {
    if path.is_empty() {
        return None;
    }
    if path == b"stderr" {
        return Some(Target { path: b"" });
    }
    let mut absolute = Vec::new();
    if path[0] != b'/' {
        let mut here = [0u8; 4096];
        // SAFETY: writes at most so many bytes.
        let n = unsafe { syscall!(libc::SYS_getcwd, here.as_mut_ptr(), here.len()) }.unwrap_or(1);
        absolute.extend_from_slice(&here[..n.saturating_sub(1)]);
        absolute.push(b'/');
    }
    absolute.extend_from_slice(path);
    Some(Target { path: absolute.leak() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_units_and_are_seconds_without() {
        assert_eq!(span(b"10ms"), Some(10_000_000));
        assert_eq!(span(b"1.5s"), Some(1_500_000_000));
        assert_eq!(span(b"200us"), Some(200_000));
        assert_eq!(span("2µs".as_bytes()), Some(2_000));
        assert_eq!(span(b"7ns"), Some(7));
        assert_eq!(span(b"0.25"), Some(250_000_000));
        for bad in [&b""[..], b"ms", b"-1", b"1h", b"inf", b"nan", b"1e99"] {
            assert_eq!(span(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn a_trace_is_described_by_words() {
        let (f, path) = trace(b"1").unwrap();
        assert_eq!((f.all, f.groups, f.at_least, path), (false, u32::MAX, 0, &b"stderr"[..]));
        let (f, path) = trace(b"all,socket, dns,min=5ms,greenlet=worker,to=/tmp/a,b").unwrap();
        assert!(f.all);
        assert_eq!(f.groups, 1 << 3 | 1 << 5);
        assert_eq!(f.at_least, 5_000_000);
        assert_eq!(&f.name[..7], b"worker\0");
        assert_eq!(path, b"/tmp/a,b");
        assert_eq!(trace(b"greenlet=17").unwrap().0.id, 17);
        assert_eq!(trace(b"all,sokcet").unwrap_err(), b"sokcet");
        assert_eq!(trace(b"min=soon").unwrap_err(), b"min=soon");
    }

    #[test]
    fn paths_are_absolute() {
        assert_eq!(target(b"stderr").unwrap().path, b"");
        assert_eq!(target(b"/a/b.%p").unwrap().path, b"/a/b.%p");
        let here = std::env::current_dir().unwrap().into_os_string().into_encoded_bytes();
        assert_eq!(target(b"x").unwrap().path, [&here[..], b"/x"].concat());
        assert!(target(b"").is_none());
    }
}
