//! The backdoor: sessions and their prompts, not what a line means.

use super::support::{log, ms, Case};
use geventrs::backdoor::BackdoorServer;
use geventrs::socket::UnixStream;
use geventrs::{sleep, spawn, yield_now};
use std::io::{Read, Write};
use std::path::PathBuf;

/// A door in a directory that goes with it.
struct Door {
    server: BackdoorServer,
    directory: PathBuf,
}

impl Door {
    fn open() -> Self {
        let directory = std::env::temp_dir().join(format!("as_gevent.{}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        let server = BackdoorServer::bind(directory.join("socket"))
            .unwrap()
            .command("bad", "fails", |_| std::panic::resume_unwind(Box::new("ZeroDivisionError")))
            .command("nap", "waits", |_| {
                sleep(ms(200));
                String::new()
            })
            .command("one", "says 1", |_| "1\n".into());
        server.start();
        Door { server, directory }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.directory).unwrap();
    }
}

struct Session(UnixStream);

impl Session {
    fn new(door: &Door) -> Self {
        Session(UnixStream::connect(door.server.path()).unwrap())
    }

    /// What comes before the next prompt; `None`: the end does.
    fn until(&mut self) -> Option<String> {
        let (mut text, mut byte) = (String::new(), [0]);
        while !text.ends_with("> ") {
            if self.0.read(&mut byte).unwrap() == 0 {
                return None;
            }
            text.push(byte[0].into());
        }
        Some(text)
    }

    fn ask(&mut self, line: &str) -> String {
        writeln!(self.0, "{line}").unwrap();
        self.until().unwrap()
    }
}

pub const CASES: &[Case] = &[
    ("backdoor_answers", |l| {
        let door = Door::open();
        let mut s = Session::new(&door);
        log!(l, "{}", s.until().is_some());
        log!(l, "{} {}", s.ask("one").contains('1'), s.ask("one").contains('1'));
    }),
    ("backdoor_error_goes_on", |l| {
        let door = Door::open();
        let mut s = Session::new(&door);
        s.until();
        log!(l, "{}", s.ask("bad").contains("ZeroDivisionError"));
        log!(l, "{}", s.ask("one").contains('1'));
    }),
    ("backdoor_sessions", |l| {
        let door = Door::open();
        let (mut a, mut b) = (Session::new(&door), Session::new(&door));
        a.until();
        b.until();
        let log = l.clone();
        let g = spawn(move || {
            a.ask("nap");
            log.say("a");
        });
        yield_now();
        b.ask("one");
        l.say("b");
        g.join(None);
    }),
    ("backdoor_quit", |l| {
        let door = Door::open();
        let (mut a, mut b) = (Session::new(&door), Session::new(&door));
        a.until();
        b.until();
        writeln!(a.0, "quit").unwrap();
        log!(l, "{} {}", a.until().is_none(), b.ask("one").contains('1'));
    }),
    ("backdoor_hang_up", |l| {
        let door = Door::open();
        let mut a = Session::new(&door);
        a.until();
        drop(a);
        let mut b = Session::new(&door);
        b.until();
        log!(l, "{}", b.ask("one").contains('1'));
    }),
    ("backdoor_stop", |l| {
        let door = Door::open();
        let mut a = Session::new(&door);
        a.until();
        door.server.stop();
        let path = door.server.path().to_owned();
        log!(l, "{}", door.server.is_started());
        drop(door);
        log!(l, "{}", UnixStream::connect(path).is_err());
    }),
];
