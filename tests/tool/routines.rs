//! The function that a greenlet runs: `ps`, `stacks` and `report` agree on it.

use crate::asked::Asked;
use crate::support::*;
use std::path::{Path, PathBuf};
use std::process::Command;

const DIGGERS: &str = r#"
    #define _GNU_SOURCE
    #include <pthread.h>
    #include <signal.h>
    #include <unistd.h>
    static void *digger(void *arg) { sleep(1000); return arg; }
    int main(void)
    {
        pthread_t t;
        pthread_create(&t, NULL, digger, NULL);
        pthread_setname_np(t, "digger");
        pthread_join(t, NULL);
        return 0;
    }
"#;

/// Each way in which the API for C begins a greenlet with a function of the program's.
const API: &str = r#"
    #include <arpa/inet.h>
    #include <geventrs.h>
    #include <netinet/in.h>
    #include <sys/socket.h>
    static void *spawned(void *arg) { gev_sleep(1000000000000LL); return arg; }
    static void *pooled(void *arg) { gev_sleep(1000000000000LL); return arg; }
    static void handled(int fd, void *arg) { gev_sleep(1000000000000LL); }
    int main(void)
    {
        int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t size = sizeof at;
        gev_greenlet *first = gev_spawn(spawned, NULL);
        gev_pool_spawn(gev_pool_new(2), -1, pooled, NULL);
        bind(listener, (void *)&at, size);
        listen(listener, 1);
        getsockname(listener, (void *)&at, &size);
        gev_server_start(gev_server_new(listener, handled, NULL, NULL));
        connect(fd, (void *)&at, size);
        gev_join(first, -1);
        return 0;
    }
"#;

/// What a report that is written now says, and a child that is no more.
fn reported(asked: Asked, report: &Path) -> String {
    let pid = asked.pid();
    let status = start(Command::new("kill").arg(&pid)).wait().unwrap();
    assert!(status.success());
    crate::asked::until("the report", || {
        let text = output(&mut tool(&["report", report.to_str().unwrap()]));
        text.status.success().then(|| String::from_utf8(text.stdout).unwrap())
    })
}

#[test]
fn of_a_stripped_program_it_is_an_address_in_the_file() {
    let dir = scratch("routines-stripped");
    let whole = compile(&dir, DIGGERS, &[]);
    let stripped: PathBuf = dir.join("stripped");
    let mut strip = Command::new("strip");
    assert!(start(strip.arg("-o").arg(&stripped).arg(&whole)).wait().unwrap().success());
    let names = stdout(Command::new("nm").arg(&whole));
    let digger = names.lines().find(|l| l.ends_with(" digger")).unwrap();
    let address = u64::from_str_radix(digger.split(' ').next().unwrap(), 16).unwrap();
    let expected = format!("stripped+{address:#x}");
    let report = dir.join("report.json");
    let asked = Asked::start(&dir, &stripped, &[&format!("--report={}", report.display())]);
    asked.says("ps", &["  digger  ", &format!("  {expected}  waits ")]);
    asked.says("stacks", &[&format!("to run {expected}\n"), "made by", "\n  #1 stripped+0x"]);
    let text = reported(asked, &report);
    assert!(text.contains(&format!("runs {expected}, made by stripped+0x")), "{text}");
}

#[test]
fn of_the_api_for_c_it_is_the_programs() {
    let dir = scratch("routines-api");
    let library = library();
    std::os::unix::fs::symlink(&library, dir.join("libgeventrs.so.0")).unwrap();
    let include = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/include");
    let program = compile(&dir, API, &["-g", include, library.to_str().unwrap()]);
    let report = dir.join("report.json");
    let mut command = Command::new(&program);
    command.env("LD_LIBRARY_PATH", &dir).env("GEVENTRS_REPORT", &report);
    let asked = Asked::start_command(&dir, command);
    let text = asked.says("ps", &["  spawned  ", "  pooled  ", "  handled  "]);
    assert!(!text.contains("closure"), "{text}");
    asked.says("stacks", &["to run spawned at ", "to run pooled at ", "to run handled at "]);
    let text = reported(asked, &report);
    for routine in ["runs spawned at ", "runs pooled at ", "runs handled at "] {
        assert!(text.contains(routine), "{text}");
    }
}
