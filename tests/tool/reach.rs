//! Asking programs that have become others, that have left their root directory or their
//! user, that let one greenlet keep the hub, and that have very many.

use crate::asked::{until, Asked};
use crate::support::*;
use serde_json::Value;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// `program HOW WHEN [DIRECTORY]`: it makes a thread that reads from a silent pipe, and HOW it
/// goes elsewhere: by exec, chroot or setuid, before or after that.
const ELSEWHERE: &str = r#"
    #define _GNU_SOURCE
    #include <pthread.h>
    #include <stdio.h>
    #include <string.h>
    #include <unistd.h>
    static int ends[2];
    static void *reader(void *arg)
    {
        char c;
        read(ends[0], &c, 1); /* it waits */
        return arg;
    }
    static void make(void)
    {
        pthread_t t;
        pipe(ends);
        pthread_create(&t, NULL, reader, NULL);
        pthread_setname_np(t, "reader");
        usleep(20000);
    }
    int main(int argc, char **argv)
    {
        int failed = 0, before = !strcmp(argv[2], "before");
        if (!before)
            make();
        if (!strcmp(argv[1], "exec"))
            execl(argv[0], argv[0], "stay", "before", (char *)NULL);
        if (!strcmp(argv[1], "exec-one"))
            execl("/bin/sleep", "sleep", "1000", (char *)NULL);
        if (!strcmp(argv[1], "chroot"))
            failed = chroot(argv[3]) || chdir("/");
        if (!strcmp(argv[1], "setuid"))
            failed = setuid(65534);
        if (before)
            make();
        sleep(1000);
        return failed;
    }
"#;

fn is_root() -> bool {
    // SAFETY: takes nothing.
    unsafe { libc::geteuid() == 0 }
}

/// It waits, and that can be asked; `stacks` names the line.
#[track_caller]
fn can_be_asked(asked: &Asked) {
    asked.says("ps", &["reader", "read fd "]);
    let line = ELSEWHERE.lines().position(|l| l.contains("it waits")).unwrap() + 1;
    let text = asked.says("stacks", &["reader at ", &format!("program.c:{line}")]);
    assert!(text.contains("\"reader\" waits"), "{text}");
    assert!(text.contains(" <- pipe:[") && text.contains(" here)"), "{text}");
}

fn elsewhere(directory: &std::path::Path, program: &std::path::Path, words: &[&str]) -> Asked {
    let mut command = run(&["--"]);
    command.arg(program).args(words);
    Asked::start_command(directory, command)
}

#[test]
fn a_program_that_becomes_another_is_asked_as_that() {
    let directory = scratch("reach-exec");
    let program = compile(&directory, ELSEWHERE, &["-g"]);
    let asked = elsewhere(&directory, &program, &["exec", "after"]);
    can_be_asked(&asked);
    let command = std::fs::read(format!("/proc/{}/cmdline", asked.pid())).unwrap();
    assert!(command.windows(4).any(|w| w == b"stay"), "it has become another");
    // One that makes no thread leaves nobody who answers, and no file.
    let other = elsewhere(&directory, &program, &["exec-one", "after"]);
    until("the other program", || {
        let name = std::fs::read_to_string(format!("/proc/{}/comm", other.pid())).ok()?;
        (name == "sleep\n").then_some(())
    });
    fails(&mut other.about(&["ps", &other.pid()]), 3, "it has made no second thread");
    assert!(!directory.join("geventrs").join(other.pid()).exists());
}

#[test]
fn a_program_that_has_left_its_root_directory_can_be_asked() {
    if !is_root() {
        eprintln!("skipped: chroot(2) is for the super-user");
        return;
    }
    let directory = scratch("reach-chroot");
    let program = compile(&directory, ELSEWHERE, &["-g"]);
    let jail = directory.join("jail");
    std::fs::create_dir(&jail).unwrap();
    let words = ["chroot", "after", jail.to_str().unwrap()];
    let asked = elsewhere(&directory, &program, &words);
    // There it has no /proc: names, files and maps are looked up from here.
    let root = format!("/proc/{}/root", asked.pid());
    until("its new root", || (std::fs::read_link(&root).ok()? == jail).then_some(()));
    can_be_asked(&asked);
    assert!(asked.ask("ps", &[]).unwrap().starts_with(&format!("{} program: ", asked.pid())));
    // Before its first thread: there is no place for a socket.
    let asked = elsewhere(&directory, &program, &["chroot", "before", jail.to_str().unwrap()]);
    until("its thread", || {
        let threads = std::fs::read_dir(format!("/proc/{}/task", asked.pid())).ok()?.count();
        (threads > 3).then_some(())
    });
    fails(&mut asked.about(&["ps", &asked.pid()]), 3, "changed its user or root directory");
    assert_eq!(std::fs::read_dir(&jail).unwrap().count(), 0);
}

#[test]
fn a_program_that_has_become_another_user_is_asked_by_that_one_and_by_root() {
    if !is_root() {
        eprintln!("skipped: setuid(2) to another user is for the super-user");
        return;
    }
    const NOBODY: u32 = 65534;
    // Everybody must be able to read the program and the tool.
    let directory = shared("reach-setuid");
    let program = compile(&directory, ELSEWHERE, &["-g"]);
    let mut tool_of_all = directory.join("geventrs");
    std::fs::copy(TOOL, &tool_of_all).unwrap();
    std::fs::set_permissions(&tool_of_all, PermissionsExt::from_mode(0o755)).unwrap();
    tool_of_all = tool_of_all.canonicalize().unwrap();
    let runtime = scratch("reach-setuid-runtime");
    let as_nobody = |asked: &Asked| {
        let mut command = Command::new(&tool_of_all);
        command.args(["ps", &asked.pid()]).uid(NOBODY).current_dir("/").env_clear();
        output(&mut command)
    };
    // Before its first thread: the socket is the new user's.
    let asked = elsewhere(&runtime, &program, &["setuid", "before"]);
    can_be_asked(&asked);
    let place = format!("/tmp/geventrs-{NOBODY}/{}", asked.pid());
    let owner = std::fs::metadata(&place).unwrap();
    assert_eq!((owner.uid(), owner.mode() & 0o777), (NOBODY, 0o600));
    let answer = as_nobody(&asked);
    let text = String::from_utf8_lossy(&answer.stdout);
    assert!(answer.status.success() && text.contains("reader"), "{answer:?}");
    drop(asked);
    // Killed, it has left the file; whoever asks next removes it.
    output(&mut tool(&["ps"]));
    assert!(!std::path::Path::new(&place).exists());
    // After it: the socket is where the old user's are.
    let asked = elsewhere(&runtime, &program, &["setuid", "after"]);
    until("its new user", || {
        let owner = std::fs::metadata(format!("/proc/{}/status", asked.pid())).ok()?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", asked.pid())).ok()?;
        (owner.is_file() && status.contains("Uid:\t65534")).then_some(())
    });
    can_be_asked(&asked);
    assert_eq!(as_nobody(&asked).status.code(), Some(3));
    drop(asked);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_greenlet_that_keeps_the_hub_keeps_no_answer() {
    let source = r#"
        #define _GNU_SOURCE
        #include <pthread.h>
        #include <unistd.h>
        static void *crunch(void *arg)
        {
            for (volatile long n = 0;; n++)
                ;
            return arg;
        }
        static void *sleeper(void *arg)
        {
            sleep(1000);
            return arg;
        }
        int main(void)
        {
            pthread_t t;
            pthread_create(&t, NULL, sleeper, NULL);
            pthread_setname_np(t, "sleeper");
            usleep(20000);
            pthread_create(&t, NULL, crunch, NULL);
            pthread_setname_np(t, "cruncher");
            pthread_join(t, NULL);
            return 0;
        }
    "#;
    let directory = scratch("reach-handoff");
    let program = compile(&directory, source, &["-g", "-O1"]);
    let mut command = run(&["--handoff=off", "--max-blocking-time=3600", "--"]);
    command.arg(&program);
    let asked = Asked::start_command(&directory, command);
    let text = asked.says("ps", &["sleeper", "cruncher", "join "]);
    // It has the hub, and nobody else will ever run: that is what is told.
    let line = text.lines().find(|l| l.contains("cruncher  crunch")).unwrap();
    assert!(line.contains(" runs "), "{text}");
    let sleeper = asked.greenlet("sleeper").unwrap();
    assert_eq!((&sleeper["state"], &sleeper["kind"]), (&"waits".into(), &"sleep".into()));
    asked.says("stacks", &["sleeper at "]);
    // It has made no switch for all that asking.
    let switches = || asked.greenlet("cruncher").unwrap()["switches"].clone();
    assert_eq!(switches(), switches());
}

#[test]
fn a_hundred_thousand_greenlets_are_told_of() {
    let source = r#"
        #include <pthread.h>
        #include <stdio.h>
        #include <unistd.h>
        static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
        static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
        static void *waiter(void *arg)
        {
            pthread_mutex_lock(&lock);
            for (;;)
                pthread_cond_wait(&never, &lock);
            return arg;
        }
        int main(void)
        {
            pthread_attr_t small;
            pthread_t t;
            pthread_attr_init(&small);
            pthread_attr_setstacksize(&small, 16384);
            for (int i = 0; i < 100000; i++)
                if (pthread_create(&t, &small, waiter, NULL))
                    return 1;
            for (;;)
                sleep(1);
        }
    "#;
    let directory = scratch("reach-crowd");
    let program = compile(&directory, source, &["-g", "-O1"]);
    let mut asked = Asked::start(&directory, &program, &[]);
    let all = until("all of them", || {
        assert!(asked.child.try_wait().unwrap().is_none(), "it has ended");
        let text = asked.ask("ps", &["--json", "--limit", "200000"])?;
        let whole: Value = serde_json::from_str(&text).unwrap();
        (whole["live"] == 100_001).then_some(whole)
    });
    let greenlets = all["greenlets"].as_array().unwrap();
    assert_eq!((greenlets.len(), &all["left_out"]), (100_001, &0.into()));
    // Each once.
    let ids: std::collections::BTreeSet<_> =
        greenlets.iter().map(|g| g["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), greenlets.len());
    until("their waits", || {
        let text = asked.ask("ps", &["--json", "--limit", "200000"])?;
        let whole: Value = serde_json::from_str(&text).unwrap();
        let waits = whole["greenlets"].as_array()?.iter().filter(|g| g["kind"] == "condition");
        (waits.count() == 100_000).then_some(())
    });
    // Without being asked for all, one gets the newest.
    let text = asked.ask("ps", &[]).unwrap();
    assert!(text.ends_with("and 90001 more (--limit)\n"), "{:.300}", text);
    asked.says("stacks", &["waiter at ", "more (--limit)"]);
}
