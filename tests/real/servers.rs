//! Servers under load from the harness or from native clients. The server is
//! the program under test; it must answer right, and where it has a thread
//! for each connection it must have few OS threads under the preload.

use super::bench::{Mode, Place};
use super::http::{body_of, get, Origin};
use super::run::{free_port, run, Started, PATIENCE};
use super::Case;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// OS threads a preloaded server may have while it serves [`CROWD`]: carriers
/// come and go, natively it would be a thread for each connection.
const FEW: usize = 16;
/// Connections at once.
const CROWD: usize = 60;

pub fn cases() -> Vec<Case> {
    vec![
        server("tinyproxy", &["tinyproxy"], tinyproxy),
        server("microsocks", &["microsocks"], microsocks),
        server("memcached", &["memcached"], memcached),
        server("redis", &["redis-check-rdb", "redis-benchmark"], |p, m| redis(p, m, "1")),
        // Its main thread spins on counters until the I/O threads have done
        // their part, and they spin for the next one.
        server("redis_io_threads", &["redis-check-rdb", "redis-benchmark"], |p, m| {
            redis(p, m, "3")
        }),
        server("python_http_wrk", &["/usr/bin/python3", "wrk"], python_http),
    ]
}

/// A case that drives a server, natively and preloaded.
pub fn server(name: &str, needs: &[&str], body: fn(&Place, Mode) -> Result<(), String>) -> Case {
    Case::new(format!("servers/{name}"), needs, move |place| {
        for &mode in place.modes() {
            place.clear();
            body(place, mode).map_err(|e| format!("{mode:?}: {e}"))?;
        }
        Ok(())
    })
}

pub fn connect(port: u16) -> Result<TcpStream, String> {
    let s = TcpStream::connect(("127.0.0.1", port)).map_err(|e| format!("connect: {e}"))?;
    s.set_read_timeout(Some(Duration::from_secs(30))).map_err(|e| e.to_string())?;
    Ok(s)
}

/// Run `work` for 0..n in as many threads; the first error is the result.
pub fn at_once<E: Into<String>>(
    n: usize,
    work: impl Fn(usize) -> Result<(), E> + Sync,
) -> Result<(), String> {
    std::thread::scope(|scope| {
        let work = &work;
        let all: Vec<_> = (0..n)
            .map(|i| scope.spawn(move || work(i).map_err(|e| format!("client {i}: {}", e.into()))))
            .collect();
        all.into_iter().try_for_each(|t| t.join().expect("a client does not panic"))
    })
}

/// With `n` connections open through a server that has a thread for each, the
/// threads it has.
fn check_threads(server: &Started, mode: Mode, n: usize) -> Result<(), String> {
    check_few(server.threads(), mode, n)
}

/// Whether `threads` are right for what natively has `n`.
pub fn check_few(threads: usize, mode: Mode, n: usize) -> Result<(), String> {
    match mode {
        Mode::Native if threads < n => {
            Err(format!("{threads} OS threads where there should be {n}"))
        }
        Mode::Preloaded if threads > FEW => {
            Err(format!("{threads} OS threads for {n} threads, wanted at most {FEW}"))
        }
        _ => Ok(()),
    }
}

/// Connections that are open and say nothing yet: each holds a thread.
pub fn idle_crowd(server: &mut Started, port: u16, mode: Mode) -> Result<Vec<TcpStream>, String> {
    let crowd: Vec<TcpStream> = (0..CROWD).map(|_| connect(port)).collect::<Result<_, _>>()?;
    if mode == Mode::Native {
        server
            .wait_for("a thread for each connection", |s| (s.threads() >= CROWD).then_some(()))?;
    } else {
        std::thread::sleep(Duration::from_millis(300));
    }
    check_threads(server, mode, CROWD)?;
    Ok(crowd)
}

/// tinyproxy has made a thread for each connection since 1.10.
fn tinyproxy(place: &Place, mode: Mode) -> Result<(), String> {
    let origin = Origin::start()?;
    let port = free_port();
    let config = place.dir().join("tinyproxy.conf");
    std::fs::write(
        &config,
        format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 200\n\
             Allow 127.0.0.1\nLogLevel Error\nDisableViaHeader Yes\n"
        ),
    )
    .map_err(|e| e.to_string())?;
    let mut server =
        Started::new(place.command(mode, "tinyproxy").arg("-d").arg("-c").arg(&config))?;
    server.wait_listening(port)?;
    let crowd = idle_crowd(&mut server, port, mode)?;
    let target =
        |i: usize, k: usize| format!("http://127.0.0.1:{}/p{i}.{k}/{}", origin.port, i * 3000 + k);
    let check = |s: TcpStream, i: usize, k: usize| {
        let target = target(i, k);
        let path = &target[target.match_indices('/').nth(2).expect("a path").0..];
        match get(s, &target)? == body_of(path) {
            true => Ok(()),
            false => Err(format!("GET {target}: another body")),
        }
    };
    at_once(30, |i| (0..8).try_for_each(|k| check(connect(port)?, i, k)))?;
    // Those that waited all the while are served as well.
    crowd.into_iter().enumerate().try_for_each(|(i, s)| check(s, i, 99))?;
    match origin.served.load(Ordering::SeqCst) {
        n if n == 30 * 8 + CROWD => Ok(()),
        n => Err(format!("the server behind the proxy was asked {n} times")),
    }
}

/// microsocks: a thread for each connection, SOCKS5, poll in each.
fn microsocks(place: &Place, mode: Mode) -> Result<(), String> {
    let origin = Origin::start()?;
    let port = free_port();
    let mut c = place.command(mode, "microsocks");
    let mut server = Started::new(c.args(["-i", "127.0.0.1", "-p", &port.to_string()]))?;
    server.wait_listening(port)?;
    let crowd = idle_crowd(&mut server, port, mode)?;
    let through = |mut s: TcpStream, name: &str, path: &str| -> Result<(), String> {
        let fail = |e: std::io::Error| format!("SOCKS: {e}");
        let mut answer = [0; 2];
        s.write_all(&[5, 1, 0]).map_err(fail)?;
        s.read_exact(&mut answer).map_err(fail)?;
        // By name, so that the server resolves it.
        let mut ask = vec![5, 1, 0, 3, name.len() as u8];
        ask.extend(name.as_bytes());
        ask.extend(origin.port.to_be_bytes());
        s.write_all(&ask).map_err(fail)?;
        let mut answer = [0; 10];
        s.read_exact(&mut answer).map_err(fail)?;
        if answer[1] != 0 {
            return Err(format!("SOCKS answer {answer:?}"));
        }
        match get(s, path)? == body_of(path) {
            true => Ok(()),
            false => Err(format!("{path}: another body")),
        }
    };
    at_once(30, |i| {
        let name = if i % 2 == 0 { "127.0.0.1" } else { "localhost" };
        (0..4).try_for_each(|k| through(connect(port)?, name, &format!("/s{i}/{}", i * 5000 + k)))
    })?;
    crowd.into_iter().try_for_each(|s| through(s, "127.0.0.1", "/waited/70000"))
}

/// memcached: libevent loops in 4 threads, connections handed over by eventfd.
fn memcached(place: &Place, mode: Mode) -> Result<(), String> {
    let port = free_port();
    let mut c = place.command(mode, "memcached");
    c.args(["-t", "4", "-l", "127.0.0.1", "-U", "0", "-m", "64", "-p", &port.to_string()]);
    // Root may only run it with -u.
    c.args(["-u", "nobody"]);
    let mut server = Started::new(&mut c)?;
    server.wait_listening(port)?;
    at_once(40, |i| {
        let stream = connect(port)?;
        let fail = |e: std::io::Error| format!("memcached: {e}");
        let mut writer = stream.try_clone().map_err(fail)?;
        let mut reader = BufReader::new(stream);
        let mut line = move |want: &str| -> Result<(), String> {
            let mut got = String::new();
            reader.read_line(&mut got).map_err(fail)?;
            match got.trim_end() == want {
                true => Ok(()),
                false => Err(format!("memcached answered {got:?}, wanted {want:?}")),
            }
        };
        let value = |k: usize| format!("{i}-{k}-").repeat(1 + k * 17);
        for k in 0..50 {
            let v = value(k);
            write!(writer, "set key{i}.{k} 0 0 {}\r\n{v}\r\n", v.len()).map_err(fail)?;
            line("STORED")?;
        }
        for k in 0..50 {
            let v = value(k);
            write!(writer, "get key{i}.{k}\r\n").map_err(fail)?;
            line(&format!("VALUE key{i}.{k} 0 {}", v.len()))?;
            line(&v)?;
            line("END")?;
        }
        Ok::<_, String>(())
    })
}

/// redis-server: an epoll loop, three threads for slow work in the background
/// (bio), and as many as said for I/O.
fn redis(place: &Place, mode: Mode, io_threads: &str) -> Result<(), String> {
    let port = free_port();
    // Debian's redis-tools has the one binary under this name; the package
    // redis-server would start a service.
    let mut c = place.command(mode, "redis-check-rdb");
    c.arg0("redis-server");
    c.args(["--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]);
    c.args(["--io-threads", io_threads, "--io-threads-do-reads", "yes", "--appendonly", "yes"]);
    c.args(["--port", &port.to_string()]);
    let mut server = Started::new(&mut c)?;
    server.wait_listening(port)?;
    let mut bench = place.command(Mode::Native, "redis-benchmark");
    bench.args(["-p", &port.to_string(), "-n", "4000", "-c", "30", "-q", "-t", "set,get,lpush"]);
    run(&mut bench, b"", PATIENCE)?.success("redis-benchmark")?;
    at_once(20, |i| {
        let stream = connect(port)?;
        let fail = |e: std::io::Error| format!("redis: {e}");
        let mut writer = stream.try_clone().map_err(fail)?;
        let mut reader = BufReader::new(stream);
        for k in 0..30 {
            let value = format!("{i}.{k}").repeat(50);
            write!(writer, "SET key:{i}:{k} {value}\r\nGET key:{i}:{k}\r\n").map_err(fail)?;
            for want in ["+OK".to_owned(), format!("${}", value.len()), value] {
                let mut got = String::new();
                reader.read_line(&mut got).map_err(fail)?;
                if got.trim_end() != want {
                    return Err(format!("redis answered {got:?}, wanted {want:?}"));
                }
            }
        }
        Ok(())
    })?;
    // With a last fsync by the bio threads.
    terminate(place, server, "redis-server")
}

/// CPython's ThreadingHTTPServer, a thread for each connection, under `wrk`.
fn python_http(place: &Place, mode: Mode) -> Result<(), String> {
    let script = place.source("tests/real/own/http_server.py");
    let mut server = Started::new(place.command(mode, "/usr/bin/python3").arg("-uB").arg(&script))?;
    let port: u16 = server.wait_for("its port", |s| s.stdout().trim().parse().ok())?;
    let url = format!("http://127.0.0.1:{port}/load");
    under_wrk(place, 40, &url, || check_threads(&server, mode, 30))?;
    match get(connect(port)?, "/again")? == b"you asked for /again\n" {
        true => Ok(()),
        false => Err("another body after the load".into()),
    }
}

/// End it by SIGTERM, which it has a handler for.
pub fn terminate(place: &Place, server: Started, name: &str) -> Result<(), String> {
    let mut stop = place.command(Mode::Native, "kill");
    run(stop.arg(server.pid().to_string()), b"", PATIENCE)?.success("kill")?;
    server.wait(PATIENCE)?.success(&format!("{name} after SIGTERM")).map(drop)
}

/// `wrk` asks for `url` for two seconds, through so many connections; after the first `check`
/// looks at the server.
pub fn under_wrk(
    place: &Place,
    connections: usize,
    url: &str,
    check: impl FnOnce() -> Result<(), String>,
) -> Result<(), String> {
    let mut wrk = place.command(Mode::Native, "wrk");
    wrk.args(["-t1", &format!("-c{connections}"), "-d2s", "--timeout", "20s", url]);
    let load = Started::new(&mut wrk)?;
    std::thread::sleep(Duration::from_secs(1));
    check()?;
    check_wrk(&load.wait(PATIENCE)?.success("wrk")?.stdout_text())
}

/// `wrk` names errors only when there are any.
pub fn check_wrk(text: &str) -> Result<(), String> {
    let requests = text
        .lines()
        .find(|l| l.contains(" requests in "))
        .and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
    match requests {
        Some(n) if n >= 50 && !text.contains("Socket errors") && !text.contains("Non-2xx") => {
            Ok(())
        }
        _ => Err(format!("wrk says:\n{text}")),
    }
}
