//! Real programs, recorded.

use super::*;
use crate::asked::{until, Asked};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

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

/// A server that records, once it listens. Killed when dropped.
fn serving(dir: &Path, words: &[&str], port: u16) -> Asked {
    let mut command = run(&["--report=r.json", "--timeline=t.json", "--"]);
    command.args(words).current_dir(dir).stderr(Stdio::null());
    let asked = Asked::start_command(dir, command);
    until("it listens", || TcpStream::connect(("127.0.0.1", port)).ok());
    asked
}

/// End it as an administrator does. The report that it leaves.
fn ended(mut server: Asked, dir: &Path) -> serde_json::Value {
    let pid = server.pid();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    until("it ends", || server.child.try_wait().unwrap());
    json(&dir.join("r.json"))
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A connection on which nothing takes for ever.
fn connected(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// The sum of the waits for one of these reasons.
fn waits(report: &serde_json::Value, why: &[&str]) -> u64 {
    let waits = report["waits"].as_array().unwrap().iter();
    let some = waits.filter(|w| why.contains(&w["why"].as_str().unwrap()));
    some.map(|w| w["waits"]["count"].as_u64().unwrap()).sum()
}

#[test]
fn memcached_leaves_a_report_when_it_is_told_to_end() {
    let dir = scratch("real-memcached");
    let port = free_port();
    let number = port.to_string();
    // As root it wants to be told whose rights to take.
    let words = ["memcached", "-t", "4", "-u", "root", "-l", "127.0.0.1", "-p", &number];
    let server = serving(&dir, &words, port);
    // Sixteen clients at once, on all four of its threads.
    let clients: Vec<_> = (0..16)
        .map(|client| {
            std::thread::spawn(move || {
                let mut writing = connected(port);
                let mut lines = BufReader::new(writing.try_clone().unwrap()).lines();
                let mut line = || lines.next().unwrap().unwrap();
                for n in 0..50 {
                    let key = format!("k{client}-{n}");
                    write!(writing, "set {key} 0 0 3\r\n{n:03}\r\nget {key}\r\n").unwrap();
                    let answer = [line(), line(), line(), line()];
                    let value = format!("VALUE {key} 0 3");
                    assert_eq!(answer, ["STORED", value.as_str(), &format!("{n:03}"), "END"]);
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|c| c.join().unwrap());
    let report = ended(server, &dir);
    // How often is the machine's affair: on a busy one a loop finds the next question there.
    assert!(waits(&report, &["epoll"]) >= 5, "the first thread and four loops: {report}");
    let greenlets = report["greenlets"].as_array().unwrap();
    assert!(greenlets.len() > 4, "{greenlets:?}");
    assert!(report_of(&dir.join("r.json"), &[]).contains("epoll_wait("));
    let timeline = stdout(&mut tool(&["timeline", dir.join("t.json").to_str().unwrap()]));
    assert!(timeline.contains(" waits; ") && timeline.contains("epoll"), "{timeline}");
}

/// Each connection is a thread of its own, which reads from both sides.
#[test]
fn tinyproxy_leaves_a_report_of_both_sides() {
    const CLIENTS: usize = 8;
    const EACH: usize = 5;
    let dir = scratch("real-tinyproxy");
    let origin = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin_port = origin.local_addr().unwrap().port();
    // Nobody waits for its end: it ends with the tests.
    std::thread::spawn(move || {
        for mut connection in origin.incoming().flatten() {
            let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|l| l.is_ok_and(|l| !l.is_empty())) {}
            // The proxy waits for the origin.
            std::thread::sleep(Duration::from_millis(5));
            let answer = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    let port = free_port();
    let settings = format!("Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nTimeout 60\n");
    std::fs::write(dir.join("conf"), settings).unwrap();
    let server = serving(&dir, &["tinyproxy", "-d", "-c", "conf"], port);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            std::thread::spawn(move || {
                for _ in 0..EACH {
                    let mut proxy = connected(port);
                    let url = format!("http://127.0.0.1:{origin_port}/");
                    write!(proxy, "GET {url} HTTP/1.0\r\n\r\n").unwrap();
                    let mut text = String::new();
                    proxy.read_to_string(&mut text).unwrap();
                    assert!(text.starts_with("HTTP/1.") && text.ends_with("hello"), "{text}");
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|c| c.join().unwrap());
    let report = ended(server, &dir);
    let greenlets = report["greenlets"].as_array().unwrap();
    let all: u64 = greenlets.iter().map(|g| g["greenlets"].as_u64().unwrap()).sum();
    assert!(all as usize > CLIENTS * EACH, "a thread for each connection: {all}");
    let count = waits(&report, &["read", "poll", "connect"]);
    assert!(count >= 20, "they wait for clients and origin: {report}");
    let timeline = stdout(&mut tool(&["timeline", dir.join("t.json").to_str().unwrap()]));
    assert!(timeline.contains(" waits; "), "{timeline}");
    // What the first thread did before there was another is on its own track.
    let timeline = json(&dir.join("t.json"));
    let events = timeline["traceEvents"].as_array().unwrap();
    let alone = |e: &&serde_json::Value| e["name"] == "in the kernel; there was one thread";
    let tracks: Vec<_> = events.iter().filter(alone).map(|e| &e["tid"]).collect();
    assert!(!tracks.is_empty() && tracks.iter().all(|t| **t == timeline["pid"]), "{tracks:?}");
}
