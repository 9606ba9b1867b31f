//! Sockets, select and poll.

use super::support::{is_killed, log, with, Case, LONG, SOON, ZERO};
use geventrs::socket::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use geventrs::timeout::with_timeout;
use geventrs::{select, sleep, spawn, spawn_later, wait_fd, yield_now, Interest, Poll};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::sync::Arc;

fn pair() -> (Arc<UnixStream>, Arc<UnixStream>) {
    let (a, b) = UnixStream::pair().unwrap();
    (Arc::new(a), Arc::new(b))
}

/// One read, as text.
fn text(mut stream: &UnixStream, room: usize) -> String {
    let mut bytes = vec![0; room];
    let n = stream.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

pub const CASES: &[Case] = &[
    ("select", |l| {
        let (mut reader, mut writer) = std::io::pipe().unwrap();
        let (r, w) = (reader.as_raw_fd(), writer.as_raw_fd());
        let now = select(&[r], &[w], &[], ZERO).unwrap();
        log!(l, "{} {}", now.reads.len(), now.writes.len());
        writer.write_all(b"x").unwrap();
        log!(l, "{}", select(&[r], &[], &[], None).unwrap().reads.len());
        l.spawn("ran");
        log!(l, "{}", select(&[], &[], &[], ZERO).unwrap().is_empty());
        let mut poll = Poll::new();
        poll.register(r, Poll::IN);
        log!(l, "{}", poll.poll(ZERO).unwrap()[0].1);
        let _ = reader.read(&mut [0; 1]).unwrap();
        log!(l, "{}", poll.poll(ZERO).unwrap().len());
        drop(writer);
        log!(l, "{}", poll.poll(None).unwrap().len());
        log!(l, "{}", poll.unregister(999));
        drop(reader);
        log!(l, "{}", poll.poll(ZERO).unwrap()[0].1);
        log!(l, "{}", select(&[r], &[], &[], ZERO).unwrap_err().raw_os_error().unwrap());
    }),
    ("poll_zero", |l| {
        let (reader, _writer) = std::io::pipe().unwrap();
        l.spawn("ran");
        let mut poll = geventrs::Poll::new();
        poll.register(reader.as_raw_fd(), geventrs::Poll::IN);
        log!(l, "{}", poll.poll(ZERO).unwrap().len());
    }),
    ("socket", |l| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let g = with(l, &(), move |l, ()| {
            let (mut accepted, _) = listener.accept().unwrap();
            let mut bytes = [0; 10];
            let n = accepted.read(&mut bytes).unwrap();
            log!(l, "{}", String::from_utf8_lossy(&bytes[..n]));
            log!(l, "{}", accepted.read(&mut bytes).unwrap());
        });
        let mut client = TcpStream::connect(address).unwrap();
        client.set_read_timeout(SOON);
        log!(l, "{}", client.read(&mut [0; 1]).is_err());
        client.write_all(b"hello").unwrap();
        drop(client);
        g.join(None);
        let refused = geventrs::socket::create_connection(address, None);
        log!(l, "{}", refused.unwrap_err().raw_os_error().unwrap());
    }),
    ("socket_sendall_large", |l| {
        let (mut a, mut b) = UnixStream::pair().unwrap();
        let data: Vec<u8> = (0..8192).flat_map(|_| 0..=255).collect();
        let size = data.len();
        let g = spawn(move || {
            let mut got = vec![0; size];
            b.read_exact(&mut got).unwrap();
            got
        });
        a.write_all(&data).unwrap();
        log!(l, "{}", g.get().unwrap() == data);
    }),
    ("socket_shutdown", |l| {
        let (a, b) = pair();
        let g = with(l, &b, |l, b| log!(l, "end {}", text(&b, 9).len()));
        yield_now();
        a.shutdown(Shutdown::Write).unwrap();
        g.join(None);
        (&*b).write_all(b"back").unwrap();
        log!(l, "{}", text(&a, 9));
    }),
    ("socket_recv_killed", |l| {
        let (a, b) = pair();
        let g = with(l, &b, |l, b| {
            let killed = is_killed(|| drop(text(&b, 1)));
            log!(l, "killed {killed}");
        });
        yield_now();
        g.kill(None);
        (&*a).write_all(b"kept").unwrap();
        log!(l, "{}", text(&b, 9));
    }),
    ("socket_timeout_keeps", |l| {
        let (a, b) = pair();
        b.set_read_timeout(SOON);
        log!(l, "{}", (&*b).read(&mut [0]).is_err());
        let ended = with_timeout(SOON.unwrap(), || {
            b.set_read_timeout(None);
            text(&b, 1);
            l.say("not reached");
        });
        assert!(ended.is_err());
        (&*a).write_all(b"kept").unwrap();
        log!(l, "{}", text(&b, 9));
    }),
    ("socket_accept_timeout", |l| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_timeout(SOON);
        l.spawn("ran");
        log!(l, "{}", listener.accept().is_err());
    }),
    ("socket_datagrams", |l| {
        let [a, b] = [0, 1].map(|_| Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap()));
        let to = b.local_addr().unwrap();
        let g = with(l, &b, |_, b| {
            let mut bytes = [0; 3];
            let (n, address) = b.recv_from(&mut bytes).unwrap();
            (String::from_utf8_lossy(&bytes[..n]).into_owned(), address)
        });
        yield_now();
        log!(l, "{}", a.send_to(b"hello", to).unwrap());
        let (data, address) = g.get().unwrap();
        log!(l, "{data} {}", address == a.local_addr().unwrap());
        b.set_read_timeout(SOON);
        log!(l, "{}", b.recv_from(&mut [0]).is_err());
    }),
    ("socket_unix", |l| {
        let path = std::env::temp_dir().join(format!("as_gevent.sock.{}", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        spawn(move || listener.accept().unwrap().0.write_all(b"hi").unwrap());
        let client = UnixStream::connect(&path).unwrap();
        log!(l, "{} {}", text(&client, 9), text(&client, 9).len());
        std::fs::remove_file(&path).unwrap();
        log!(l, "{}", UnixStream::connect(&path).unwrap_err().raw_os_error().unwrap());
    }),
    ("socket_peek", |l| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut b, _) = listener.accept().unwrap();
        a.write_all(b"hello").unwrap();
        let mut bytes = [0; 9];
        let n = b.peek(&mut bytes[..2]).unwrap();
        let peeked = String::from_utf8_lossy(&bytes[..n]).into_owned();
        let n = b.read(&mut bytes).unwrap();
        log!(l, "{peeked} {}", String::from_utf8_lossy(&bytes[..n]));
    }),
    ("socket_reset", |l| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut b, _) = listener.accept().unwrap();
        let reset = libc::linger { l_onoff: 1, l_linger: 0 };
        let size = size_of::<libc::linger>() as libc::socklen_t;
        let at = (&raw const reset).cast();
        // SAFETY: a `linger` and its size.
        unsafe { libc::setsockopt(a.as_raw_fd(), libc::SOL_SOCKET, libc::SO_LINGER, at, size) };
        drop(a);
        log!(l, "{}", b.read(&mut [0]).unwrap_err().raw_os_error().unwrap());
    }),
    ("socket_wait", |l| {
        let (a, b) = pair();
        wait_fd(a.as_raw_fd(), Interest::Write, None).unwrap();
        log!(l, "{}", !wait_fd(b.as_raw_fd(), Interest::Read, SOON).unwrap());
        spawn(move || {
            (&*a).write_all(b"x").unwrap();
            sleep(LONG); // it stays open
        });
        wait_fd(b.as_raw_fd(), Interest::Read, None).unwrap();
        log!(l, "{}", text(&b, 9));
    }),
    ("select_wakes", |l| {
        let ((a, b), (c, d)) = (pair(), pair());
        let theirs = a.clone();
        spawn_later(SOON.unwrap(), move || (&*theirs).write_all(b"x").unwrap());
        let [a, b, c, d] = [&a, &b, &c, &d].map(|s| s.as_raw_fd());
        let got = select(&[b, d], &[], &[], None).unwrap().reads;
        log!(l, "{} {}", got.len(), got[0] == b);
        let all = select(&[b, d], &[a, c], &[], ZERO).unwrap();
        log!(l, "[{}, {}, {}]", all.reads.len(), all.writes.len(), all.excepts.len());
    }),
    ("select_kill", |l| {
        let (a, b) = pair();
        let g = with(l, &b, |l, b| {
            let killed = is_killed(|| drop(select(&[b.as_raw_fd()], &[], &[], None)));
            log!(l, "killed {killed}");
        });
        yield_now();
        g.kill(None);
        (&*a).write_all(b"x").unwrap();
        log!(l, "{}", select(&[b.as_raw_fd()], &[], &[], None).unwrap().reads.len());
    }),
    ("select_two", |l| {
        let (a, b) = pair();
        let both = [0, 1].map(|_| {
            with(l, &b, |_, b| select(&[b.as_raw_fd()], &[], &[], None).unwrap().reads.len())
        });
        yield_now();
        (&*a).write_all(b"x").unwrap();
        log!(l, "{:?}", both.map(|g| g.get().unwrap()));
    }),
    ("poll_modify", |l| {
        let (_a, b) = pair();
        let fd = b.as_raw_fd();
        let mut poll = Poll::new();
        poll.register(fd, Poll::IN);
        log!(l, "{}", poll.poll(SOON).unwrap().len());
        poll.modify(fd, Poll::OUT);
        log!(l, "{}", poll.poll(ZERO).unwrap()[0].1);
        poll.unregister(fd);
        log!(l, "{}", poll.poll(SOON).unwrap().len());
    }),
];
