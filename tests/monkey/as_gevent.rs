//! What gevent's patching does, done here: each case is the same few lines as in
//! `tests/api/as_gevent/patching.py`, and logs what that has logged (`patching.txt`).

use crate::case::{case, Case};
use geventrs::monkey::{is_patched, patch, patch_all};
use libtest_mimic::Trial;
use std::cell::Cell;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{mpsc, Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

const ANSWERS: &str = include_str!("../api/as_gevent/patching.txt");

pub const CASES: &[Case] = &[
    case("nothing_is_patched", nothing_is_patched),
    case("one_by_one", one_by_one),
    case("all_of_them", all_of_them),
    case("all_but_one", all_but_one),
    case("twice", twice),
    case("threads", threads),
    case("locks_and_queues", locks_and_queues),
    case("sockets_of_threads", sockets_of_threads),
    case("greenlets_beside_threads", greenlets_beside_threads),
    case("thread_locals", thread_locals),
];

/// That gevent has been asked what is done here.
pub fn all() -> Trial {
    Trial::test("as_gevent/all", || {
        let here: Vec<&str> = CASES.iter().map(|case| case.name).collect();
        let there: Vec<&str> = ANSWERS.lines().filter_map(|l| Some(l.split_once(':')?.0)).collect();
        assert_eq!(here, there);
        Ok(())
    })
}

/// What a case has logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn say(&self, words: impl Into<String>) {
        self.0.lock().unwrap().push(words.into());
    }

    /// Whether these groups are patched.
    fn patched(&self, groups: &[&str]) {
        let all: Vec<String> = groups.iter().map(|g| is_patched(g).to_string()).collect();
        self.say(all.join(" "));
    }

    /// The case's end: gevent must have logged the same.
    fn as_gevent(&self, name: &str) {
        let answer = |line: &'static str| line.strip_prefix(name)?.strip_prefix(": ");
        let expected = ANSWERS.lines().find_map(answer).expect("gevent has been asked");
        assert_eq!(self.0.lock().unwrap().join("; "), expected);
    }
}

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn nothing_is_patched() {
    let log = Log::default();
    log.patched(&["socket", "thread", "time", "nonsense"]);
    log.as_gevent("nothing_is_patched");
}

fn one_by_one() {
    let log = Log::default();
    patch("time").unwrap();
    log.patched(&["time", "socket", "select", "thread"]);
    patch("socket").unwrap();
    log.patched(&["time", "socket", "select", "thread"]);
    log.as_gevent("one_by_one");
}

fn all_of_them() {
    let log = Log::default();
    patch_all().unwrap();
    log.patched(&["time", "socket", "select", "thread", "os", "subprocess", "signal"]);
    log.as_gevent("all_of_them");
}

fn all_but_one() {
    let log = Log::default();
    patch("all,-select").unwrap();
    log.patched(&["time", "socket", "select", "thread"]);
    log.as_gevent("all_but_one");
}

fn twice() {
    let log = Log::default();
    patch_all().unwrap();
    patch_all().unwrap();
    log.patched(&["time"]);
    log.as_gevent("twice");
}

fn threads() {
    patch_all().unwrap();
    let log = Log::default();
    let all = [("foo", 600), ("bar", 400), ("eat", 200)].map(|(name, span)| {
        let log = log.clone();
        thread::spawn(move || {
            log.say(format!("{name} start"));
            thread::sleep(ms(span));
            log.say(format!("{name} end"));
        })
    });
    all.into_iter().for_each(|t| t.join().unwrap());
    log.as_gevent("threads");
}

fn locks_and_queues() {
    patch_all().unwrap();
    let (q, items) = mpsc::channel::<u32>();
    let (out, results) = mpsc::channel();
    let t = thread::spawn(move || items.iter().for_each(|n| out.send(n * 2).unwrap()));
    (1..4).for_each(|n| q.send(n).unwrap());
    drop(q);
    t.join().unwrap();
    let log = Log::default();
    let all: Vec<String> = results.iter().map(|n| n.to_string()).collect();
    log.say(all.join(" "));
    log.as_gevent("locks_and_queues");
}

fn sockets_of_threads() {
    patch_all().unwrap();
    let log = Log::default();
    let (mut a, mut b) = UnixStream::pair().unwrap();
    let theirs = log.clone();
    let t = thread::spawn(move || {
        let mut bytes = [0; 9];
        let n = b.read(&mut bytes).unwrap();
        theirs.say(format!("got {}", String::from_utf8_lossy(&bytes[..n])));
    });
    thread::sleep(ms(10));
    log.say("sends");
    a.write_all(b"x").unwrap();
    t.join().unwrap();
    log.as_gevent("sockets_of_threads");
}

fn greenlets_beside_threads() {
    patch_all().unwrap();
    let log = Log::default();
    let said = Arc::new((Mutex::new(false), Condvar::new()));
    let (theirs, flag) = (log.clone(), said.clone());
    let t = thread::spawn(move || {
        let held = flag.0.lock().unwrap();
        drop(flag.1.wait_while(held, |said| !*said).unwrap());
        theirs.say("thread");
    });
    let theirs = log.clone();
    let g = geventrs::spawn(move || {
        theirs.say("greenlet");
        *said.0.lock().unwrap() = true;
        said.1.notify_all();
    });
    t.join().unwrap();
    g.join(None);
    log.as_gevent("greenlets_beside_threads");
}

fn thread_locals() {
    thread_local!(static N: Cell<u32> = const { Cell::new(0) });
    patch_all().unwrap();
    let log = Log::default();
    N.set(1);
    let theirs = log.clone();
    let t = thread::spawn(move || {
        theirs.say(N.get().to_string());
        N.set(2);
    });
    t.join().unwrap();
    log.say(N.get().to_string());
    log.as_gevent("thread_locals");
}
