//! Crawls a web site of its own, at most three pages at a time, and prints the
//! status and name of each page that it has found. The site is a server in the same
//! program, which takes 20 ms a page: eleven pages, and one that is missing, take five
//! times as long, not twelve.
//!
//!     cargo run --release --example crawler

use geventrs::lock::Mutex;
use geventrs::pool::Pool;
use geventrs::server::StreamServer;
use geventrs::socket::{TcpListener, TcpStream};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// What each page links to.
fn links(page: &str) -> Option<Vec<String>> {
    match page {
        "/" => Some(["/a", "/b", "/missing"].map(String::from).into()),
        "/a" | "/b" => Some((1..=4).map(|n| format!("{page}/{n}")).collect()),
        "/a/1" => Some(vec!["/".into(), "/b/2".into()]),
        _ if page.len() == 4 => Some(vec![]),
        _ => None,
    }
}

fn serve(stream: TcpStream) -> io::Result<()> {
    let mut request = String::new();
    BufReader::new(&stream).read_line(&mut request)?;
    let page = request.split_whitespace().nth(1).unwrap_or("/");
    geventrs::sleep(Duration::from_millis(20));
    match links(page) {
        Some(links) => {
            let body: String = links.iter().map(|l| format!("<a href=\"{l}\">\n")).collect();
            write!(&stream, "HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        }
        None => write!(&stream, "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    }
}

/// The status and the links of a page.
fn fetch(site: SocketAddr, page: &str) -> io::Result<(u16, Vec<String>)> {
    let mut stream = TcpStream::connect(site)?;
    write!(stream, "GET {page} HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let links = answer.split("href=\"").skip(1).filter_map(|l| l.split('"').next());
    Ok((status, links.map(String::from).collect()))
}

/// What is shared by all who crawl.
struct Crawl {
    site: SocketAddr,
    pool: Pool,
    /// The status of each page seen; 0 while it is being fetched.
    seen: Mutex<BTreeMap<String, u16>>,
}

fn visit(crawl: &Arc<Crawl>, page: String) {
    if crawl.seen.lock().insert(page.clone(), 0).is_some() {
        return;
    }
    let other = crawl.clone();
    // Not `spawn`, which would wait for room in the pool from inside it.
    crawl.pool.apply_async(move || {
        let (status, links) = fetch(other.site, &page).unwrap_or((0, vec![]));
        other.seen.lock().insert(page, status);
        let new: Vec<String> =
            links.into_iter().filter(|l| !other.seen.lock().contains_key(l)).collect();
        new.into_iter().for_each(|link| visit(&other, link));
    });
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let site = listener.local_addr()?;
    let server = StreamServer::new(listener, |stream, _| {
        if let Err(e) = serve(stream) {
            eprintln!("a page was not sent: {e}");
        }
    });
    server.start();

    let crawl = Arc::new(Crawl { site, pool: Pool::new(3), seen: Mutex::default() });
    visit(&crawl, "/".into());
    crawl.pool.join(None);
    for (page, status) in &*crawl.seen.lock() {
        println!("{status} {page}");
    }
    server.stop(None);
    Ok(())
}
