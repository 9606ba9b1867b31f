//! Real programs, recorded.

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn cpython_says_the_same_and_leaves_a_report() {
    let dir = scratch("real-python");
    let script = "\
import threading, queue, time
lock, q = threading.Lock(), queue.Queue()
def worker():
    while True:
        n = q.get()
        if n is None:
            return
        with lock:
            time.sleep(0.002)
threads = [threading.Thread(target=worker) for _ in range(4)]
[t.start() for t in threads]
[q.put(n) for n in range(40)]
[q.put(None) for _ in threads]
[t.join() for t in threads]
print('done', q.qsize())
";
    let mut command = run(&["--", "/usr/bin/python3", "-c", script]);
    command.current_dir(&dir).envs([
        ("GEVENTRS_REPORT", "r.json"),
        ("GEVENTRS_TIMELINE", "t.json"),
        ("GEVENTRS_TRACE", "to=trace"),
    ]);
    let output = succeeds(&mut command);
    assert_eq!(output.stdout, b"done 0\n");
    assert!(output.stderr.is_empty(), "{output:?}");
    let report = json(&dir.join("r.json"));
    let naps = report["waits"].as_array().unwrap().iter().filter(|w| w["why"] == "sleep");
    let count: u64 = naps.map(|w| w["waits"]["count"].as_u64().unwrap()).sum();
    // One whose time has passed when it is asked for does not wait.
    assert!((20..=41).contains(&count), "{count} naps");
    let text = report_of(&dir.join("r.json"), &[]);
    assert!(text.contains("(process ") && text.contains("Where it waited"), "{text}");
    let timeline = dir.join("t.json");
    assert!(stdout(&mut tool(&["timeline", timeline.to_str().unwrap()])).contains(" waits; "));
    let trace = std::fs::read_to_string(dir.join("trace")).unwrap();
    assert!(trace.lines().skip(1).all(|l| l.contains(" <waited ")), "{trace:.2000}");
}

#[test]
fn memcached_leaves_a_report_when_it_is_told_to_end() {
    let dir = scratch("real-memcached");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let port = port.to_string();
    // As root it wants to be told whose rights to take.
    let mut command = run(&["--", "memcached", "-t", "4", "-u", "root", "-l", "127.0.0.1", "-p"]);
    command.arg(&port).current_dir(&dir).env("GEVENTRS_REPORT", "r.json");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut server = start(&mut command);
    let deadline = Instant::now() + Duration::from_secs(60);
    let connection = loop {
        match TcpStream::connect(format!("127.0.0.1:{port}")) {
            Ok(c) => break c,
            Err(_) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            Err(e) => panic!("{e}"),
        }
    };
    let mut writing = connection.try_clone().unwrap();
    let mut lines = BufReader::new(connection).lines().map(Result::unwrap);
    for n in 0..20 {
        write!(writing, "set k{n} 0 0 2\r\n{n:02}\r\nget k{n}\r\n").unwrap();
        assert_eq!(lines.next().unwrap(), "STORED");
        assert_eq!(lines.next().unwrap(), format!("VALUE k{n} 0 2"));
        assert_eq!(lines.next().unwrap(), format!("{n:02}"));
        assert_eq!(lines.next().unwrap(), "END");
    }
    let pid = server.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    server.wait().unwrap();
    let report = json(&dir.join("r.json"));
    assert_ne!(report["state"], "");
    let waits = report["waits"].as_array().unwrap();
    assert!(waits.iter().any(|w| w["why"] == "epoll"), "its threads wait in epoll: {waits:?}");
    let greenlets = report["greenlets"].as_array().unwrap();
    assert!(greenlets.len() > 4, "{greenlets:?}");
    assert!(report_of(&dir.join("r.json"), &[]).contains("epoll_wait("));
}
