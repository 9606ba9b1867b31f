//! Sockets, servers, files, child processes and signals on greenlets.

use crate::case::{case, Case};
use geventrs::event::Event;
use geventrs::fileobject::FileObject;
use geventrs::lock::Semaphore;
use geventrs::os::{fork, waitpid, Fork};
use geventrs::pool::Pool;
use geventrs::queue::Queue;
use geventrs::server::{DatagramServer, StreamServer};
use geventrs::socket::{
    create_connection, getaddrinfo, TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream,
};
use geventrs::subprocess::{call, run, Popen};
use geventrs::threadpool::ThreadPool;
use geventrs::timeout::with_timeout;
use geventrs::Poll;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("many_connections_echo_at_once", echo_many),
    case("a_large_transfer_waits_for_room_and_arrives_whole", large_transfer),
    case("a_read_times_out_and_the_connection_lives_on", read_times_out),
    case("waits_on_sockets_are_killed_and_cut_short", sockets_interrupted),
    case("bursts_of_messages_reach_their_readers_whole", bursts),
    case("what_came_before_a_kill_is_read", killed_when_it_came),
    case("a_time_out_that_comes_with_bytes_loses_none", late_when_it_came),
    case("a_time_out_takes_nothing_that_is_there", no_time_and_bytes),
    case("who_looks_beside_a_reader_is_told", looks_beside),
    case("two_greenlets_read_and_write_one_socket", both_directions),
    case("a_shutdown_wakes_the_reader", shutdown_wakes),
    case("a_refused_connection_is_an_error", refused),
    case("a_connect_that_nobody_answers_times_out", connect_times_out),
    case("closed_descriptors_numbers_are_used_again", reused_numbers),
    case("sockets_go_to_and_from_std_and_os_threads", std_and_threads),
    case("datagrams_keep_their_bounds", datagrams),
    case("unix_sockets_connect_and_wait_for_a_full_queue", unix_sockets),
    case("names_are_looked_up", names),
    case("a_server_handles_no_more_than_its_pool_has_room_for", server_pool),
    case("a_server_stops_waits_and_kills", server_stop),
    case("who_serves_for_ever_and_is_killed_stops_its_server", server_unwound),
    case("a_dropped_server_closes_its_socket", server_dropped),
    Case {
        name: "a_panic_in_a_handler_ends_its_connection_only",
        run: server_panic,
        signal: 0,
        stderr: &["failed with panic: bad request"],
    },
    case("a_server_goes_on_when_descriptors_run_out", server_backs_off),
    case("a_datagram_server_answers", datagram_server),
    case("poll_reports_what_was_registered", poll_reports),
    case("several_read_lines_of_one_pipe", file_readers),
    case("a_full_pipe_makes_the_writer_wait", file_full),
    case("a_regular_file_is_written_and_read", file_regular),
    case("a_file_object_leaves_the_flags_alone", file_flags),
    case("children_run_at_once_and_are_waited_for", children),
    case("communicate_moves_more_than_the_pipes_hold", communicate_large),
    case("communicate_goes_on_where_a_time_out_has_ended_it", communicate_again),
    case("a_child_that_takes_too_long_is_killed", child_times_out),
    case("a_killed_waiter_ends_its_child", child_of_killed),
    case("a_signal_is_handled_by_a_greenlet", signals),
    case("a_backdoor_answers_its_own_user", backdoor),
    case("a_run_info_has_the_stacks_of_those_that_wait", stacks),
    case("a_fork_has_the_calling_greenlet_only", fork_one),
    case("a_fork_is_refused_with_several_os_threads", fork_refused),
];

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

const LONG: Duration = Duration::from_secs(3600);

fn listener() -> (TcpListener, std::net::SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Two ends of a TCP connection.
fn connected() -> (TcpStream, TcpStream) {
    let (listener, address) = listener();
    let client = TcpStream::connect(address).unwrap();
    (client, listener.accept().unwrap().0)
}

// ---- sockets ----

fn echo_many() {
    let (listener, address) = listener();
    let server = geventrs::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            geventrs::spawn(move || {
                let mut buffer = [0; 100];
                while let Ok(n @ 1..) = stream.read(&mut buffer) {
                    stream.write_all(&buffer[..n]).unwrap();
                }
            });
        }
    });
    let clients: Vec<_> = (0..50)
        .map(|i| {
            geventrs::spawn(move || {
                let mut stream = TcpStream::connect(address).unwrap();
                stream.set_nodelay(true).unwrap();
                for n in 0..20 {
                    let line = format!("{i} {n}\n");
                    stream.write_all(line.as_bytes()).unwrap();
                    let mut back = vec![0; line.len()];
                    stream.read_exact(&mut back).unwrap();
                    assert_eq!(back, line.as_bytes());
                }
            })
        })
        .collect();
    clients.into_iter().for_each(|g| g.get().unwrap());
    server.kill(None);
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

fn large_transfer() {
    const N: usize = 20 << 20;
    let (mut a, mut b) = connected();
    let sends = geventrs::spawn(move || {
        let data: Vec<u8> = (0..N).map(|i| (i % 251) as u8).collect();
        a.write_all(&data).unwrap();
    });
    let (mut got, mut buffer) = (0, vec![0; 100_000]);
    loop {
        let n = b.read(&mut buffer).unwrap();
        if n == 0 {
            break;
        }
        assert!(buffer[..n].iter().enumerate().all(|(i, &b)| b == ((got + i) % 251) as u8));
        got += n;
    }
    assert_eq!(got, N);
    sends.get().unwrap();
}

fn read_times_out() {
    let (a, mut b) = connected();
    a.set_read_timeout(Some(ms(20)));
    assert_eq!((a.read_timeout(), a.write_timeout()), (Some(ms(20)), None));
    let g = geventrs::spawn(move || {
        let start = Instant::now();
        let mut buffer = [0; 10];
        assert_eq!((&a).read(&mut buffer).unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(start.elapsed() >= ms(20));
        a.set_read_timeout(None);
        (&a).read(&mut buffer).unwrap()
    });
    geventrs::sleep(ms(40));
    b.write_all(b"late").unwrap();
    assert_eq!(g.get().unwrap(), 4);
}

fn sockets_interrupted() {
    let waits = || -> Vec<Box<dyn FnMut() + Send>> {
        let (listener, _) = listener();
        let (a, b) = connected();
        let (full, other) = connected();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        vec![
            Box::new(move || drop(listener.accept())),
            Box::new(move || {
                let _b = &b;
                drop((&a).read(&mut [0; 10]));
            }),
            Box::new(move || {
                let _other = &other;
                drop((&full).write_all(&vec![0; 100 << 20]));
            }),
            Box::new(move || drop(udp.recv(&mut [0; 10]))),
        ]
    };
    for mut wait in waits() {
        let g = geventrs::spawn(move || with_timeout(ms(10), &mut wait).unwrap_err());
        assert!(g.join(Some(ms(5000))));
        g.get().unwrap();
    }
    for wait in waits() {
        let g = geventrs::spawn(wait);
        geventrs::sleep(ms(10));
        assert!(!g.ready() && g.kill(Some(ms(5000))));
    }
}

/// The hub reads for those who wait; of each kind of socket, and however it ends.
fn bursts() {
    const SIZE: usize = 64;
    const ROUNDS: usize = 20;
    let message = |round: usize| [round as u8; SIZE];
    let mut readers = vec![];
    let mut writers: Vec<Box<dyn FnMut(usize) + Send>> = vec![];
    for i in 0..24 {
        // What a round brings, in bytes; fewer and more than the reader asks for, too.
        let lengths: &[usize] = [&[SIZE][..], &[SIZE, SIZE], &[10], &[SIZE, 1]][i % 4];
        let each: usize = lengths.iter().sum();
        let (reads, mut writes): (Box<dyn Read + Send>, Box<dyn Write + Send>) = if i % 3 == 0 {
            let (a, b) = UnixStream::pair().unwrap();
            (Box::new(a), Box::new(b.into_std().unwrap()))
        } else {
            let (a, b) = connected();
            b.set_nodelay(true).unwrap();
            (Box::new(a), Box::new(b.into_std().unwrap()))
        };
        let mut reads = reads;
        readers.push(geventrs::spawn(move || {
            let (mut all, mut buffer) = (vec![], [0; SIZE]);
            loop {
                match reads.read(&mut buffer).unwrap() {
                    0 => break,
                    n => all.extend_from_slice(&buffer[..n]),
                }
            }
            let expected: Vec<u8> = (0..ROUNDS).flat_map(|r| vec![r as u8; each]).collect();
            assert_eq!(all, expected, "reader {i}");
        }));
        writers.push(Box::new(move |round| {
            for &length in lengths {
                writes.write_all(&message(round)[..length]).unwrap();
            }
        }));
    }
    let (datagrams, from) = {
        let (a, b) = (UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
        let (a, b) = (a.unwrap(), b.unwrap());
        b.connect(a.local_addr().unwrap()).unwrap();
        (a, b.into_std().unwrap())
    };
    let receives = geventrs::spawn(move || {
        let mut buffer = [0; SIZE];
        for round in 0..ROUNDS {
            for length in [SIZE, 0, 3] {
                assert_eq!(datagrams.recv(&mut buffer).unwrap(), length);
                assert_eq!(buffer[..length], message(round)[..length]);
            }
        }
    });
    // Another OS thread serves all of them in bursts, and ends them.
    let serves = std::thread::spawn(move || {
        for round in 0..ROUNDS {
            writers.iter_mut().for_each(|write| write(round));
            for length in [SIZE, 0, 3] {
                from.send(&message(round)[..length]).unwrap();
            }
            std::thread::sleep(ms(2));
        }
    });
    readers.into_iter().for_each(|g| g.get().unwrap());
    receives.get().unwrap();
    serves.join().unwrap();

    // An error is told once, to who waits.
    let (a, b) = connected();
    let reads = geventrs::spawn(move || {
        let first = (&a).read(&mut [0; SIZE]).unwrap_err().kind();
        (first, (&a).read(&mut [0; SIZE]).unwrap())
    });
    geventrs::sleep(ms(10));
    let reset = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: an option of a socket that we have, and its size.
    let set = unsafe {
        let (at, size) = ((&raw const reset).cast(), size_of_val(&reset) as u32);
        libc::setsockopt(b.as_raw_fd(), libc::SOL_SOCKET, libc::SO_LINGER, at, size)
    };
    assert_eq!(set, 0);
    drop(b);
    assert_eq!(reads.get().unwrap(), (ErrorKind::ConnectionReset, 0));
}

fn killed_when_it_came() {
    let ((a, mut b), (signal, mut gives)) = (connected(), connected());
    let a = Arc::new(a);
    let got = Arc::new(AtomicUsize::new(0));
    let reads = {
        let (a, got) = (a.clone(), got.clone());
        geventrs::spawn(move || loop {
            let n = (&*a).read(&mut [0; 16]).unwrap();
            got.fetch_add(n, Ordering::SeqCst);
        })
    };
    geventrs::yield_now();
    let reads = Arc::new(reads);
    let kills = {
        let reads = reads.clone();
        geventrs::spawn(move || {
            (&signal).read_exact(&mut [0]).unwrap();
            // The hub has heard of both: it has read for the reader, which has not run.
            let left = a.as_std().peek(&mut [0; 16]).map_err(|e| e.kind());
            reads.kill_nowait();
            left
        })
    };
    geventrs::sleep(ms(10));
    gives.write_all(b"!").unwrap();
    b.write_all(b"hello").unwrap();
    assert_eq!(kills.get().unwrap(), Err(ErrorKind::WouldBlock));
    assert!(reads.join(Some(ms(5000))));
    assert!(reads.exception().is_some());
    assert_eq!(got.load(Ordering::SeqCst), 5);
}

fn late_when_it_came() {
    let (a, mut b) = connected();
    let reads = geventrs::spawn(move || {
        let (mut got, mut late) = (0, 0);
        while got < 3 * 40 {
            match with_timeout(ms(3), || (&a).read(&mut [0; 16])) {
                Ok(n) => got += n.unwrap(),
                Err(_) => late += 1,
            }
            assert!(late < 100_000, "{got} bytes have come");
        }
        got
    });
    for i in 0..40 {
        geventrs::sleep(ms(1));
        b.write_all(b"abc").unwrap();
        // Nobody else runs meanwhile, so that time-out and bytes come together.
        std::thread::sleep(ms(i % 5));
    }
    assert_eq!(reads.get().unwrap(), 3 * 40);
}

/// Whatever the reader's habit was.
fn no_time_and_bytes() {
    let (mut a, mut b) = connected();
    geventrs::spawn(move || {
        let mut byte = [0];
        for bytes in ["1", "1", "1", "1", "1", "1", "22"] {
            let mut b = b.try_clone().unwrap();
            let writes = geventrs::spawn_later(ms(1), move || b.write_all(bytes.as_bytes()));
            a.read_exact(&mut byte).unwrap();
            writes.get().unwrap().unwrap();
        }
        with_timeout(ms(0), || a.read_exact(&mut byte).unwrap()).unwrap();
        b.write_all(b"3").unwrap();
        a.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"3");
    })
    .get()
    .unwrap();
}

fn looks_beside() {
    let (a, mut b) = connected();
    let a = Arc::new(a);
    let peeks = {
        let a = a.clone();
        geventrs::spawn(move || a.peek(&mut [0; 8]).unwrap())
    };
    let selects = {
        let fd = a.as_raw_fd();
        geventrs::spawn(move || geventrs::wait_fd(fd, geventrs::Interest::Read, None).unwrap())
    };
    geventrs::yield_now();
    // It comes last, and would leave nothing if it were served before the others.
    let reads = geventrs::spawn(move || (&*a).read(&mut [0; 8]).unwrap());
    geventrs::yield_now();
    b.write_all(b"for all").unwrap();
    assert_eq!((peeks.get().unwrap(), selects.get().unwrap(), reads.get().unwrap()), (7, true, 7));
}

fn both_directions() {
    let (a, b) = connected();
    let (a, b) = (Arc::new(a), Arc::new(b));
    let ends = [(a.clone(), b.clone()), (b, a)].map(|(from, to)| {
        let writes = geventrs::spawn(move || {
            (&*from).write_all(&vec![1; 3 << 20]).unwrap();
            from.shutdown(Shutdown::Write).unwrap();
        });
        let reads = geventrs::spawn(move || {
            let mut all = vec![];
            (&*to).read_to_end(&mut all).unwrap();
            all.len()
        });
        (writes, reads)
    });
    for (writes, reads) in ends {
        writes.get().unwrap();
        assert_eq!(reads.get().unwrap(), 3 << 20);
    }
}

fn shutdown_wakes() {
    let (a, b) = connected();
    let a = Arc::new(a);
    let reads = {
        let a = a.clone();
        geventrs::spawn(move || (&*a).read(&mut [0; 10]).unwrap())
    };
    geventrs::yield_now();
    a.shutdown(Shutdown::Both).unwrap();
    assert_eq!(reads.get().unwrap(), 0);
    assert_eq!((&b).read(&mut [0; 10]).unwrap(), 0);
}

fn refused() {
    let address = {
        let (_listener, address) = listener();
        address
    };
    geventrs::spawn(move || {
        for result in [
            TcpStream::connect(address),
            create_connection(address, Some(ms(1000))),
            TcpStream::connect("nonsense"),
            TcpStream::connect(("127.0.0.1", address.port())),
        ] {
            let kind = result.unwrap_err().kind();
            assert!(matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::InvalidInput));
        }
        assert!(UnixStream::connect("/no/such/socket").is_err());
        assert!(UnixStream::connect("x".repeat(200)).is_err());
    })
    .get()
    .unwrap();
}

fn connect_times_out() {
    // A queue that is full: the kernel drops further SYNs.
    let (full, address) = listener();
    // SAFETY: shortens the queue of a socket that we have.
    unsafe { libc::listen(full.as_raw_fd(), 0) };
    let _first: Vec<_> = (0..3).map(|_| TcpStream::connect_timeout(&address, ms(50))).collect();
    geventrs::spawn(move || {
        let start = Instant::now();
        let error = TcpStream::connect_timeout(&address, ms(30)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(start.elapsed() >= ms(30));
    })
    .get()
    .unwrap();
}

fn reused_numbers() {
    geventrs::spawn(|| {
        let mut numbers = vec![];
        for i in 0..6u8 {
            let (a, mut b) = UnixStream::pair().unwrap();
            numbers.push(a.as_raw_fd());
            let reads = geventrs::spawn(move || {
                let mut byte = [0];
                (&a).read_exact(&mut byte).unwrap();
                if byte[0] % 2 == 1 {
                    // Closed where nobody tells the hub.
                    std::thread::spawn(move || drop(a)).join().unwrap();
                }
                byte[0]
            });
            geventrs::yield_now();
            b.write_all(&[i]).unwrap();
            assert!(reads.join(Some(ms(5000))), "round {i}");
            assert_eq!(reads.get().unwrap(), i);
        }
        assert!(numbers.windows(2).all(|w| w[0] == w[1]), "{numbers:?}");
    })
    .get()
    .unwrap();
}

fn std_and_threads() {
    let (a, mut b) = connected();
    let a = Arc::new(a);
    let other = a.clone();
    // An OS thread blocks on it in the ordinary way.
    let thread = std::thread::spawn(move || {
        let mut text = [0; 5];
        (&*other).read_exact(&mut text).unwrap();
        let silent = with_timeout(ms(10), || (&*other).read(&mut [0]));
        (text, silent.is_err())
    });
    geventrs::spawn(|| geventrs::sleep(ms(10))).get().unwrap();
    b.write_all(b"hello").unwrap();
    assert_eq!(thread.join().unwrap(), (*b"hello", true));
    let std = Arc::into_inner(a).unwrap().into_std().unwrap();
    // SAFETY: only reads the flags.
    let flags = unsafe { libc::fcntl(std.as_raw_fd(), libc::F_GETFL) };
    assert_eq!(flags & libc::O_NONBLOCK, 0);
    let again = TcpStream::try_from(std).unwrap();
    let reads = geventrs::spawn(move || (&again).read(&mut [0; 9]).unwrap());
    geventrs::yield_now();
    b.write_all(b"again").unwrap();
    assert_eq!(reads.get().unwrap(), 5);
}

fn datagrams() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let echoes = geventrs::spawn(move || {
        let mut buffer = [0; 100];
        for _ in 0..3 {
            let (n, from) = server.recv_from(&mut buffer).unwrap();
            server.send_to(&buffer[..n], from).unwrap();
        }
    });
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.connect(address).unwrap();
    client.set_read_timeout(Some(ms(5000)));
    for text in ["one", "", "three"] {
        client.send(text.as_bytes()).unwrap();
        let mut buffer = [0; 100];
        let n = client.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..n], text.as_bytes());
    }
    echoes.get().unwrap();
}

fn unix_sockets() {
    let path = std::env::temp_dir().join(format!("geventrs-api-io-{}", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    // SAFETY: shortens the queue of a socket that we have.
    unsafe { libc::listen(listener.as_raw_fd(), 1) };
    let clients: Vec<_> = (0..10)
        .map(|i| {
            let path = path.clone();
            geventrs::spawn(move || {
                let mut stream = UnixStream::connect(path).unwrap();
                writeln!(stream, "{i}").unwrap();
            })
        })
        .collect();
    geventrs::sleep(ms(20));
    assert!(clients.iter().any(|g| !g.ready()), "the queue is full");
    let mut seen: Vec<u32> = (0..10)
        .map(|_| {
            let (stream, _) = listener.accept().unwrap();
            BufReader::new(stream).lines().next().unwrap().unwrap().parse().unwrap()
        })
        .collect();
    seen.sort();
    assert_eq!(seen, (0..10).collect::<Vec<_>>());
    std::fs::remove_file(path).unwrap();
}

fn names() {
    geventrs::spawn(|| {
        assert!(getaddrinfo("localhost", 80).unwrap().iter().all(|a| a.ip().is_loopback()));
        assert_eq!(getaddrinfo("::1", 1).unwrap(), ["[::1]:1".parse().unwrap()]);
        assert!(getaddrinfo("no such name.invalid", 80).is_err());
        let listener = TcpListener::bind("localhost:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        TcpStream::connect(format!("localhost:{port}")).unwrap();
    })
    .get()
    .unwrap();
}

// ---- servers ----

fn server_pool() {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let (listener, address) = listener();
    let server = StreamServer::new(listener, |mut stream: TcpStream, _| {
        MOST.fetch_max(NOW.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        geventrs::sleep(ms(5));
        stream.write_all(b"done").unwrap();
        NOW.fetch_sub(1, Ordering::Relaxed);
    })
    .with_pool(Pool::new(3));
    server.start();
    server.start();
    assert!(server.is_started());
    let clients: Vec<_> = (0..12)
        .map(|_| {
            geventrs::spawn(move || {
                let mut text = String::new();
                TcpStream::connect(address).unwrap().read_to_string(&mut text).unwrap();
                text
            })
        })
        .collect();
    assert!(clients.into_iter().all(|g| g.get().unwrap() == "done"));
    assert_eq!(MOST.load(Ordering::Relaxed), 3);
    server.stop(None);
    assert!(!server.is_started());
}

fn server_unwound() {
    let (listener, address) = listener();
    let server = Arc::new(StreamServer::new(listener, |stream, _| {
        std::io::copy(&mut &stream, &mut &stream).ok();
    }));
    let serves = {
        let server = server.clone();
        geventrs::spawn(move || server.serve_forever())
    };
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"!").unwrap();
    client.read_exact(&mut [0]).unwrap();
    assert!(server.is_started());
    assert!(serves.kill(None));
    assert!(!server.is_started());
    // Its handlers were given a second, and then killed.
    assert_eq!((server.connections(), client.read(&mut [0]).unwrap()), (0, 0));
}

fn server_stop() {
    static ENDS: Semaphore = Semaphore::new(0);
    let (listener, address) = listener();
    let server = Arc::new(StreamServer::new(listener, |stream: TcpStream, _| {
        let mut kind = [0];
        (&stream).read_exact(&mut kind).unwrap();
        geventrs::sleep(if kind == *b"q" { ms(30) } else { LONG });
        ENDS.release();
    }));
    let serves = {
        let server = server.clone();
        geventrs::spawn(move || server.serve_forever())
    };
    let clients = [b"q", b"s"].map(|kind| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(kind).unwrap();
        stream
    });
    geventrs::sleep(ms(10));
    assert_eq!(server.connections(), 2);
    let start = Instant::now();
    server.stop(Some(ms(100)));
    assert!(start.elapsed() >= ms(100) && start.elapsed() < ms(900));
    assert_eq!((server.connections(), ENDS.counter()), (0, 1));
    assert!(serves.join(None));
    // Both connections are closed, and it can be started again.
    assert!(clients.iter().all(|mut c| c.read(&mut [0]).unwrap() == 0));
    server.start();
    TcpStream::connect(address).unwrap().write_all(b"q").unwrap();
    assert!(ENDS.wait(None) > 0);
    server.stop(None);
}

fn server_dropped() {
    let (listener, address) = listener();
    let server = StreamServer::new(listener, |_: TcpStream, _| ());
    server.start();
    TcpStream::connect(address).unwrap();
    geventrs::sleep(ms(5));
    drop(server);
    geventrs::sleep(ms(5));
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

fn server_panic() {
    std::panic::set_hook(Box::new(|_| ()));
    let (listener, address) = listener();
    let server = StreamServer::new(listener, |mut stream: TcpStream, _| {
        let mut kind = [0];
        stream.read_exact(&mut kind).unwrap();
        assert!(kind != *b"!", "bad request");
        stream.write_all(b"ok").unwrap();
    });
    server.start();
    let ask = |kind: &[u8]| {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(kind).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert_eq!([ask(b"?"), ask(b"!"), ask(b"?")], ["ok", "", "ok"]);
}

fn server_backs_off() {
    let (listener, address) = listener();
    let server = StreamServer::new(listener, |mut stream: TcpStream, _| {
        stream.write_all(b"ok").unwrap();
    });
    server.start();
    let mut client = TcpStream::connect(address).unwrap();
    let limit = |n| {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: reads and writes the struct.
        unsafe {
            libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
            limit.rlim_cur = n;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    };
    limit(client.as_raw_fd() as u64 + 1);
    geventrs::sleep(ms(50));
    assert!(server.is_started());
    limit(1000);
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "ok");
}

fn datagram_server() {
    let server =
        DatagramServer::new(UdpSocket::bind("127.0.0.1:0").unwrap(), |socket, data, from| {
            geventrs::sleep(ms(data.len() as u64));
            socket.send_to(data, from).unwrap();
        })
        .with_pool(Pool::new(4));
    server.start();
    let address = server.socket().local_addr().unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(ms(5000)));
    for text in ["a longer datagram of text", "b"] {
        client.send_to(text.as_bytes(), address).unwrap();
    }
    let mut buffer = [0; 100];
    let (n, _) = client.recv_from(&mut buffer).unwrap();
    assert_eq!(&buffer[..n], b"b", "each has a greenlet of its own");
    server.stop(None);
    assert!(!server.is_started());
}

// ---- descriptors and files ----

fn poll_reports() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let (r, w) = (reader.as_raw_fd(), writer.as_raw_fd());
    geventrs::spawn(move || {
        let mut poll = Poll::new();
        poll.register(r, Poll::IN);
        poll.register(w, Poll::IN);
        assert_eq!(poll.poll(Some(ms(5))).unwrap(), []);
        assert!(poll.modify(w, Poll::OUT));
        assert_eq!(poll.poll(None).unwrap(), [(w, Poll::OUT)]);
        writer.write_all(b"x").unwrap();
        assert_eq!(poll.poll(None).unwrap(), [(r, Poll::IN), (w, Poll::OUT)]);
        assert!(poll.unregister(r) && !poll.unregister(r));
        poll.register(1000, Poll::IN);
        assert_eq!(poll.poll(None).unwrap(), [(w, Poll::OUT), (1000, Poll::NVAL)]);
        drop(reader);
        let mut poll = Poll::new();
        poll.register(w, Poll::OUT);
        assert_eq!(poll.poll(None).unwrap(), [(w, Poll::OUT | Poll::ERR)]);
    })
    .get()
    .unwrap();
}

fn file_readers() {
    static SUM: AtomicUsize = AtomicUsize::new(0);
    let (reader, writer) = std::io::pipe().unwrap();
    let reader = Arc::new(FileObject::new(reader));
    let all: Vec<_> = (0..4)
        .map(|_| {
            let reader = reader.clone();
            geventrs::spawn(move || {
                let mut buffer = [0; 3];
                while let Ok(n @ 1..) = (&*reader).read(&mut buffer) {
                    SUM.fetch_add(n, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut writer = FileObject::new(writer);
    for _ in 0..100 {
        writer.write_all(b"12345").unwrap();
        geventrs::yield_now();
    }
    drop(writer);
    assert_eq!(geventrs::joinall(&all, Some(ms(10_000))).len(), 4);
    assert_eq!(SUM.load(Ordering::Relaxed), 500);
}

fn file_full() {
    let (reader, writer) = std::io::pipe().unwrap();
    let writes = geventrs::spawn(move || FileObject::new(writer).write_all(&vec![7; 1 << 20]));
    geventrs::sleep(ms(10));
    assert!(!writes.ready());
    let mut all = vec![];
    FileObject::new(reader).read_to_end(&mut all).unwrap();
    assert_eq!(all, vec![7; 1 << 20]);
    writes.get().unwrap().unwrap();
}

fn file_regular() {
    geventrs::spawn(|| {
        let mut text = String::new();
        let file = std::fs::File::open("/proc/self/comm").unwrap();
        FileObject::new(file).read_to_string(&mut text).unwrap();
        assert!(!text.is_empty());
        let path = std::env::temp_dir().join(format!("geventrs-file-{}", std::process::id()));
        let all: Vec<u8> = (0..1u32 << 20).map(|i| (i % 249) as u8).collect();
        let mut file = FileObject::new(std::fs::File::create(&path).unwrap());
        file.write_all(&all).unwrap();
        file.sync_all().unwrap();
        // Out of the kernel's memory, so that it must be fetched.
        // SAFETY: a hint about a descriptor that we have.
        unsafe { libc::posix_fadvise(file.as_raw_fd(), 0, 0, libc::POSIX_FADV_DONTNEED) };
        let mut back = vec![];
        let mut file = FileObject::new(std::fs::File::open(&path).unwrap());
        file.read_to_end(&mut back).unwrap();
        assert!(back == all);
        std::fs::remove_file(path).unwrap();
    })
    .get()
    .unwrap();
}

fn file_flags() {
    let (reader, writer) = std::io::pipe().unwrap();
    let fd = reader.as_raw_fd();
    let mut reader = FileObject::new(reader);
    let reads = geventrs::spawn(move || reader.read(&mut [0; 9]).unwrap());
    geventrs::yield_now();
    // SAFETY: only reads the flags.
    assert_eq!(unsafe { libc::fcntl(fd, libc::F_GETFL) } & libc::O_NONBLOCK, 0);
    FileObject::new(writer).write_all(b"abc").unwrap();
    assert_eq!(reads.get().unwrap(), 3);
}

// ---- processes ----

fn children() {
    let start = Instant::now();
    let all: Vec<_> = (0..5)
        .map(|i| {
            geventrs::spawn(move || {
                let mut child =
                    Popen::new(Command::new("sh").arg("-c").arg(format!("sleep 0.3; exit {i}")))
                        .unwrap();
                assert_eq!(child.poll().unwrap(), None);
                child.wait(None).unwrap();
                child.returncode().unwrap()
            })
        })
        .collect();
    let codes: Vec<_> = all.into_iter().map(|g| g.get().unwrap()).collect();
    assert_eq!(codes, [0, 1, 2, 3, 4]);
    assert!(start.elapsed() < ms(1400), "at the same time");
    let mut killed = Popen::new(Command::new("sleep").arg("60")).unwrap();
    killed.terminate().unwrap();
    killed.wait(None).unwrap();
    assert_eq!(killed.returncode(), Some(-libc::SIGTERM));
    killed.kill().unwrap(); // it has ended, and its id may be another's
    assert!(Popen::new(&mut Command::new("/no/such/program")).is_err());
}

fn communicate_large() {
    let input: Vec<u8> = (0..3u32 << 20).map(|i| (i % 253) as u8).collect();
    let output = geventrs::spawn({
        let input = input.clone();
        move || {
            let mut command = Command::new("sh");
            command.args(["-c", "tee /dev/stderr"]);
            run(&mut command, &input, None).unwrap()
        }
    })
    .get()
    .unwrap();
    assert!(output.status.success());
    assert!(output.stdout == input && output.stderr == input);
    // One that does not read what it is given.
    let output = run(Command::new("sh").args(["-c", "echo no"]), &input, None).unwrap();
    assert_eq!(output.stdout, b"no\n");
    // On an OS thread that is no greenlet.
    let thread = std::thread::spawn(|| run(&mut Command::new("cat"), b"hi", None).unwrap().stdout);
    assert_eq!(thread.join().unwrap(), b"hi");
}

fn communicate_again() {
    // More than the pipes hold, so that both directions are half done when the time is up.
    let text = vec![b'x'; 300_000];
    let mut child = Popen::new(
        Command::new("sh")
            .args(["-c", "head -c 100000; sleep 0.3; cat; echo end >&2"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    )
    .unwrap();
    let error = child.communicate(&text, Some(ms(50))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let again = child.communicate(b"more", None).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::InvalidInput);
    // A limit that unwinds loses nothing either.
    assert!(with_timeout(ms(20), || child.communicate(b"", None)).is_err());
    let output = child.communicate(b"", None).unwrap();
    assert!(output.status.success());
    assert_eq!((output.stdout.len(), output.stderr), (text.len(), b"end\n".to_vec()));
}

fn child_times_out() {
    geventrs::spawn(|| {
        let start = Instant::now();
        let mut sleep = Command::new("sleep");
        sleep.arg("60");
        assert_eq!(call(&mut sleep, Some(ms(20))).unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(run(&mut sleep, b"", Some(ms(20))).unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(start.elapsed() < ms(10_000));
    })
    .get()
    .unwrap();
    no_children();
}

fn no_children() {
    // SAFETY: looks for any child.
    let any = unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
    assert_eq!(any, -1, "a child is left");
}

fn child_of_killed() {
    let waits = geventrs::spawn(|| call(Command::new("sleep").arg("60"), None));
    geventrs::sleep(ms(20));
    assert!(waits.kill(None));
    let cut = with_timeout(ms(20), || run(Command::new("sleep").arg("60"), b"", None));
    assert!(cut.is_err());
    no_children();
    // A child that is given its input's end.
    let mut command = Command::new("cat");
    let mut cat = Popen::new(command.stdin(Stdio::piped()).stdout(Stdio::null())).unwrap();
    cat.stdin.as_mut().unwrap().write_all(b"x").unwrap();
    cat.stdin = None;
    assert!(cat.wait(Some(ms(5000))).unwrap().unwrap().success());
}

fn signals() {
    static CAME: Queue<i32> = Queue::new();
    let one = geventrs::signal::handler(libc::SIGUSR1, || {
        geventrs::sleep(ms(1)); // it may wait
        CAME.put(1).unwrap();
    })
    .unwrap();
    let two = geventrs::signal::handler(libc::SIGUSR2, || CAME.put(2).unwrap()).unwrap();
    for bad in [0, -1, 65, 1000, libc::SIGKILL] {
        assert!(geventrs::signal::handler(bad, || ()).is_err());
    }
    // SAFETY: handlers are installed.
    let send = |signal| unsafe { libc::kill(libc::getpid(), signal) };
    for (signal, n) in [(libc::SIGUSR1, 1), (libc::SIGUSR2, 2), (libc::SIGUSR1, 1)] {
        send(signal);
        assert_eq!(CAME.get_timeout(ms(5000)), Ok(n));
    }
    // While everybody waits in the kernel, from another process.
    let mut kill = Popen::new(
        Command::new("sh").arg("-c").arg(format!("sleep 0.05; kill -USR2 {}", std::process::id())),
    )
    .unwrap();
    assert_eq!(CAME.get_timeout(ms(5000)), Ok(2));
    kill.wait(None).unwrap();
    drop(two);
    let again = geventrs::signal::handler(libc::SIGUSR2, || CAME.put(3).unwrap()).unwrap();
    send(libc::SIGUSR2);
    assert_eq!(CAME.get_timeout(ms(5000)), Ok(3));
    // Of several handlers each is called, until it is dropped.
    let more = geventrs::signal::handler(libc::SIGUSR2, || CAME.put(4).unwrap()).unwrap();
    send(libc::SIGUSR2);
    let mut both = [CAME.get_timeout(ms(5000)), CAME.get_timeout(ms(5000))];
    both.sort_by_key(|n| *n.as_ref().unwrap());
    assert_eq!(both, [Ok(3), Ok(4)]);
    drop(again);
    send(libc::SIGUSR2);
    assert_eq!(CAME.get_timeout(ms(5000)), Ok(4));
    assert!(CAME.is_empty());
    drop((one, more));
    geventrs::yield_now();
    // SAFETY: reads what is installed.
    unsafe {
        let mut now: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGUSR1, std::ptr::null(), &mut now);
        assert_eq!(now.sa_sigaction, libc::SIG_DFL);
    }
}

fn fork_one() {
    static TICKS: AtomicUsize = AtomicUsize::new(0);
    static EVENT: Event = Event::new();
    let ticks = geventrs::spawn(|| loop {
        geventrs::sleep(ms(1));
        TICKS.fetch_add(1, Ordering::Relaxed);
    });
    let (mut a, b) = UnixStream::pair().unwrap();
    let waits = geventrs::spawn(|| EVENT.wait(None));
    let forks = geventrs::spawn(move || {
        geventrs::sleep(ms(5));
        match fork().unwrap() {
            Fork::Parent(pid) => waitpid(pid, Some(ms(20_000))).unwrap().unwrap().code(),
            Fork::Child => {
                let before = TICKS.load(Ordering::Relaxed);
                geventrs::sleep(ms(30));
                assert_eq!(TICKS.load(Ordering::Relaxed), before, "the others are gone");
                EVENT.set();
                // What is new works: greenlets, timers, descriptors.
                let mut b = b;
                let g = geventrs::spawn(move || b.write_all(b"from the child"));
                g.get().unwrap().unwrap();
                std::process::exit(9);
            }
        }
    });
    let mut text = [0; 14];
    a.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"from the child");
    assert_eq!(forks.get().unwrap(), Some(9));
    assert!(!waits.ready() && !ticks.ready());
    waits.kill(None);
    ticks.kill(None);
    assert_eq!(waitpid(1, Some(ms(1))).unwrap_or(None), None, "no child of ours");
}

fn fork_refused() {
    let pool = ThreadPool::new(1);
    pool.apply(|| ()).unwrap();
    assert_eq!(fork().unwrap_err().kind(), ErrorKind::Unsupported);
}

/// What the door answers to these lines, without its prompts.
fn ask(path: &std::path::Path, lines: &str) -> String {
    let mut client = UnixStream::connect(path).unwrap();
    client.write_all(lines.as_bytes()).unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    text.replace("geventrs> ", "")
}

fn backdoor() {
    use geventrs::backdoor::BackdoorServer;
    use std::os::unix::fs::PermissionsExt;
    let directory = std::env::temp_dir().join(format!("geventrs-door-{}", std::process::id()));
    std::fs::create_dir(&directory).unwrap();
    let path = directory.join("door");
    // One that a program has left.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let door = BackdoorServer::bind(&path).unwrap();
    let door = door.command("twice", "a word twice", |word| format!("{word} {word}\n"));
    door.start();
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(BackdoorServer::bind(&path).unwrap_err().kind(), ErrorKind::AddrInUse);
    let sleeper = geventrs::Builder::new().name("sleeper");
    let sleeper = sleeper.spawn(|| geventrs::sleep(Duration::from_secs(60))).unwrap();
    let ps = ask(&path, "ps\n");
    assert!(
        ps.contains(&format!("<Greenlet \"sleeper\" {}> waits for sleep", sleeper.id())),
        "{ps}"
    );
    assert!(!ps.contains("#0"), "{ps}");
    assert!(ask(&path, "bt\n").contains("#0 "));
    let one = ask(&path, &format!("bt {}\n", sleeper.id()));
    assert!(one.starts_with("<Greenlet \"sleeper\"") && one.contains("\n#0 "), "{one}");
    assert_eq!(one.matches("<Greenlet").count(), 1, "{one}");
    assert_eq!(ask(&path, "bt 1\n"), "no greenlet 1\n");
    assert_eq!(ask(&path, "twice so\n\nquit\ntwice no\n"), "so so\n");
    assert!(ask(&path, "nonsense\n").starts_with("no command \"nonsense\""));
    let help = ask(&path, "help\n");
    assert!(["ps", "bt", "stat", "twice", "quit"].iter().all(|c| help.contains(c)), "{help}");
    assert!(ask(&path, "stat\n").starts_with("greenlets "));
    door.stop();
    drop(door);
    assert!(!path.exists());
    std::fs::remove_dir(&directory).unwrap();
    sleeper.kill(None);
}

fn stacks() {
    #[inline(never)]
    fn deep(n: u32) -> u32 {
        if n == 0 {
            geventrs::sleep(Duration::from_secs(60));
            return 0;
        }
        1 + std::hint::black_box(deep(n - 1))
    }
    let begun = [0, 10].map(|n| geventrs::spawn(move || deep(n)));
    geventrs::yield_now();
    // Beyond its first turn, in which it has been resumed by another way.
    let twice = geventrs::spawn(|| {
        geventrs::yield_now();
        deep(5)
    });
    geventrs::yield_now();
    geventrs::yield_now();
    let late = geventrs::spawn(|| deep(0));
    let text = geventrs::util::format_run_info();
    let frames = |id: u32| {
        let lines = text.lines().skip_while(|l| !l.contains(&format!(" {id}> waits")));
        lines.skip(1).take_while(|l| l.trim_start().starts_with('#')).count()
    };
    let [shallow, ten] = begun.each_ref().map(|g| frames(g.id()));
    assert!(shallow > 0 && ten == shallow + 10, "{text}");
    // (Its closure may have gone on as `deep`.)
    assert!(frames(twice.id()) >= shallow + 4, "{text}");
    assert_eq!(frames(late.id()), 0, "it has not begun: {text}");
    assert!(frames(geventrs::getcurrent().unwrap().id()) > 0, "{text}");
    // Nothing was disturbed.
    geventrs::killall(&[late, twice], None);
    geventrs::killall(&begun, None);
}
