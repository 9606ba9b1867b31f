//! Pipes and files.

use super::support::{is_killed, log, with, Case, SOON};
use geventrs::fileobject::FileObject;
use geventrs::timeout::with_timeout;
use geventrs::{sleep, spawn, spawn_later, yield_now};
use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

fn pipe() -> (FileObject, FileObject) {
    let (r, w): (PipeReader, PipeWriter) = std::io::pipe().unwrap();
    (FileObject::new(r), FileObject::new(w))
}

/// One read, as text.
fn read(mut file: &FileObject, room: usize) -> String {
    let mut bytes = vec![0; room];
    let n = file.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

pub const CASES: &[Case] = &[
    ("file_lines", |l| {
        let (r, mut w) = pipe();
        let g = with(l, &(), |l, ()| {
            for line in BufReader::new(r).lines() {
                l.say(line.unwrap());
            }
            l.say("end");
        });
        for line in ["one\n", "two\n", "three"] {
            w.write_all(line.as_bytes()).unwrap();
            sleep(SOON.unwrap());
            l.say("wrote");
        }
        drop(w);
        g.join(None);
    }),
    ("file_wait_switches", |l| {
        let (r, mut w) = pipe();
        l.spawn("ran");
        spawn_later(SOON.unwrap(), move || w.write_all(b"x").unwrap());
        log!(l, "{}", read(&r, 1).len());
    }),
    ("file_large_write", |l| {
        let (mut r, mut w) = pipe();
        let data: Vec<u8> = (0..2048).flat_map(|_| 0..=255).collect();
        let reader = spawn(move || {
            let mut got = Vec::new();
            r.read_to_end(&mut got).unwrap();
            got
        });
        let theirs = data.clone();
        let g = spawn(move || w.write_all(&theirs).unwrap());
        log!(l, "{}", reader.get().unwrap() == data);
        g.join(None);
    }),
    ("file_nobody_reads", |l| {
        let (r, mut w) = pipe();
        drop(r);
        log!(l, "{}", w.write(b"x").unwrap_err().raw_os_error().unwrap());
    }),
    ("file_timeout", |l| {
        let (r, mut w) = pipe();
        let ended = with_timeout(SOON.unwrap(), || {
            read(&r, 1);
            l.say("not reached");
        });
        assert!(ended.is_err());
        w.write_all(b"kept").unwrap();
        log!(l, "{}", read(&r, 9));
        drop(w);
        log!(l, "{}", read(&r, 9).len());
    }),
    ("file_kill", |l| {
        let (r, mut w) = pipe();
        let r = Arc::new(r);
        let g = with(l, &r, |l, r| {
            let killed = is_killed(|| drop(read(&r, 1)));
            log!(l, "killed {killed}");
        });
        yield_now();
        g.kill(None);
        w.write_all(b"kept").unwrap();
        log!(l, "{}", read(&r, 9));
    }),
    ("file_regular", |l| {
        let path = std::env::temp_dir().join(format!("as_gevent.{}", std::process::id()));
        let made = std::fs::File::options().read(true).write(true).create_new(true).open(&path);
        std::fs::remove_file(&path).unwrap();
        let mut f = FileObject::new(made.unwrap());
        log!(l, "{} {}", f.write(b"0123456789").unwrap(), f.stream_position().unwrap());
        let at = f.seek(SeekFrom::Start(2)).unwrap();
        log!(l, "{at} {} {}", read(&f, 3), f.stream_position().unwrap());
        let at = f.seek(SeekFrom::End(-2)).unwrap();
        log!(l, "{at} {} {}", read(&f, 9), read(&f, 9).len());
    }),
    ("file_pipe_does_not_seek", |l| {
        let (mut r, _w) = pipe();
        log!(l, "{} {}", r.rewind().is_err(), r.stream_position().is_err());
    }),
    ("file_two_readers", |l| {
        let (r, mut w) = pipe();
        let r = Arc::new(r);
        let g = with(l, &r, |l, r| l.say(read(&r, 2)));
        yield_now();
        w.write_all(b"ab").unwrap();
        g.join(None);
        w.write_all(b"cd").unwrap();
        log!(l, "{}", read(&r, 2));
    }),
];
