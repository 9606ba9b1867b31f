//! Limits reached, deadlocks, wrong settings: the program meets what it would
//! meet natively, and the library says in plain lines what it has to say.

use super::bench::{Mode, Place};
use super::run::{run, same, Ended, Started, PATIENCE};
use super::Case;
use crate::process::Exit;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Exit code of a process that `GEVENTRS_DEADLOCK=abort` has ended.
const DEADLOCK_EXIT: i32 = 97;
const SIGSEGV: i32 = 11;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("bad_input/descriptor_limit", &["gcc"], |place| {
            limited(place, "descriptor_limit.c", "ulimit -n 20")
        }),
        Case::new("bad_input/address_space_limit", &["gcc"], |place| {
            limited(place, "address_space_limit.c", "ulimit -v 600000")
        }),
        Case::new("bad_input/stack_overflow", &["gcc"], stack_overflow),
        Case::new("bad_input/deadlock_abort", &["gcc"], deadlock_abort),
        Case::new("bad_input/deadlock_report", &["gcc"], deadlock_report),
        Case::new("bad_input/no_false_deadlock", &["gcc"], no_false_deadlock),
        Case::new("bad_input/disable", &["gcc"], disable),
        Case::new("bad_input/patch_groups", &["gcc"], patch_groups),
        Case::new("bad_input/unknown_settings", &["gcc"], unknown_settings),
    ]
}

fn compile(place: &Place, file: &str) -> Result<std::path::PathBuf, String> {
    place.compile(&format!("tests/real/bad/{file}"), &[])
}

/// A program under a limit of the shell prints the same as natively.
fn limited(place: &Place, file: &str, limit: &str) -> Result<(), String> {
    let binary = compile(place, file)?;
    same(
        place,
        PATIENCE,
        |mode| {
            let mut c = place.command(mode, "bash");
            c.arg("-c").arg(format!("{limit}; exec {}", binary.display()));
            c
        },
        good,
    )
}

fn good(ended: &Ended) -> Result<(), String> {
    match ended.exit {
        Exit::Code(0) if ended.stderr.is_empty() => Ok(()),
        _ => Err("wanted exit code 0 and an empty stderr".into()),
    }
}

/// The preloaded runs of a case; none where only the native halves run.
fn preloaded(place: &Place) -> Option<Mode> {
    place.modes().iter().copied().find(|&m| m == Mode::Preloaded)
}

fn preloaded_with(place: &Place, binary: &Path, settings: &[(&str, &str)]) -> Command {
    let mut c = place.command(Mode::Preloaded, binary);
    c.envs(settings.iter().copied());
    c
}

/// A thread that recurses for ever dies of SIGSEGV with its process, natively
/// and preloaded; preloaded, one line says which thread it was.
fn stack_overflow(place: &Place) -> Result<(), String> {
    let binary = compile(place, "stack_overflow.c")?;
    for &mode in place.modes() {
        let ended = run(&mut place.command(mode, &binary), b"", PATIENCE)?;
        if ended.exit != Exit::Signal(SIGSEGV) {
            return Err(format!("{mode:?}: wanted signal 11: {}", ended.describe()));
        }
        let text = ended.stderr_text();
        let lines: Vec<&str> = text.lines().collect();
        let right = match (mode, &lines[..]) {
            (Mode::Native, []) => true,
            (Mode::Preloaded, [line]) => {
                line.starts_with("geventrs: ")
                    && line.contains("stack overflow")
                    && line.contains("\"deep\"")
            }
            _ => false,
        };
        if !right {
            return Err(format!("{mode:?}: stderr does not name the thread: {}", ended.describe()));
        }
    }
    Ok(())
}

/// What each of the threads of `deadlock.c` waits for, in some words.
const WAITS: [(&str, &str); 4] =
    [("\"left\"", "mutex"), ("\"right\"", "mutex"), ("\"waiter\"", "cond"), ("\"deadlock\"", "")];

fn names_each_wait(ended: &str) -> Result<(), String> {
    for (thread, wait) in WAITS {
        let mut lines = ended.lines().filter(|l| l.contains(thread));
        if !lines.any(|l| l.contains(" waits for ") && l.contains(wait)) {
            return Err(format!("no line says that thread {thread} waits for a {wait}:\n{ended}"));
        }
    }
    match ended.matches("deadlock: all ").count() {
        1 => Ok(()),
        n => Err(format!("{n} reports:\n{ended}")),
    }
}

fn deadlock_abort(place: &Place) -> Result<(), String> {
    let binary = compile(place, "deadlock.c")?;
    // Natively it waits for ever, and that is what it shall do.
    let mut native = Started::new(&mut place.command(Mode::Native, &binary))?;
    native.wait_for("its threads", |s| s.stdout().contains("stuck").then_some(()))?;
    drop(native);
    if preloaded(place).is_some() {
        let mut c = preloaded_with(place, &binary, &[("GEVENTRS_DEADLOCK", "abort")]);
        let ended = run(&mut c, b"", Duration::from_secs(20))?;
        if ended.exit != Exit::Code(DEADLOCK_EXIT) {
            return Err(format!("wanted exit code {DEADLOCK_EXIT}: {}", ended.describe()));
        }
        names_each_wait(&ended.stderr_text())?;
    }
    Ok(())
}

/// By default the report comes once and the program goes on waiting.
fn deadlock_report(place: &Place) -> Result<(), String> {
    let binary = compile(place, "deadlock.c")?;
    if preloaded(place).is_none() {
        return Ok(());
    }
    let mut waiting = Started::new(&mut place.command(Mode::Preloaded, &binary))?;
    waiting.wait_for("the report", |s| s.stderr().contains("\"waiter\"").then_some(()))?;
    std::thread::sleep(Duration::from_secs(1));
    names_each_wait(&waiting.stderr())?;
    waiting.wait_for("being alive", |_| Some(()))?;
    drop(waiting);
    // Said to be quiet, it is.
    let mut c = preloaded_with(place, &binary, &[("GEVENTRS_DEADLOCK", "off")]);
    let mut quiet = Started::new(&mut c)?;
    quiet.wait_for("its threads", |s| s.stdout().contains("stuck").then_some(()))?;
    std::thread::sleep(Duration::from_millis(500));
    match quiet.stderr().as_str() {
        "" => Ok(()),
        text => Err(format!("GEVENTRS_DEADLOCK=off, and yet:\n{text}")),
    }
}

/// Waits that only something outside the program ends are no deadlock: a
/// pipe, a timer, a child process, a signal handler that posts a semaphore.
fn no_false_deadlock(place: &Place) -> Result<(), String> {
    let binary = compile(place, "outside_wakes.c")?;
    same(
        place,
        PATIENCE,
        |mode| {
            let mut c = place.command(mode, &binary);
            c.env("GEVENTRS_DEADLOCK", "abort");
            c
        },
        good,
    )
}

/// `GEVENTRS_DISABLE=1`: threads are OS threads, as without the library. With it,
/// there are the program's one, the monitor, the maker of carriers, and who answers.
fn disable(place: &Place) -> Result<(), String> {
    let binary = compile(place, "thread_count.c")?;
    let threads = |c: &mut Command| -> Result<String, String> {
        Ok(run(c, b"", PATIENCE)?.success("thread_count")?.stdout_text())
    };
    let native = threads(&mut place.command(Mode::Native, &binary))?;
    if native != "Threads:\t11\n" {
        return Err(format!("natively: {native:?}"));
    }
    if preloaded(place).is_some() {
        let on = threads(&mut preloaded_with(place, &binary, &[]))?;
        let off = threads(&mut preloaded_with(place, &binary, &[("GEVENTRS_DISABLE", "1")]))?;
        let group = threads(&mut preloaded_with(place, &binary, &[("GEVENTRS_PATCH", "-thread")]))?;
        if (on.as_str(), off.as_str(), group.as_str()) != ("Threads:\t4\n", &native, &native) {
            return Err(format!(
                "threads: preloaded {on:?}, GEVENTRS_DISABLE=1 {off:?}, GEVENTRS_PATCH=-thread {group:?}"
            ));
        }
    }
    Ok(())
}

/// A program works whichever groups are left out; without `time`, a sleep
/// holds everybody up, which is what was asked for (with the hand-off, the hub
/// would leave the sleeper after a slice).
fn patch_groups(place: &Place) -> Result<(), String> {
    let binary = compile(place, "sleep_together.c")?;
    let slept = |c: &mut Command| -> Result<bool, String> {
        let text = run(c, b"", PATIENCE)?.success("sleep_together")?.stdout_text();
        match text.trim() {
            "together" => Ok(true),
            "one after the other" => Ok(false),
            other => Err(format!("sleep_together: {other:?}")),
        }
    };
    if !slept(&mut place.command(Mode::Native, &binary))? {
        return Err("natively the sleeps were not concurrent: a busy machine?".into());
    }
    if preloaded(place).is_none() {
        return Ok(());
    }
    for (patch, together) in [
        ("all", true),
        ("all,-dns,-os", true),
        ("-time", false),
        ("thread", false),
        ("thread,time", true),
        ("none", true),
    ] {
        let settings = [("GEVENTRS_PATCH", patch), ("GEVENTRS_HANDOFF", "off")];
        if slept(&mut preloaded_with(place, &binary, &settings))? != together {
            return Err(format!("GEVENTRS_PATCH={patch}: sleeps together is {}", !together));
        }
    }
    Ok(())
}

/// An unknown name or value gets one line, and the program runs.
fn unknown_settings(place: &Place) -> Result<(), String> {
    let binary = compile(place, "thread_count.c")?;
    if preloaded(place).is_none() {
        return Ok(());
    }
    for (name, value, says) in [
        ("GEVENTRS_PATHC", "all", "GEVENTRS_PATHC"),
        ("GEVENTRS_PATCH", "all,-sokcet", "sokcet"),
        ("GEVENTRS_DEADLOCK", "maybe", "maybe"),
        ("GEVENTRS_DISABLE", "yes please", "yes please"),
        ("GEVENTRS_PATCH", "\u{1F9F5},\x01", "GEVENTRS_PATCH"),
    ] {
        let ended = run(&mut preloaded_with(place, &binary, &[(name, value)]), b"", PATIENCE)?;
        let ended = ended.success(&format!("{name}={value}"))?;
        let text = ended.stderr_text();
        let named = text.lines().all(|l| l.starts_with("geventrs: "));
        if !named || !text.contains(says) || text.lines().count() > 2 {
            return Err(format!("{name}={value}: {}", ended.describe()));
        }
    }
    Ok(())
}
