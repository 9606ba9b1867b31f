//! std::thread, mpsc, Mutex/Condvar, Barrier, thread_local! and std::net in one
//! program: a line server with a thread for each connection, whose handlers
//! report to a collector over a channel; clients in threads check all answers.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{channel, sync_channel, RecvTimeoutError, Sender};
use std::sync::{Arc, Barrier, Condvar, Mutex, OnceLock, RwLock};
use std::thread;
use std::time::Duration;

const CLIENTS: usize = 50;
const LINES: usize = 40;

thread_local! {
    static SERVED: Cell<usize> = const { Cell::new(0) };
}

fn handle(stream: TcpStream, report: Sender<(usize, usize)>) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut who = 0;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let (client, text) = line.split_once(' ').expect("client and text");
        who = client.parse().expect("a number");
        SERVED.set(SERVED.get() + 1);
        writeln!(writer, "{} {}", text.to_uppercase(), SERVED.get())?;
    }
    report.send((who, SERVED.get())).expect("the collector lives");
    Ok(())
}

fn client(port: u16, i: usize, gate: &Barrier) -> std::io::Result<usize> {
    gate.wait();
    let stream = TcpStream::connect(("localhost", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(50)))?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    for k in 1..=LINES {
        writeln!(writer, "{i} line {k} {}", "x".repeat(k * 50))?;
        let mut answer = String::new();
        reader.read_line(&mut answer)?;
        assert_eq!(answer, format!("LINE {k} {} {k}\n", "X".repeat(k * 50)));
    }
    writer.shutdown(Shutdown::Write)?;
    reader.read_to_end(&mut vec![])?;
    Ok(LINES)
}

fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().unwrap().port();
    let (report, reports) = channel();
    let acceptor = thread::spawn(move || {
        let handlers: Vec<_> = listener
            .incoming()
            .take(CLIENTS)
            .map(|stream| {
                let report = report.clone();
                thread::spawn(move || handle(stream.unwrap(), report).unwrap())
            })
            .collect();
        handlers.into_iter().for_each(|h| h.join().unwrap());
    });
    let gate = Arc::new(Barrier::new(CLIENTS));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|i| {
            let gate = gate.clone();
            thread::spawn(move || client(port, i, &gate).unwrap())
        })
        .collect();
    let by_client: BTreeMap<usize, usize> = reports.iter().collect();
    let answers: usize = clients.into_iter().map(|c| c.join().unwrap()).sum();
    acceptor.join().unwrap();
    println!("{} clients, {answers} answers", by_client.len());
    println!("each its own count: {}", by_client.values().all(|&n| n == LINES));
}

fn channels() {
    let (tx, rx) = sync_channel(0);
    let producers: Vec<_> = (0..8u64)
        .map(|p| {
            let tx = tx.clone();
            thread::Builder::new()
                .name(format!("producer {p}"))
                .spawn(move || (0..100).for_each(|n| tx.send(p * 100 + n).unwrap()))
                .unwrap()
        })
        .collect();
    drop(tx);
    println!("rendezvous sum {}", rx.iter().sum::<u64>());
    producers.into_iter().for_each(|p| p.join().unwrap());
    let (_tx, rx) = channel::<()>();
    let late = rx.recv_timeout(Duration::from_millis(20));
    println!("time-out {}", late == Err(RecvTimeoutError::Timeout));
}

fn locks() {
    static TABLE: OnceLock<RwLock<BTreeMap<usize, usize>>> = OnceLock::new();
    let turn = (Mutex::new(0usize), Condvar::new());
    let mut order = vec![];
    thread::scope(|s| {
        let hands: Vec<_> = (0..10)
            .map(|i| {
                let turn = &turn;
                s.spawn(move || {
                    let table = TABLE.get_or_init(Default::default);
                    let (lock, cond) = turn;
                    for round in 0..20 {
                        let want = round * 10 + i;
                        let mut now = cond.wait_while(lock.lock().unwrap(), |n| *n != want).unwrap();
                        table.write().unwrap().insert(want, i);
                        *now += 1;
                        cond.notify_all();
                    }
                    table.read().unwrap().len() > i
                })
            })
            .collect();
        order.extend(hands.into_iter().map(|h| h.join().unwrap()));
    });
    let table = TABLE.get().unwrap().read().unwrap();
    println!("turns {} in order {}", table.len(), table.iter().all(|(n, i)| n % 10 == *i));
    let poisoned = Mutex::new(());
    let panicked = thread::scope(|s| {
        s.spawn(|| {
            let _held = poisoned.lock();
            std::panic::resume_unwind(Box::new("without a message"));
        })
        .join()
        .is_err()
    });
    println!("panic arrives {panicked}, mutex poisoned {}", poisoned.is_poisoned());
}

fn main() {
    serve();
    channels();
    locks();
    thread::park_timeout(Duration::from_millis(5));
    println!("done");
}
