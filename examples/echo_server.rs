//! An echo server: a greenlet a connection, each in a loop of blocking calls.
//!
//!     cargo run --release --example echo_server 127.0.0.1:6000
//!     nc 127.0.0.1 6000
//!
//! Without an address it serves a hundred clients of its own, and prints how many
//! got back what they had sent.

use geventrs::server::StreamServer;
use geventrs::socket::{TcpListener, TcpStream};
use std::io::{self, Read, Write};

fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            n => stream.write_all(&buffer[..n])?,
        }
    }
}

fn main() -> io::Result<()> {
    let address = std::env::args().nth(1);
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0"))?;
    let port = listener.local_addr()?.port();
    let server = StreamServer::new(listener, |stream, from| {
        if let Err(e) = echo(stream) {
            eprintln!("the connection from {from} has failed: {e}");
        }
    });
    if address.is_some() {
        println!("listening on port {port}");
        server.serve_forever();
        return Ok(());
    }
    server.start();
    let clients: Vec<_> = (0..100)
        .map(|n| {
            geventrs::spawn(move || -> io::Result<bool> {
                let mut stream = TcpStream::connect(("127.0.0.1", port))?;
                let text = format!("hello from client {n}");
                let mut back = vec![0; text.len()];
                for _ in 0..10 {
                    stream.write_all(text.as_bytes())?;
                    stream.read_exact(&mut back)?;
                }
                Ok(back == text.as_bytes())
            })
        })
        .collect();
    let well = clients.into_iter().filter_map(|g| g.get().ok()?.ok()).filter(|&same| same);
    println!("{} of 100 clients got their own text back", well.count());
    server.stop(None);
    Ok(())
}
