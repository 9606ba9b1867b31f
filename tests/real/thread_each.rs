//! Large servers with a thread for each connection, or hundreds in a pool: what the library
//! is for. Natively they have the threads; preloaded, few.

use super::bench::{Mode, Place};
use super::http::{body_of, get, Origin};
use super::run::{free_port, run, Started, PATIENCE};
use super::servers::{at_once, check_few, connect, idle_crowd, server, terminate, under_wrk};
use super::Case;
use crate::process::threads_of;
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::time::Duration;

const MARIADBD: &str = "/usr/sbin/mariadbd";
const NGINX: &str = "/usr/sbin/nginx";
const UNBOUND: &str = "/usr/sbin/unbound";
const VARNISHD: &str = "/usr/sbin/varnishd";

pub fn cases() -> Vec<Case> {
    vec![
        server("mariadb", &[MARIADBD, "mariadb-install-db", "mariadb"], mariadb),
        server("stunnel", &["stunnel4", "openssl", "curl"], stunnel),
        server("varnish", &[VARNISHD, "gcc", "wrk"], varnish),
        server("nginx_aio_threads", &[NGINX], nginx),
        server("unbound", &[UNBOUND], unbound),
    ]
}

/// MariaDB, with InnoDB: threads that purge, clean pages and write the log, and one for each
/// connection. Clients change the same rows in transactions.
fn mariadb(place: &Place, mode: Mode) -> Result<(), String> {
    const CLIENTS: usize = 30;
    const ROUNDS: usize = 20;
    let data = place.dir().join("data");
    let data = format!("--datadir={}", data.display());
    let mut install = place.command(mode, "mariadb-install-db");
    install.args(["--no-defaults", &data, "--auth-root-authentication-method=normal"]);
    install.args(["--skip-test-db", "--user=root"]);
    run(&mut install, b"", PATIENCE)?.success("mariadb-install-db")?;

    let port = free_port();
    // A path for a socket is short.
    let socket = format!("/tmp/geventrs-mariadb.{}", std::process::id());
    let mut c = place.command(mode, MARIADBD);
    c.args(["--no-defaults", &data, "--user=root", "--bind-address=127.0.0.1"]);
    c.args([format!("--port={port}"), format!("--socket={socket}")]);
    c.args(["--connect-timeout=120", "--max-connections=200", "--skip-name-resolve"]);
    c.args(["--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=2"]);
    c.arg("--pid-file=pid");
    let mut server = Started::new(&mut c)?;
    server.wait_listening(port)?;
    let sql = |text: &str| -> Result<String, String> {
        let mut c = place.command(Mode::Native, "mariadb");
        c.args(["--no-defaults", "--batch", "--skip-column-names", "-uroot", "-S", &socket]);
        let ended = run(&mut c, text.as_bytes(), PATIENCE)?;
        Ok(ended.success("mariadb, the client")?.stdout_text())
    };
    sql("create database test; use test;
        create table counter (id int primary key, n int) engine=innodb;
        insert into counter values (1, 0), (2, 0);
        create table said (id int auto_increment primary key, who int, what varchar(200), key (who));")?;

    let crowd = idle_crowd(&mut server, port, mode)?;
    at_once(CLIENTS, |i| {
        let round = |k: usize| {
            format!(
                "begin; insert into said (who, what) values ({i}, repeat('{k}.', {k}));
                 update counter set n = n + 1 where id = {}; commit;\n",
                1 + (i + k) % 2
            )
        };
        let all: String = (0..ROUNDS).map(round).collect();
        let sums = format!("select count(*), sum(length(what)) from said where who={i};");
        let got = sql(&format!("use test;\n{all}{sums}"))?;
        let length: usize = (0..ROUNDS).map(|k| format!("{k}.").len() * k).sum();
        match got.trim() == format!("{ROUNDS}\t{length}") {
            true => Ok(()),
            false => Err(format!("the table says {got:?}")),
        }
    })?;
    let total = sql("use test;\nselect sum(n) from counter; select count(*) from said;")?;
    if total.split_whitespace().any(|n| n.parse() != Ok(CLIENTS * ROUNDS)) {
        return Err(format!("{CLIENTS} clients, {ROUNDS} rounds each: {total:?}"));
    }
    drop(crowd);
    terminate(place, server, "mariadbd")
}

/// stunnel: a thread for each connection, TLS in each.
fn stunnel(place: &Place, mode: Mode) -> Result<(), String> {
    let mut key = place.command(Mode::Native, "openssl");
    key.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]);
    key.args(["-keyout", "key.pem", "-out", "cert.pem", "-days", "2"]);
    run(&mut key, b"", PATIENCE)?.success("openssl req")?;

    let (origin, port) = (Origin::start()?, free_port());
    let config = format!(
        "foreground = yes\npid =\ndebug = 3\nsyslog = no\n[web]\naccept = 127.0.0.1:{port}\n\
         connect = 127.0.0.1:{}\ncert = cert.pem\nkey = key.pem\n",
        origin.port
    );
    std::fs::write(place.dir().join("stunnel.conf"), config).map_err(|e| e.to_string())?;
    let mut server = Started::new(place.command(mode, "stunnel4").arg("stunnel.conf"))?;
    server.wait_listening(port)?;
    let crowd = idle_crowd(&mut server, port, mode)?;
    at_once(20, |i| -> Result<(), String> {
        let path = |k: usize| format!("/s{i}.{k}/{}", i * 2000 + k * 7);
        let mut c = place.command(Mode::Native, "curl");
        c.args(["-sk", "--max-time", "50"]);
        c.args((0..5).map(|k| format!("https://127.0.0.1:{port}{}", path(k))));
        let got = run(&mut c, b"", PATIENCE)?.success("curl")?.stdout;
        match got == (0..5).flat_map(|k| body_of(&path(k))).collect::<Vec<u8>>() {
            true => Ok(()),
            false => Err("another body".to_owned()),
        }
    })?;
    drop(crowd);
    terminate(place, server, "stunnel")
}

/// Varnish: a manager, and a child with hundreds of threads, which have tasks handed to them.
fn varnish(place: &Place, mode: Mode) -> Result<(), String> {
    const POOL: usize = 100;
    let (origin, port) = (Origin::start()?, free_port());
    let mut c = place.command(mode, VARNISHD);
    c.args(["-F", "-j", "none", "-T", "none", "-S", "none", "-s", "malloc,16M"]);
    c.args(["-a", &format!("127.0.0.1:{port}"), "-b", &format!("127.0.0.1:{}", origin.port)]);
    c.arg("-n").arg(place.dir().join("work"));
    c.args(["-p", "thread_pools=1", "-p", &format!("thread_pool_min={POOL}")]);
    let mut server = Started::new(&mut c)?;
    server.wait_listening(port)?;
    let children = format!("/proc/{0}/task/{0}/children", server.pid());
    let child: u32 = server.wait_for("its child", |_| {
        std::fs::read_to_string(&children).ok()?.split_whitespace().next()?.parse().ok()
    })?;
    let threads = || threads_of(child, Duration::from_millis(10));
    if mode == Mode::Native {
        server.wait_for("its pool", |_| (threads() >= POOL).then_some(()))?;
    }
    at_once(40, |i| {
        (0..6).try_for_each(|k| {
            // Every second one is asked for by others, too, and answered from memory.
            let path = format!("/v{}.{k}/{}", i / 2, k * 9000 + i / 2);
            match get(connect(port)?, &path)? == body_of(&path) {
                true => Ok(()),
                false => Err(format!("{path}: another body")),
            }
        })
    })?;
    let url = format!("http://127.0.0.1:{port}/load/3000");
    under_wrk(place, 60, &url, || check_few(threads(), mode, POOL))?;
    terminate(place, server, "varnishd")
}

/// nginx, one event loop that gives its reads of files to a pool of 32 threads.
fn nginx(place: &Place, mode: Mode) -> Result<(), String> {
    const POOL: usize = 32;
    let (port, dir) = (free_port(), place.dir().display().to_string());
    let path = |i: usize| format!("/f{i}/{}", 20_000 * (i + 1));
    for i in 0..10 {
        let file = format!("{dir}{}", path(i));
        std::fs::create_dir_all(format!("{dir}/f{i}")).map_err(|e| e.to_string())?;
        std::fs::write(&file, body_of(&path(i))).map_err(|e| e.to_string())?;
    }
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {dir}/{what};\n"))
        .concat();
    let config = format!(
        "daemon off; master_process off; pid {dir}/pid; error_log {dir}/errors;\n\
         thread_pool default threads={POOL};\n\
         events {{ worker_connections 200; }}\n\
         http {{ access_log off; {temporary}\
         server {{ listen 127.0.0.1:{port}; root {dir}; default_type text/plain;\n\
         aio threads; sendfile off; directio 512; output_buffers 2 16k; }} }}\n"
    );
    let file = format!("{dir}/nginx.conf");
    std::fs::write(&file, config).map_err(|e| e.to_string())?;
    let mut c = place.command(mode, NGINX);
    let mut server = Started::new(c.args(["-e", &format!("{dir}/errors"), "-c", &file]))?;
    server.wait_listening(port)?;
    at_once(20, |i| -> Result<(), String> {
        (0..5).try_for_each(|k| {
            let path = path((i + k) % 10);
            match get(connect(port)?, &path)? == body_of(&path) {
                true => Ok(()),
                false => Err(format!("GET {path}: another body")),
            }
        })
    })?;
    check_few(server.threads(), mode, POOL)?;
    terminate(place, server, "nginx")
}

/// unbound, four threads that each wait for the same sockets, by datagrams and by TCP.
fn unbound(place: &Place, mode: Mode) -> Result<(), String> {
    let (port, dir) = (free_port(), place.dir().display().to_string());
    let config = format!(
        "server:\n num-threads: 4\n interface: 127.0.0.1@{port}\n chroot: \"\"\n \
         username: \"\"\n directory: \"{dir}\"\n pidfile: \"\"\n use-syslog: no\n do-ip6: no\n \
         local-zone: \"test.\" static\n local-data: \"a.test. A 192.0.2.77\"\n"
    );
    let file = format!("{dir}/unbound.conf");
    std::fs::write(&file, config).map_err(|e| e.to_string())?;
    let mut server = Started::new(place.command(mode, UNBOUND).args(["-d", "-c", &file]))?;
    server.wait_listening(port)?;
    // Its number, "recursion desired", one question: a.test, an address, of the Internet.
    let question = |id: u16| {
        let mut q = id.to_be_bytes().to_vec();
        q.extend(b"\x01\0\0\x01\0\0\0\0\0\0\x01a\x04test\0\0\x01\0\x01");
        q
    };
    let check = |answer: &[u8], id: u16| match answer.starts_with(&id.to_be_bytes())
        && answer.ends_with(&[192, 0, 2, 77])
    {
        true => Ok(()),
        false => Err(format!("question {id}: the answer {answer:02x?}")),
    };
    at_once(12, |i| -> Result<(), String> {
        let fail = |e: std::io::Error| format!("a question: {e}");
        let socket = UdpSocket::bind("127.0.0.1:0").map_err(fail)?;
        socket.connect(("127.0.0.1", port)).map_err(fail)?;
        socket.set_read_timeout(Some(PATIENCE)).map_err(fail)?;
        let mut answer = [0; 512];
        for k in 0..20 {
            let id = (100 * i + k) as u16;
            socket.send(&question(id)).map_err(fail)?;
            let got = socket.recv(&mut answer).map_err(fail)?;
            check(&answer[..got], id)?;
            let mut stream = connect(port)?;
            let mut framed = (question(id).len() as u16).to_be_bytes().to_vec();
            framed.extend(question(id));
            stream.write_all(&framed).map_err(fail)?;
            let mut length = [0; 2];
            stream.read_exact(&mut length).map_err(fail)?;
            let got = usize::from(u16::from_be_bytes(length)).min(answer.len());
            stream.read_exact(&mut answer[..got]).map_err(fail)?;
            check(&answer[..got], id)?;
        }
        Ok(())
    })?;
    terminate(place, server, "unbound")
}
