//! Names of hosts.

use super::support::{log, Case};
use geventrs::socket::{getaddrinfo, gethostbyaddr, gethostbyname, getnameinfo};
use geventrs::spawn;

pub const CASES: &[Case] = &[
    ("dns_numeric", |l| {
        for host in ["127.0.0.1", "::1"] {
            let found = getaddrinfo(host, 80).unwrap();
            log!(l, "{} {} {}", found.len(), found[0].ip(), found[0].port());
        }
    }),
    ("dns_localhost", |l| {
        let found = getaddrinfo("localhost", 80).unwrap();
        let has = found.iter().any(|a| a.ip().to_string() == "127.0.0.1");
        log!(l, "{has} {}", gethostbyname("localhost").unwrap());
    }),
    ("dns_switches", |l| {
        l.spawn("ran");
        getaddrinfo("localhost", 80).unwrap();
        l.say("resolved");
    }),
    ("dns_unknown", |l| {
        let unknown = getaddrinfo("name.invalid", 80).is_err();
        log!(l, "{unknown} {}", gethostbyname("name.invalid").is_err());
    }),
    ("dns_names", |l| {
        let http = "127.0.0.1:80".parse().unwrap();
        let (host, port) = getnameinfo(&http, libc::NI_NUMERICHOST | libc::NI_NUMERICSERV).unwrap();
        log!(l, "{host} {port}");
        log!(l, "{}", getnameinfo(&http, libc::NI_NUMERICHOST).unwrap().1);
        let name = gethostbyaddr("127.0.0.1".parse().unwrap()).unwrap();
        log!(l, "{} {name}", gethostbyname("127.0.0.1").unwrap());
    }),
    ("dns_killed", |l| {
        let g = spawn(|| getaddrinfo("localhost", 80));
        g.kill(None);
        log!(l, "{}", g.ready());
        log!(l, "{}", getaddrinfo("127.0.0.1", 0).unwrap().len());
    }),
];
