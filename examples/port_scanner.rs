//! Scans a range of ports on loopback, two hundred at a time, each for at most
//! half a second.
//!
//!     cargo run --release --example port_scanner 1 10000
//!
//! Prints each port that is open. Without a range it opens three ports and says
//! whether it has found them again.

use geventrs::pool::Pool;
use geventrs::socket::{TcpListener, TcpStream};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

fn open_ports(ports: impl IntoIterator<Item = u16, IntoIter: Send + 'static>) -> Vec<u16> {
    let scan = Pool::new(200).imap(ports, None, |port| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok().then_some(port)
    });
    scan.filter_map(|found| found.ok().flatten()).collect()
}

fn main() -> io::Result<()> {
    let words: Vec<u16> = std::env::args().skip(1).filter_map(|w| w.parse().ok()).collect();
    if let [first, last] = words[..] {
        for port in open_ports(first..=last) {
            println!("{port} is open");
        }
        return Ok(());
    }
    let listeners: Vec<TcpListener> =
        (0..3).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<io::Result<_>>()?;
    let mut opened = vec![];
    for listener in &listeners {
        opened.push(listener.local_addr()?.port());
    }
    // A neighbourhood of each.
    let mut ports: Vec<u16> = opened.iter().flat_map(|&p| p.saturating_sub(50)..=p).collect();
    ports.sort();
    ports.dedup();
    let found = open_ports(ports);
    println!("found all: {}", opened.iter().all(|p| found.contains(p)));
    drop(listeners);
    let still = open_ports(opened.clone());
    println!("still open: {}", opened.iter().filter(|p| still.contains(p)).count());
    Ok(())
}
