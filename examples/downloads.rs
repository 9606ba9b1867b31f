//! Downloads five files at once from a slow server of its own, and prints each
//! as it arrives: the small ones come first.
//!
//!     cargo run --release --example downloads

use geventrs::pool::Group;
use geventrs::server::StreamServer;
use geventrs::socket::{TcpListener, TcpStream};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::time::{Duration, Instant};

/// 10 kB every 20 ms.
fn serve(stream: TcpStream) -> io::Result<()> {
    let mut name = String::new();
    BufReader::new(&stream).read_line(&mut name)?;
    let tens = name.trim_end().trim_start_matches("file-").parse().unwrap_or(0);
    for _ in 0..tens {
        geventrs::sleep(Duration::from_millis(20));
        (&stream).write_all(&[b'x'; 10_000])?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = StreamServer::new(listener, |stream, _| {
        if let Err(e) = serve(stream) {
            eprintln!("a file was not sent: {e}");
        }
    });
    server.start();

    let start = Instant::now();
    let files = [10, 2, 8, 4, 6].map(|tens| format!("file-{tens}"));
    let downloads = Group::new().imap_unordered(files, None, move |file| {
        let mut stream = TcpStream::connect(address)?;
        writeln!(stream, "{file}")?;
        let mut content = vec![];
        stream.read_to_end(&mut content)?;
        io::Result::Ok((file, content.len()))
    });
    let mut total = 0;
    for download in downloads {
        let (file, length) = download.expect("no panic")?;
        println!("{file}: {length} bytes");
        total += length;
    }
    // One after another would take 600 ms.
    let soon = start.elapsed() < Duration::from_millis(550);
    println!("{total} bytes, {}", if soon { "all at once" } else { "on a busy machine" });
    server.stop(None);
    Ok(())
}
