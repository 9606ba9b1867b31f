//! A chat: whatever one says all others hear. Each connection has a greenlet
//! that reads and one that writes, with a queue between them and the rest.
//!
//!     cargo run --release --example chat_server 127.0.0.1:6000
//!     nc 127.0.0.1 6000
//!
//! Without an address it talks to itself, with three clients, and prints what each
//! of them hears.

use geventrs::queue::Queue;
use geventrs::server::StreamServer;
use geventrs::socket::{TcpListener, TcpStream};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Lines, Write};
use std::sync::{Arc, Mutex};

/// What is to be sent to one of those present.
type Outbox = Arc<Queue<String>>;

#[derive(Default)]
struct Room {
    /// By name. Held between waits only.
    present: Mutex<BTreeMap<String, Outbox>>,
}

impl Room {
    fn tell_others(&self, me: &str, line: &str) {
        let present = self.present.lock().expect("nobody panics in here");
        for (_, outbox) in present.iter().filter(|(name, _)| *name != me) {
            // Unbounded, so this does not wait; and who has left hears nothing.
            let _ = outbox.put(line.to_owned());
        }
    }
}

fn serve(room: &Room, stream: TcpStream) -> io::Result<()> {
    let stream = Arc::new(stream);
    let mut lines = BufReader::new(&*stream).lines();
    let Some(name) = lines.next().transpose()? else {
        return Ok(());
    };
    let outbox = Outbox::default();
    room.present.lock().expect("nobody panics in here").insert(name.clone(), outbox.clone());
    let writer = {
        let (stream, outbox) = (stream.clone(), outbox.clone());
        geventrs::spawn(move || outbox.iter().try_for_each(|line| writeln!(&*stream, "{line}")))
    };
    let _ = outbox.put(format!("welcome, {name}"));
    room.tell_others(&name, &format!("{name} has come"));
    for line in lines.map_while(Result::ok) {
        room.tell_others(&name, &format!("{name}: {line}"));
    }
    room.present.lock().expect("nobody panics in here").remove(&name);
    room.tell_others(&name, &format!("{name} has left"));
    outbox.shutdown(false);
    writer.join(None);
    Ok(())
}

fn server(address: &str) -> io::Result<StreamServer<TcpListener>> {
    let room = Room::default();
    Ok(StreamServer::new(TcpListener::bind(address)?, move |stream, _| {
        if let Err(e) = serve(&room, stream) {
            eprintln!("a connection has failed: {e}");
        }
    }))
}

/// One who takes part.
struct Client {
    stream: Arc<TcpStream>,
    lines: Lines<BufReader<TcpStream>>,
}

impl Client {
    fn new(server: &StreamServer<TcpListener>, name: &str) -> io::Result<Client> {
        let stream = TcpStream::connect(server.listener().local_addr()?)?;
        let lines = BufReader::new(stream.try_clone()?).lines();
        let mut client = Client { stream: Arc::new(stream), lines };
        client.say(name)?;
        client.hear(name)?;
        Ok(client)
    }

    fn say(&self, line: &str) -> io::Result<()> {
        writeln!(&*self.stream, "{line}")
    }

    fn hear(&mut self, me: &str) -> io::Result<()> {
        let line = self.lines.next().unwrap_or_else(|| Ok("the end".into()))?;
        println!("{me} hears: {line}");
        Ok(())
    }
}

fn main() -> io::Result<()> {
    if let Some(address) = std::env::args().nth(1) {
        server(&address)?.serve_forever();
        return Ok(());
    }
    let server = server("127.0.0.1:0")?;
    server.start();
    let mut ann = Client::new(&server, "ann")?;
    let mut bob = Client::new(&server, "bob")?;
    ann.hear("ann")?;
    let mut cid = Client::new(&server, "cid")?;
    ann.hear("ann")?;
    bob.hear("bob")?;
    ann.say("good morning")?;
    bob.hear("bob")?;
    cid.hear("cid")?;
    cid.stream.shutdown(std::net::Shutdown::Write)?;
    ann.hear("ann")?;
    bob.hear("bob")?;
    cid.hear("cid")?;
    drop((ann, bob, cid));
    server.stop(None);
    Ok(())
}
