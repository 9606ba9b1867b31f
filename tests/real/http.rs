//! The plain end of proxies and clients under test: an HTTP server whose
//! answers follow from the path, and a client that checks them. Both are part
//! of the harness and always native.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

/// The bytes of `/name/length`: a pattern that differs from file to file.
pub fn body_of(path: &str) -> Vec<u8> {
    let length = path.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0usize);
    let mut state = path.bytes().fold(17u32, |h, b| h.wrapping_mul(31).wrapping_add(b.into()));
    let next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// An HTTP/1.1 server on a port of loopback, for as long as the process runs.
pub struct Origin {
    pub port: u16,
    /// Requests answered.
    pub served: Arc<AtomicUsize>,
}

impl Origin {
    pub fn start() -> Result<Origin, String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|e| format!("bind: {e}"))?;
        let port = listener.local_addr().map_err(|e| e.to_string())?.port();
        let served = Arc::new(AtomicUsize::new(0));
        let count = served.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = count.clone();
                std::thread::spawn(move || serve(stream, &count));
            }
        });
        Ok(Origin { port, served })
    }
}

fn serve(stream: TcpStream, served: &AtomicUsize) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut close = false;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
                break;
            }
            let header = header.to_ascii_lowercase();
            close |= header.starts_with("connection:") && header.contains("close");
        }
        let path = request.split_whitespace().nth(1).unwrap_or("/");
        let body = body_of(path);
        let end = if close { "Connection: close\r\n" } else { "" };
        let mut answer =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{end}\r\n", body.len()).into_bytes();
        answer.extend(body);
        // Counted first: whoever has the answer finds it counted.
        served.fetch_add(1, Ordering::SeqCst);
        writer.write_all(&answer)?;
        if close {
            return Ok(());
        }
    }
}

/// Ask for `target` through a connection and return the body.
pub fn get(stream: TcpStream, target: &str) -> Result<Vec<u8>, String> {
    let fail = |e: std::io::Error| format!("GET {target}: {e}");
    stream.set_read_timeout(Some(Duration::from_secs(30))).map_err(fail)?;
    let mut writer = stream.try_clone().map_err(fail)?;
    let request = format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    writer.write_all(request.as_bytes()).map_err(fail)?;
    let mut answer = vec![];
    BufReader::new(stream).read_to_end(&mut answer).map_err(fail)?;
    let head = answer
        .windows(4)
        .position(|w| w == b"\r\n\r\n")
        .ok_or_else(|| format!("GET {target}: no end of headers in {} bytes", answer.len()))?;
    let status = String::from_utf8_lossy(&answer[..head]).lines().next().unwrap_or("").to_owned();
    match status.split_whitespace().nth(1) {
        Some("200") => Ok(answer.split_off(head + 4)),
        _ => Err(format!("GET {target}: {status}")),
    }
}
