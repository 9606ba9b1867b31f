//! `ps`, `stacks` and `locks` on programs of which is known what they wait for.

use crate::asked::{until, Asked};
use crate::support::*;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;

/// One thread for each kind of wait.
const WAITS: &str = r#"
    #define _GNU_SOURCE
    #include <arpa/inet.h>
    #include <netdb.h>
    #include <netinet/in.h>
    #include <pthread.h>
    #include <resolv.h>
    #include <sys/socket.h>
    #include <unistd.h>
    pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
    static int holds;
    static struct sockaddr_in any(void)
    {
        return (struct sockaddr_in){ .sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    }
    static void *flusher(void *arg)
    {
        pthread_mutex_lock(&queue_lock);
        holds = 1;
        sleep(1000);
        return arg;
    }
    static void *locker(void *arg)
    {
        while (!holds)
            usleep(1000);
        pthread_mutex_lock(&queue_lock);
        return arg;
    }
    static void *reader(void *arg)
    {
        int ends[2];
        char c;
        pipe(ends);
        read(ends[0], &c, 1);
        return arg;
    }
    static void *client(void *arg)
    {
        int server = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in at = any();
        socklen_t size = sizeof at;
        char c;
        bind(server, (void *)&at, size);
        listen(server, 1);
        getsockname(server, (void *)&at, &size);
        connect(fd, (void *)&at, size);
        recv(fd, &c, 1, 0);
        return arg;
    }
    static void *names(void *arg)
    {
        /* A name server that does not answer. */
        int server = socket(AF_INET, SOCK_DGRAM, 0);
        struct sockaddr_in at = any();
        socklen_t size = sizeof at;
        struct addrinfo *found;
        bind(server, (void *)&at, size);
        getsockname(server, (void *)&at, &size);
        res_init();
        _res.nscount = 1;
        _res.nsaddr_list[0] = at;
        _res.retrans = 200;
        getaddrinfo("db.example.com", "80", 0, &found);
        return arg;
    }
    static void *hog(void *arg)
    {
        for (volatile long n = 0;; n++)
            ;
        return arg;
    }
    int main(void)
    {
        void *(*run[])(void *) = { flusher, locker, reader, client, names, hog };
        const char *name[] = { "flusher", "locker", "reader", "client", "names", "hog" };
        pthread_t t;
        for (int i = 0; i < 6; i++) {
            pthread_create(&t, NULL, run[i], NULL);
            pthread_setname_np(t, name[i]);
        }
        pthread_join(t, NULL);
        return 0;
    }
"#;

fn waits(name: &str) -> (PathBuf, PathBuf) {
    let directory = scratch(name);
    let program = compile(&directory, WAITS, &["-g", "-O1", "-lresolv"]);
    (directory, program)
}

#[test]
fn ps_says_what_each_greenlet_waits_for() {
    let (directory, program) = waits("ps");
    let asked = Asked::start(&directory, &program, &[]);
    let text = asked.says(
        "ps",
        &[
            "(queue_lock) held by ",
            "\"flusher\" for ",
            "<- pipe:[",
            "<- 127.0.0.1:",
            "getaddrinfo \"db.example.com\"",
            "join ",
            "sleep 16 min",
            " s left",
            "computes",
        ],
    );
    assert!(!text.contains('\x1b'), "no colours without a terminal");
    // The same for programs.
    let flusher = asked.greenlet("flusher").unwrap();
    let locker = asked.greenlet("locker").unwrap();
    assert_eq!((&locker["kind"], &locker["state"]), (&"mutex".into(), &"waits".into()));
    assert_eq!(locker["owner"], flusher["id"]);
    assert!(flusher["left_ns"].as_u64().unwrap() > 900_000_000_000);
    assert_eq!(asked.greenlet("names").unwrap()["state"], "blocked");
    // A greenlet that computes is seen to.
    until("the hog's processor time", || {
        asked.greenlet("hog")?["cpu_ns"].as_u64().filter(|&ns| ns > 50_000_000)
    });
}

#[test]
fn ps_lists_processes_and_says_why_it_cannot() {
    let (directory, program) = waits("ps_list");
    let asked = Asked::start(&directory, &program, &[]);
    asked.says("ps", &["flusher"]);
    let list = stdout(&mut asked.about(&["ps"]));
    assert!(list.lines().any(|l| l.contains(&asked.pid()) && l.contains("program")), "{list}");
    let json: Value = serde_json::from_str(&stdout(&mut asked.about(&["ps", "--json"]))).unwrap();
    let found = json["processes"].as_array().unwrap();
    assert!(found.iter().any(|p| p["pid"] == asked.child.id() && p["live"] == 7));
    // No process has this id (the kernel's limit is 2^22).
    fails(&mut asked.about(&["ps", "99999999"]), 3, "no such process");
    let me = std::process::id().to_string();
    fails(&mut asked.about(&["stacks", &me]), 3, "does not run under geventrs");
    let off = Asked::start(&directory, &program, &["--control=off"]);
    until("it has loaded the library", || {
        let maps = fs::read_to_string(format!("/proc/{}/maps", off.pid())).ok()?;
        let threads = fs::read_dir(format!("/proc/{}/task", off.pid())).ok()?.count();
        (maps.contains("libgeventrs") && threads > 3).then_some(())
    });
    fails(&mut off.about(&["ps", &off.pid()]), 3, "GEVENTRS_CONTROL is off");
}

#[test]
fn stacks_name_functions_files_and_lines() {
    let (directory, program) = waits("stacks");
    let asked = Asked::start(&directory, &program, &[]);
    asked.says("ps", &["(queue_lock) held by ", "<- 127.0.0.1:", "getaddrinfo "]);
    let text =
        asked.says("stacks", &["locker at ", "reader at ", "client at ", "names at ", "hog at "]);
    let of = |name: &str| {
        let from = text.find(&format!("\"{name}\" ")).unwrap();
        text[from..].split("\n\n").next().unwrap().to_owned()
    };
    let line = |name: &str, code: &str| {
        let n = WAITS.lines().position(|l| l.contains(code)).unwrap() + 1;
        assert!(of(name).contains(&format!("program.c:{n}")), "{name}, line {n}: {}", of(name));
    };
    line("reader", "read(ends[0]");
    line("client", "recv(fd");
    line("names", "getaddrinfo(\"db");
    assert!(of("locker").contains("#0 pthread_mutex_lock"), "{text}");
    assert!(of("reader").contains("#0 read"), "{text}");
    assert!(of("locker").contains("to run locker at"), "{text}");
    // What it does in libc on its OS thread is seen to the end.
    assert!(of("names").contains("getaddrinfo"), "{text}");
    // One greenlet by name, and for programs.
    let one = asked.ask("stacks", &["--json", "reader"]).unwrap();
    let json: Value = serde_json::from_str(&one).unwrap();
    let stack = json["greenlets"][0]["stack"].as_array().unwrap();
    assert!(stack.iter().any(|c| c["function"] == "reader" && c["line"].is_u64()), "{one}");
    let call = stack.iter().find(|c| c["function"] == "reader").unwrap();
    let offset = call["module_address"].as_str().and_then(|at| at.strip_prefix("0x"));
    assert!(offset.is_some_and(|at| u64::from_str_radix(at, 16).unwrap() < 1 << 20), "{one}");
    fails(&mut asked.about(&["stacks", &asked.pid(), "nobody"]), 1, "no such greenlet");
}

#[test]
fn the_socket_is_private_and_goes_with_the_program() {
    let (directory, program) = waits("socket");
    let mut asked = Asked::start(&directory, &program, &[]);
    asked.says("ps", &["flusher"]);
    let place = directory.join("geventrs");
    let socket = place.join(asked.pid());
    let mode = |path: &PathBuf| fs::symlink_metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(&place), mode(&socket)), (0o700, 0o600));
    assert!(fs::metadata(&socket).unwrap().file_type().is_socket());
    // Killed, it leaves the file behind; the next to ask removes it.
    asked.child.kill().unwrap();
    asked.child.wait().unwrap();
    // (The super-user is shown others' processes as well.)
    let left = String::from_utf8(output(&mut asked.about(&["ps"])).stdout).unwrap();
    assert!(!left.split_whitespace().any(|word| word == asked.pid()), "{left}");
    assert!(!socket.exists());
}

/// Two threads in calls that a signal would interrupt, and one that closes all
/// descriptors that it can name, and opens two.
const UNDISTURBED: &str = r#"
    #define _GNU_SOURCE
    #include <errno.h>
    #include <fcntl.h>
    #include <poll.h>
    #include <pthread.h>
    #include <stdio.h>
    #include <unistd.h>
    static int go[2];
    static void *waits(void *arg)
    {
        struct pollfd p = { go[0], POLLIN, 0 };
        int n = poll(&p, 1, -1);
        printf("poll %d %d\n", n, n < 0 ? errno : 0);
        return arg;
    }
    static void *opens(void *arg)
    {
        /* The lowest numbers that are free, all the time. */
        int wrong = 0;
        for (int i = 0; i < 2000; i++) {
            int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY);
            wrong += a != 5 || b != 6;
            close(a);
            close(b);
            usleep(500);
        }
        printf("%d wrong numbers\n", wrong);
        write(go[1], "x", 1);
        return arg;
    }
    int main(void)
    {
        pthread_t a, b;
        pipe(go);
        closefrom(5);
        pthread_create(&a, NULL, waits, NULL);
        pthread_create(&b, NULL, opens, NULL);
        pthread_setname_np(a, "waits");
        pthread_join(b, NULL);
        pthread_join(a, NULL);
        return 0;
    }
"#;

#[test]
fn asking_disturbs_nobody() {
    let directory = scratch("undisturbed");
    let program = compile(&directory, UNDISTURBED, &[]);
    let mut command = run(&["--"]);
    command.arg(&program).env("XDG_RUNTIME_DIR", &directory).stdout(std::process::Stdio::piped());
    let mut child = start(&mut command);
    let pid = child.id().to_string();
    let mut answers = 0;
    while child.try_wait().unwrap().is_none() {
        let mut ask = tool(&["stacks", &pid]);
        answers += usize::from(output(ask.env("XDG_RUNTIME_DIR", &directory)).status.success());
    }
    let text = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
    assert_eq!(text, "0 wrong numbers\npoll 1 0\n");
    assert!(answers > 3, "{answers} answers");
    // It has ended in an orderly way.
    assert_eq!(fs::read_dir(directory.join("geventrs")).unwrap().count(), 0);
}

/// The child of a fork has threads of its own.
const FORKS: &str = r#"
    #define _GNU_SOURCE
    #include <pthread.h>
    #include <signal.h>
    #include <sys/prctl.h>
    #include <sys/wait.h>
    #include <unistd.h>
    static void *nap(void *arg)
    {
        sleep(1000);
        return arg;
    }
    static void more(const char *name)
    {
        pthread_t t;
        pthread_create(&t, NULL, nap, NULL);
        pthread_setname_np(t, name);
    }
    int main(void)
    {
        more("of parent");
        pid_t child = fork();
        if (child == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            more("of child");
            sleep(1000);
            return 0;
        }
        waitpid(child, NULL, 0);
        return 0;
    }
"#;

#[test]
fn the_child_of_a_fork_has_a_socket_of_its_own() {
    let directory = scratch("forks");
    let program = compile(&directory, FORKS, &[]);
    let asked = Asked::start(&directory, &program, &[]);
    let processes = until("two processes", || {
        let json: Value =
            serde_json::from_slice(&output(&mut asked.about(&["ps", "--json"])).stdout).ok()?;
        let mut list = json["processes"].as_array()?.clone();
        list.retain(|p| p["greenlets"].to_string().contains("\"of "));
        (list.len() == 2).then_some(list)
    });
    let child = processes.iter().find(|p| p["pid"] != asked.child.id()).unwrap();
    asked.says("ps", &[&format!("child {} \"program\"", child["pid"])]);
    for p in &processes {
        let own = if p["pid"] == asked.child.id() { "of parent" } else { "of child" };
        let names: Vec<_> = p["greenlets"].as_array().unwrap().iter().map(|g| &g["name"]).collect();
        assert!(names.len() == 2 && names.contains(&&own.into()), "{names:?}");
        if own == "of child" {
            // SAFETY: a process of this test's.
            unsafe { libc::kill(p["pid"].as_i64().unwrap() as i32, libc::SIGKILL) };
        }
    }
}

/// Many wait for one lock.
const CONVOY: &str = r#"
    #define _GNU_SOURCE
    #include <pthread.h>
    #include <unistd.h>
    pthread_mutex_t hot = PTHREAD_MUTEX_INITIALIZER;
    static void *worker(void *arg)
    {
        pthread_mutex_lock(&hot);
        sleep(1000); /* the work */
        pthread_mutex_unlock(&hot);
        return arg;
    }
    int main(void)
    {
        pthread_t t;
        for (int i = 0; i < 12; i++)
            pthread_create(&t, NULL, worker, NULL);
        pthread_join(t, NULL);
        return 0;
    }
"#;

#[test]
fn locks_name_the_holder_of_a_convoy() {
    let directory = scratch("convoy");
    let program = compile(&directory, CONVOY, &["-g"]);
    let asked = Asked::start(&directory, &program, &[]);
    let text = asked.says("locks", &["(hot)", "held by ", "and 1 more wait"]);
    let holder = text.lines().find(|l| l.contains("held by")).unwrap();
    let line = CONVOY.lines().position(|l| l.contains("the work")).unwrap() + 1;
    assert!(holder.contains("worker at") && holder.contains(&format!(":{line}")), "{text}");
    let json: Value = serde_json::from_str(&asked.ask("locks", &["--json"]).unwrap()).unwrap();
    let lock = &json["locks"][0];
    assert_eq!((&lock["variable"], &lock["kind"]), (&"hot".into(), &"mutex".into()));
    assert_eq!(lock["waiters"].as_array().unwrap().len(), 11);
    assert_eq!(json["deadlock"].as_array().unwrap().len(), 0);
}

#[test]
fn ps_lists_what_is_polled_and_the_file_of_a_section() {
    let source = r#"
        #include <fcntl.h>
        #include <poll.h>
        #include <pthread.h>
        #include <sys/file.h>
        #include <unistd.h>
        static void *poller(void *arg)
        {
            int a[2], b[2];
            pipe(a);
            pipe(b);
            struct pollfd both[] = { { a[0], POLLIN, 0 }, { b[0], POLLIN, 0 } };
            poll(both, 2, -1);
            return arg;
        }
        static void *locker(void *path)
        {
            int fd = open(path, O_CREAT | O_RDWR, 0600);
            flock(fd, LOCK_EX);
            for (;;)
                sleep(1);
            return path;
        }
        int main(int argc, char **argv)
        {
            pthread_t t;
            pthread_create(&t, NULL, poller, NULL);
            pthread_create(&t, NULL, locker, "file.lock");
            pthread_create(&t, NULL, locker, "file.lock");
            pthread_join(t, NULL);
            return 0;
        }
    "#;
    let directory = scratch("polled");
    let program = compile(&directory, source, &[]);
    let mut command = run(&["--"]);
    command.arg(&program).current_dir(&directory);
    let asked = Asked::start_command(&directory, command);
    let text = asked.says("ps", &["poll of 2 fds: ", "flock fd "]);
    let line = |words: &str| text.lines().find(|l| l.contains(words)).unwrap();
    assert_eq!(line("poll of 2 fds: ").matches(" <- pipe:[").count(), 2, "{text}");
    assert_eq!(line("poll of 2 fds: ").matches(" here)").count(), 2, "{text}");
    assert!(line("flock fd ").ends_with("/file.lock"), "{text}");
}

/// Who could wake it: the process that has the other end of a socket pair.
#[test]
fn ps_says_who_has_the_other_end_of_a_socket_pair() {
    let source = r#"
        #include <pthread.h>
        #include <signal.h>
        #include <sys/prctl.h>
        #include <sys/socket.h>
        #include <unistd.h>
        static int pair[2], own[2];
        static void *reader(void *arg)
        {
            char c;
            return read(pair[0], &c, 1) == 1 ? arg : NULL;
        }
        static void *talker(void *arg)
        {
            char c;
            return recv(own[0], &c, 1, 0) == 1 ? arg : NULL;
        }
        int main(void)
        {
            pthread_t t;
            socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
            if (fork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                close(pair[0]);
                execlp("sleep", "sleep", "600", NULL);
            }
            close(pair[1]);
            socketpair(AF_UNIX, SOCK_DGRAM, 0, own);
            pthread_create(&t, NULL, reader, NULL);
            pthread_create(&t, NULL, talker, NULL);
            pthread_join(t, NULL);
            return 0;
        }
    "#;
    let directory = scratch("socket-pair");
    let program = compile(&directory, source, &[]);
    let asked = Asked::start(&directory, &program, &["--follow=off"]);
    let text = asked.says("ps", &["read fd ", " \"sleep\")"]);
    assert!(text.contains("(fd ") && text.contains(" here)"), "{text}");
}

/// What an event loop waits for: the members of its set.
#[test]
fn ps_lists_what_an_epoll_set_watches() {
    let source = r#"
        #include <netinet/in.h>
        #include <pthread.h>
        #include <string.h>
        #include <sys/epoll.h>
        #include <sys/socket.h>
        #include <unistd.h>
        static int set, large, once[2];
        static void watch(int epoll, int fd, int events)
        {
            struct epoll_event e = { .events = events, .data.u64 = 0x1234 };
            epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
        }
        static void *loop(void *epoll)
        {
            struct epoll_event e;
            epoll_wait(*(int *)epoll, &e, 1, -1);
            return epoll;
        }
        int main(void)
        {
            pthread_t t;
            struct sockaddr_in address = { .sin_family = AF_INET };
            int listener = socket(AF_INET, SOCK_STREAM, 0), idle[2], gone[2], full[2];
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            bind(listener, (void *)&address, sizeof address);
            listen(listener, 5);
            set = epoll_create1(0);
            watch(set, listener, EPOLLIN);
            pipe(idle);
            watch(set, idle[0], EPOLLIN);
            /* One that is told of once, and not armed again. */
            pipe(once);
            write(once[1], "x", 1);
            watch(set, once[0], EPOLLIN | EPOLLONESHOT);
            struct epoll_event e;
            epoll_wait(set, &e, 1, -1);
            /* One that is waited for to be written to. */
            char block[4096] = "";
            pipe2(full, O_NONBLOCK);
            while (write(full[1], block, sizeof block) > 0)
                ;
            watch(set, full[1], EPOLLOUT);
            /* The number is another file's now, and the file is still watched. */
            pipe(gone);
            watch(set, gone[0], EPOLLIN);
            dup(gone[0]);
            dup2(idle[0], gone[0]);
            large = epoll_create1(0);
            for (int i = 0; i < 300; i++)
                watch(large, dup(idle[0]), EPOLLIN);
            pthread_create(&t, NULL, loop, &set);
            pthread_setname_np(t, "loop");
            pthread_create(&t, NULL, loop, &large);
            pthread_setname_np(t, "large");
            pthread_join(t, NULL);
            return 0;
        }
    "#;
    let directory = scratch("epoll-set");
    let program = compile(&directory, source, &["-D_GNU_SOURCE", "-include", "fcntl.h"]);
    let asked = Asked::start(&directory, &program, &[]);
    let text = asked.says("ps", &[" of 5 fds: ", " of 300 fds: "]);
    let line = text.lines().find(|l| l.contains(" of 5 fds: ")).unwrap();
    let members: Vec<_> = line.split_once(" fds: ").unwrap().1.split(", ").collect();
    assert!(members[0].contains(" on 127.0.0.1:"), "{line}");
    assert!(members[1].contains(" <- pipe:[") && members[1].ends_with(" here)"), "{line}");
    assert!(members[2].ends_with(" here) (disarmed)"), "{line}");
    assert!(members[3].contains(" -> pipe:["), "{line}");
    assert!(members[4].ends_with(" (closed; its file is open elsewhere)"), "{line}");
    let large = asked.greenlet("large").unwrap();
    assert_eq!((&large["kind"], &large["fds"]), (&"epoll".into(), &300.into()));
    assert_eq!(large["polled"].as_array().unwrap().len(), 8);
    let text = large["waits_for"].as_str().unwrap();
    assert!(text.ends_with(", ..."), "{text}");
}

/// Of more greenlets than are asked for, who does something is told, and `main`.
#[test]
fn a_limit_leaves_out_those_who_wait() {
    let source = r#"
        #define _GNU_SOURCE
        #include <pthread.h>
        #include <unistd.h>
        static void *hog(void *arg)
        {
            for (volatile long n = 0;; n++)
                ;
            return arg;
        }
        static void *nap(void *arg)
        {
            sleep(1000);
            return arg;
        }
        int main(void)
        {
            pthread_t t;
            pthread_create(&t, NULL, nap, NULL);
            pthread_setname_np(t, "first");
            pthread_create(&t, NULL, hog, NULL);
            pthread_setname_np(t, "hog");
            for (int i = 0; i < 50; i++)
                pthread_create(&t, NULL, nap, NULL);
            pthread_setname_np(t, "last");
            sleep(1000);
            return 0;
        }
    "#;
    let directory = scratch("limit");
    let program = compile(&directory, source, &[]);
    let asked = Asked::start(&directory, &program, &[]);
    asked.says("ps", &["computes", "  last  "]);
    let text = until("they all sleep", || {
        let text = asked.ask("ps", &["--limit", "3"])?;
        text.contains("  last  ").then_some(text)
    });
    let rows: Vec<&str> = text.lines().skip(2).collect();
    assert_eq!(rows.len(), 4, "{text}");
    assert!(rows[0].contains("  program  ") && rows[0].contains(&asked.pid()), "{text}");
    assert!(rows[1].contains("  hog  ") && rows[2].contains("  last  "), "{text}");
    assert_eq!(rows[3], "and 50 more (--limit)");
}

/// Locks whose holder is no thread of the program any more, or never was one.
#[test]
fn locks_held_by_the_dead_and_by_other_processes_are_told() {
    let source = r#"
        #define _GNU_SOURCE
        #include <pthread.h>
        #include <signal.h>
        #include <sys/mman.h>
        #include <sys/prctl.h>
        #include <unistd.h>
        static pthread_mutex_t orphan = PTHREAD_MUTEX_INITIALIZER, *shared;
        static void *dies(void *arg)
        {
            pthread_mutex_lock(&orphan);
            return arg;
        }
        static void *heir(void *arg)
        {
            pthread_mutex_lock(&orphan);
            return arg;
        }
        static void *sharer(void *arg)
        {
            pthread_mutex_lock(shared);
            return arg;
        }
        int main(void)
        {
            pthread_t t;
            pthread_mutexattr_t attributes;
            int ready[2];
            char c;
            pthread_mutexattr_init(&attributes);
            pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
            shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            pthread_mutex_init(shared, &attributes);
            pipe(ready);
            if (fork() == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                prctl(PR_SET_NAME, "holder");
                pthread_mutex_lock(shared);
                write(ready[1], "x", 1);
                sleep(1000);
                _exit(0);
            }
            read(ready[0], &c, 1);
            pthread_create(&t, NULL, dies, NULL);
            pthread_join(t, NULL);
            pthread_create(&t, NULL, sharer, NULL);
            pthread_setname_np(t, "sharer");
            pthread_create(&t, NULL, heir, NULL);
            pthread_setname_np(t, "heir");
            pthread_join(t, NULL);
            return 0;
        }
    "#;
    let directory = scratch("dead-holder");
    let program = compile(&directory, source, &["-g"]);
    let report = format!("--report={}", directory.join("r.json").display());
    let asked = Asked::start(&directory, &program, &[&report]);
    let text = asked.says("ps", &["(orphan) held by ", "process-shared mutex 0x"]);
    let line = |name: &str| text.lines().find(|l| l.contains(&format!("  {name}  "))).unwrap();
    assert!(line("heir").contains(", which has ended, for "), "{text}");
    assert!(line("sharer").ends_with(" \"holder\""), "{text}");
    let text = asked.says("locks", &["(orphan)", "process-shared mutex 0x"]);
    assert!(text.contains(", which has ended: it releases nothing any more"), "{text}");
    assert!(
        text.lines().any(|l| l.starts_with("  held by ") && l.ends_with("\"holder\"")),
        "{text}"
    );
    let text = stdout(&mut asked.about(&["report", "--now", &asked.pid()]));
    assert!(text.contains(", which has ended, for "), "{text}");
}
