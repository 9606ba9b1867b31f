//! Servers.

use super::support::{log, ms, with, Case, Finally, LONG, SOON};
use geventrs::event::Event;
use geventrs::pool::Pool;
use geventrs::server::{DatagramServer, StreamServer};
use geventrs::socket::{TcpListener, TcpStream, UdpSocket};
use geventrs::{sleep, GreenletExit};
use std::io::{Read, Write};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

fn serving(handle: impl Fn(TcpStream) + Send + Sync + 'static) -> StreamServer<TcpListener> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    StreamServer::new(listener, move |stream, _| handle(stream))
}

/// One read, as text.
fn text(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 9];
    let n = stream.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..n]).into_owned()
}

/// What a server says to who connects.
fn asked(server: &StreamServer<TcpListener>) -> String {
    text(&mut TcpStream::connect(server.listener().local_addr().unwrap()).unwrap())
}

pub const CASES: &[Case] = &[
    ("server", |l| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = l.clone();
        let server = StreamServer::new(listener, move |mut stream: TcpStream, _| {
            let _at_the_end = Finally(log.clone(), "ended");
            let _ = stream.write_all(b"x");
            sleep(LONG);
        })
        .with_pool(Pool::new(2));
        log!(l, "{}", server.is_started());
        server.start();
        log!(l, "{}", server.is_started());
        let mut clients = [0, 1, 2].map(|_| TcpStream::connect(address).unwrap());
        clients[2].set_read_timeout(Some(ms(100)));
        for client in &mut clients {
            log!(l, "{}", client.read(&mut [0; 1]).is_ok());
        }
        server.stop(SOON);
        log!(l, "{}", server.is_started());
    }),
    ("server_handler_fails", |l| {
        let calls = AtomicUsize::new(0);
        let server = serving(move |mut stream| {
            if calls.fetch_add(1, Ordering::Relaxed) == 0 {
                // As a panic without the line on stderr.
                resume_unwind(Box::new(GreenletExit));
            }
            stream.write_all(b"x").unwrap();
        });
        server.start();
        log!(l, "{} {}", asked(&server).len(), asked(&server));
        server.stop(None);
    }),
    ("server_closes_after_handler", |l| {
        let server = serving(|mut stream| stream.write_all(b"x").unwrap());
        server.start();
        let mut client = TcpStream::connect(server.listener().local_addr().unwrap()).unwrap();
        let (first, then) = (text(&mut client), text(&mut client).len());
        log!(l, "{first} {then}");
        server.stop(None);
    }),
    ("server_pool_waits", |l| {
        let end = Arc::new(Event::new());
        let theirs = end.clone();
        let server = serving(move |mut stream| {
            stream.write_all(b"x").unwrap();
            theirs.wait(None);
        });
        let server = Arc::new(server.with_pool(Pool::new(1)));
        server.start();
        log!(l, "{}", asked(&server));
        let g = with(l, &server, |l, server| l.say(asked(&server)));
        sleep(ms(50));
        log!(l, "{}", g.ready());
        end.set();
        g.join(None);
        server.stop(None);
    }),
    ("server_stop_ends_serve_forever", |l| {
        let server = Arc::new(serving(drop));
        let g = with(l, &server, |_, server| server.serve_forever());
        sleep(ms(10));
        log!(l, "{}", server.is_started());
        server.stop(None);
        g.join(None);
        log!(l, "{}", server.is_started());
    }),
    ("server_forever_killed", |l| {
        let server = Arc::new(serving(drop));
        let g = with(l, &server, |_, server| server.serve_forever());
        sleep(ms(10));
        g.kill(None);
        log!(l, "{} {}", g.ready(), server.is_started());
    }),
    ("server_stop_accepting", |l| {
        let server = Arc::new(serving(|mut stream| stream.write_all(b"x").unwrap()));
        server.start();
        server.stop_accepting();
        let g = with(l, &server, |l, server| l.say(asked(&server)));
        sleep(ms(50));
        log!(l, "{}", g.ready());
        server.start();
        g.join(None);
        server.stop(None);
    }),
    ("server_start_twice", |l| {
        let server = serving(|mut stream| stream.write_all(b"x").unwrap());
        server.start();
        server.start();
        log!(l, "{}", asked(&server));
        server.stop(None);
        server.stop(None);
    }),
    ("server_datagrams", |l| {
        let log = l.clone();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let server = DatagramServer::new(socket, move |socket, data, address| {
            let data = String::from_utf8_lossy(data);
            log.say(&data);
            socket.send_to(data.to_uppercase().as_bytes(), address).unwrap();
        });
        server.start();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.socket().local_addr().unwrap()).unwrap();
        let mut bytes = [0; 9];
        client.send(b"a").unwrap();
        let n = client.recv(&mut bytes).unwrap();
        log!(l, "{}", String::from_utf8_lossy(&bytes[..n]));
        client.send(b"").unwrap();
        log!(l, "{}", client.recv(&mut bytes).unwrap());
        server.stop(None);
        log!(l, "{}", server.is_started());
    }),
];
