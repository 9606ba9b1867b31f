//! Asking real programs.

use crate::asked::Asked;
use crate::support::*;
use std::net::TcpListener;

/// A port that was free a moment ago.
fn port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

fn under(directory: &std::path::Path, words: &[&str]) -> Asked {
    let mut command = run(&["--"]);
    command.args(words).current_dir(directory);
    Asked::start_command(directory, command)
}

#[test]
fn cpython_shows_its_threads() {
    let directory = scratch("cpython");
    let code = "import queue, socket, threading\n\
        a, b = socket.socketpair()\n\
        threading.Thread(target=queue.Queue().get).start()\n\
        threading.Thread(target=lambda: a.recv(1)).start()\n\
        threading.Event().wait(1000)\n";
    let asked = under(&directory, &["python3", "-c", code]);
    let text = asked.says("ps", &["read fd ", "<- unix", "semaphore"]);
    assert_eq!(text.lines().count(), 2 + 3, "{text}");
    // The calls are those that it makes; the main thread's has a time limit.
    let text = asked.says("stacks", &["PyEval", "#0 sem_wait ", "#0 recv "]);
    assert!(text.contains("#0 sem_clockwait ") || text.contains("#0 sem_timedwait "), "{text}");
}

#[test]
fn memcached_shows_its_event_loops() {
    let directory = scratch("memcached");
    let words = ["memcached", "-l", "127.0.0.1", "-p", &port(), "-t", "3", "-u", "root"];
    let asked = under(&directory, &words);
    let text = asked.says("ps", &["epoll fd ", "condition variable "]);
    assert!(text.matches("epoll fd ").count() >= 4, "three workers and a listener: {text}");
    asked.says("stacks", &["epoll_wait", "event_base_loop"]);
}

#[test]
fn tinyproxy_shows_its_clients() {
    let directory = scratch("tinyproxy");
    let port = port();
    let config = directory.join("conf");
    std::fs::write(&config, format!("Port {port}\nListen 127.0.0.1\nTimeout 600\n")).unwrap();
    let asked = under(&directory, &["tinyproxy", "-d", "-c", config.to_str().unwrap()]);
    let address = format!("127.0.0.1:{port}");
    let client =
        crate::asked::until("tinyproxy listens", || std::net::TcpStream::connect(&address).ok());
    let peer = client.local_addr().unwrap().to_string();
    // A client that says nothing.
    asked.says("ps", &[&format!("<- {peer}")]);
    asked.says("stacks", &["read"]);
}
