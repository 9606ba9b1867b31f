//! Child processes.

use super::support::{is_killed, log, ms, with, Case, LONG, SOON, ZERO};
use geventrs::os::{fork, waitpid, Fork};
use geventrs::sleep;
use geventrs::subprocess::{call, check_call, check_output, run, CalledProcessError, Popen};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

fn sh(text: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", text]);
    command
}

pub const CASES: &[Case] = &[
    ("subprocess", |l| {
        let mut cat = Command::new("cat");
        cat.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut cat = Popen::new(&mut cat).unwrap();
        let said = cat.communicate(b"in", None).unwrap();
        log!(l, "{} {}", String::from_utf8_lossy(&said.stdout), cat.returncode().unwrap());
        let mut child = Popen::new(&mut sh("exec sleep 3600")).unwrap();
        log!(l, "{} {}", child.poll().unwrap().is_none(), child.wait(SOON).unwrap().is_none());
        child.terminate().unwrap();
        child.wait(None).unwrap();
        log!(l, "{}", child.returncode().unwrap());
        log!(l, "{}", call(&mut sh("exit 3"), None).unwrap().code().unwrap());
        log!(l, "{}", check_call(&mut sh("exit 3"), None).is_err());
        let said = check_output(&mut sh("printf out"), None).unwrap();
        log!(l, "{}", String::from_utf8_lossy(&said));
        log!(l, "{}", run(&mut sh("exec sleep 3600"), b"", SOON).is_err());
    }),
    ("subprocess_none", |l| {
        let none = Popen::new(&mut Command::new("/nowhere/to/be/found"));
        log!(l, "{}", none.unwrap_err().raw_os_error().unwrap());
    }),
    ("subprocess_switches", |l| {
        l.spawn("ran");
        let mut child = Popen::new(&mut sh("sleep 0.01")).unwrap();
        child.wait(None).unwrap();
        let code = child.returncode().unwrap();
        let again = child.wait(None).unwrap().unwrap().code().unwrap();
        log!(l, "{code} {again} {}", child.poll().unwrap().unwrap().code().unwrap());
    }),
    ("subprocess_order", |l| {
        let children = ["0.6", "0.3", "0"].map(|s| {
            with(l, &s, |l, s| {
                call(&mut sh(&format!("sleep {s}")), None).unwrap();
                l.say(s);
            })
        });
        geventrs::joinall(&children, None);
    }),
    ("subprocess_streams", |l| {
        let mut child = sh("cat; echo err >&2; exit 4");
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Popen::new(&mut child).unwrap();
        let said = child.communicate(&[b'x'; 300_000], None).unwrap();
        let errors = String::from_utf8_lossy(&said.stderr);
        log!(l, "{} {} {}", said.stdout.len(), errors.trim(), child.returncode().unwrap());
    }),
    ("subprocess_communicate_again", |l| {
        let mut child = Popen::new(sh("echo a; sleep 0.3; echo b").stdout(Stdio::piped())).unwrap();
        log!(l, "{}", child.communicate(b"", Some(ms(100))).is_err());
        let said = child.communicate(b"", None).unwrap();
        log!(l, "{} {}", said.stdout == b"a\nb\n", child.returncode().unwrap());
    }),
    ("subprocess_input_unread", |l| {
        let mut child = Popen::new(sh("exit 0").stdin(Stdio::piped())).unwrap();
        let said = child.communicate(&[b'x'; 300_000], None).unwrap();
        log!(l, "{} {}", said.stdout.len(), child.returncode().unwrap());
    }),
    ("subprocess_signal_after_end", |l| {
        let mut child = Popen::new(&mut sh("exit 1")).unwrap();
        child.wait(None).unwrap();
        let (term, kill) = (child.terminate().is_err(), child.kill().is_err());
        log!(l, "{term} {kill} {}", child.returncode().unwrap());
    }),
    ("subprocess_errors_tell", |l| {
        let error = check_output(&mut sh("printf some; exit 3"), None).unwrap_err();
        let error = error.get_ref().unwrap().downcast_ref::<CalledProcessError>().unwrap();
        let said = String::from_utf8_lossy(&error.output.stdout);
        log!(l, "{} {said}", error.output.status.code().unwrap());
        let error = run(&mut sh("printf part; exec sleep 3600"), b"", Some(ms(500))).unwrap_err();
        log!(l, "{}", if error.kind() == ErrorKind::TimedOut { "expired" } else { "other" });
    }),
    ("subprocess_talk", |l| {
        let mut child = sh("while read line; do echo got $line; done");
        let mut child = Popen::new(child.stdin(Stdio::piped()).stdout(Stdio::piped())).unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        for word in ["a", "b"] {
            writeln!(child.stdin.as_mut().unwrap(), "{word}").unwrap();
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            l.say(line.trim());
        }
        child.stdin = None;
        let status = child.wait(None).unwrap().unwrap();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        log!(l, "{} {}", status.code().unwrap(), rest.len());
    }),
    ("subprocess_wait_killed", |l| {
        let child = Popen::new(&mut sh("exec sleep 3600")).unwrap();
        let child = Arc::new(geventrs::lock::Mutex::new(child));
        let g = with(l, &child, |l, child| {
            let killed = is_killed(|| drop(child.lock().wait(None)));
            log!(l, "killed {killed}");
        });
        sleep(SOON.unwrap());
        g.kill(None);
        let mut child = child.lock();
        log!(l, "{}", child.poll().unwrap().is_none());
        child.kill().unwrap();
        child.wait(None).unwrap();
        log!(l, "{}", child.returncode().unwrap());
    }),
    ("os_waitpid", |l| {
        let (mut r, w) = std::io::pipe().unwrap();
        let Fork::Parent(pid) = fork().unwrap() else {
            drop(w);
            std::process::exit(r.read(&mut [0]).map_or(1, |_| 7));
        };
        let log = l.clone();
        geventrs::spawn(move || {
            log.say("ran");
            drop(w);
        });
        let status = waitpid(pid, None).unwrap();
        log!(l, "{} {}", status.is_some(), status.unwrap().code().unwrap());
        assert_eq!(waitpid(pid, None).unwrap_err().raw_os_error(), Some(libc::ECHILD));
    }),
    ("os_waitpid_signal", |l| {
        let Fork::Parent(pid) = fork().unwrap() else {
            sleep(LONG);
            unreachable!("it is killed");
        };
        log!(l, "{}", waitpid(pid, ZERO).unwrap().map_or(0, |_| pid));
        // SAFETY: no memory.
        unsafe { libc::kill(pid as libc::pid_t, libc::SIGTERM) };
        log!(l, "-{}", waitpid(pid, None).unwrap().unwrap().signal().unwrap());
    }),
    ("os_fork_goes_on", |l| {
        let (mut r, w) = std::io::pipe().unwrap();
        let w = Arc::new(w);
        let Fork::Parent(pid) = fork().unwrap() else {
            let both = [b"a", b"b"].map(|text| with(l, &w, |_, w| (&*w).write_all(text)));
            geventrs::joinall(&both, None);
            std::process::exit(0);
        };
        drop(w);
        let code = waitpid(pid, None).unwrap().unwrap().code().unwrap();
        let mut text = String::new();
        r.read_to_string(&mut text).unwrap();
        log!(l, "{code} {text}");
    }),
];
