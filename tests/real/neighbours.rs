//! Others that take part in a program's life: preloads before and after ours,
//! sanitizers, debuggers and profilers, runtimes with coroutines, collectors and
//! threads of their own. Each program ends with the line `done`.

use super::bench::{Mode, Place};
use super::run::{run, same, Ended, Started, PATIENCE};
use super::Case;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const SOURCES: &str = "tests/real/neighbours";
/// For what is many times slower than the program alone.
const LONG: Duration = Duration::from_secs(300);

pub fn cases() -> Vec<Case> {
    let mut all = vec![];
    for (name, library) in [
        ("jemalloc", "libjemalloc.so.2"),
        ("tcmalloc", "libtcmalloc_minimal.so.4"),
        ("faketime", "faketime/libfaketimeMT.so.1"),
    ] {
        for before in [true, false] {
            let side = if before { "before" } else { "after" };
            all.push(Case::new(format!("neighbours/{name}_{side}"), &["gcc"], move |place| {
                beside(place, library, before)
            }));
        }
    }
    let case = |name: &str, needs: &[&str], body: fn(&Place) -> Result<(), String>| {
        Case::new(format!("neighbours/{name}"), needs, body)
    };
    all.extend([
        case("fakeroot", &["gcc", "fakeroot"], fakeroot),
        case("address_sanitizer", &["gcc"], address_sanitizer),
        case("address_sanitizer_finds", &["gcc"], address_sanitizer_finds),
        case("thread_sanitizer", &["gcc"], thread_sanitizer),
        case("undefined_sanitizer", &["gcc"], |place| {
            whole(place, &place.compile(&source("mix.c"), &["-fsanitize=undefined"])?)
        }),
        case("valgrind", &["gcc", "valgrind"], valgrind),
        case("strace", &["gcc", "strace"], strace),
        case("gdb_breakpoint", &["gcc", "gdb"], gdb_breakpoint),
        case("gdb_attach", &["gcc", "gdb"], gdb_attach),
        case("perf", &["gcc", "perf"], perf),
        case("contexts", &["gcc"], |place| {
            whole(place, &place.compile(&source("contexts.c"), &[])?)
        }),
        case("boost_coroutines", &["g++"], boost),
        case("java", &["java", "javac"], java),
        case("node_workers", &["node"], |place| {
            let script = place.source(&source("workers.js"));
            same(place, PATIENCE, |mode| with(place.command(mode, "node"), &[&script]), done)
        }),
    ]);
    all
}

fn source(name: &str) -> String {
    format!("{SOURCES}/{name}")
}

fn with(mut command: Command, arguments: &[&PathBuf]) -> Command {
    command.args(arguments);
    command
}

fn done(ended: &Ended) -> Result<(), String> {
    match ended.stdout.ends_with(b"done\n") {
        true => Ok(()),
        false => Err("it did not come to its end".into()),
    }
}

/// A program's two runs are the same.
fn whole(place: &Place, program: &PathBuf) -> Result<(), String> {
    same(place, PATIENCE, |mode| place.command(mode, program), done)
}

/// Where Debian keeps libraries.
fn library(name: &str) -> Result<String, String> {
    let machine = format!("{}-linux-gnu", std::env::consts::ARCH);
    let path = format!("/usr/lib/{machine}/{name}");
    match PathBuf::from(&path).exists() {
        true => Ok(path),
        false => Err(format!("no {path} (see tests/setup)")),
    }
}

/// Another preload: the oracle has it alone.
fn beside(place: &Place, name: &str, before: bool) -> Result<(), String> {
    let program = place.compile(&source("mix.c"), &[])?;
    let other = library(name)?;
    let ours = place.bench.library.display();
    let command = |mode| {
        let mut c = place.command(mode, &program);
        let preload = match mode {
            Mode::Native => other.clone(),
            Mode::Preloaded if before => format!("{other}:{ours}"),
            Mode::Preloaded => format!("{ours}:{other}"),
        };
        c.env("LD_PRELOAD", preload).env("FAKETIME", "+10d");
        c
    };
    same(place, PATIENCE, command, done)
}

fn fakeroot(place: &Place) -> Result<(), String> {
    let program = place.compile(&source("mix.c"), &[])?;
    let script = format!(
        "grep -c libgeventrs /proc/self/maps >loaded; \
         touch f && chown 1234:5678 f && stat -c %u:%g f && id -u && {}",
        program.display()
    );
    let command = |mode| {
        let mut c = place.command(mode, "fakeroot");
        c.args(["sh", "-c", &script]);
        c
    };
    same(place, PATIENCE, command, done)?;
    // (What the last run has left.) fakeroot sets LD_PRELOAD itself.
    let loaded = std::fs::read_to_string(place.dir().join("loaded")).unwrap_or_default();
    match place.bench.native_only || loaded.trim() != "0" && !loaded.is_empty() {
        true => Ok(()),
        false => Err("under fakeroot the library is not loaded".into()),
    }
}

/// A program of AddressSanitizer's, which has its library first: as `geventrs run` has it.
fn sanitized(place: &Place, mode: Mode, program: &PathBuf) -> Command {
    let mut c = place.command(mode, program);
    if mode == Mode::Preloaded {
        c.env("LD_PRELOAD", format!("libasan.so.8:{}", place.bench.library.display()));
    }
    // What it finds leaked is a matter of what its threads' stacks hold at the end.
    c.env("ASAN_OPTIONS", "detect_leaks=0");
    c
}

fn address_sanitizer(place: &Place) -> Result<(), String> {
    let program = place.compile(&source("mix.c"), &["-fsanitize=address"])?;
    same(place, PATIENCE, |mode| sanitized(place, mode, &program), done)?;
    // Without, its own line says what to do.
    let mut c = place.command(Mode::Preloaded, &program);
    let ended = run(&mut c, b"", PATIENCE)?;
    match ended.stderr_text().lines().collect::<Vec<_>>()[..] {
        [line] if line.contains("ASan runtime does not come first") => Ok(()),
        _ => Err(format!("one clear line was expected\n{}", ended.describe())),
    }
}

/// Errors on a thread's heap and stack, and with exceptions and jumps around.
fn address_sanitizer_finds(place: &Place) -> Result<(), String> {
    let program = place.compile(&source("faulty.cpp"), &["-fsanitize=address", "-O1"])?;
    for (what, found) in [
        ("nothing", ""),
        ("heap", "heap-buffer-overflow"),
        ("stack", "stack-buffer-overflow"),
        ("freed", "heap-use-after-free"),
    ] {
        for &mode in place.modes() {
            let ended = run(sanitized(place, mode, &program).arg(what), b"", PATIENCE)?;
            let text = ended.stderr_text();
            let right = match found {
                "" => text.is_empty() && done(&ended).is_ok(),
                found => text.contains(found) && text.contains("faulty.cpp"),
            };
            if !right {
                return Err(format!("{what}, {mode:?}: {}", ended.describe()));
            }
        }
    }
    Ok(())
}

fn thread_sanitizer(place: &Place) -> Result<(), String> {
    let program = place.compile(&source("mix.c"), &["-fsanitize=thread"])?;
    for &mode in place.modes() {
        let ended = run(&mut place.command(mode, &program), b"", PATIENCE)?;
        done(&ended).map_err(|e| format!("{mode:?}: {e}\n{}", ended.describe()))?;
        let text = ended.stderr_text();
        let lines: Vec<&str> = text.lines().collect();
        let right = match mode {
            Mode::Native => lines.is_empty(),
            // Each program that is executed (the shell is none of its) has a line.
            Mode::Preloaded => {
                matches!(lines[..], [line] if line.contains("threads stay kernel threads"))
            }
        };
        if !right {
            return Err(format!("{mode:?}: {}", ended.describe()));
        }
    }
    Ok(())
}

fn valgrind(place: &Place) -> Result<(), String> {
    let program = place.compile(&source("mix.c"), &[])?;
    // What it has to say itself goes to files. On stderr nothing: the library has greenlets.
    let command = |mode| {
        let mut c = place.command(mode, "valgrind");
        c.args(["-q", "--log-file=valgrind.%p", "--trace-children=no"]).arg(&program);
        c
    };
    same(place, LONG, command, done)
}

fn strace(place: &Place) -> Result<(), String> {
    let program = place.compile(&source("mix.c"), &[])?;
    for form in [&["-f"][..], &["-f", "-c"]] {
        let command = |mode| {
            let mut c = place.command(mode, "strace");
            c.args(form).args(["-o", "trace"]).arg(&program);
            c
        };
        same(place, LONG, command, done)?;
    }
    Ok(())
}

/// gdb's commands on a program, with the library in the program only.
fn gdb(place: &Place, mode: Mode, program: &PathBuf, commands: &[&str]) -> Command {
    let mut c = place.command(Mode::Native, "gdb");
    c.args(["-nx", "-batch", "-iex", "set debuginfod enabled off"]);
    if mode == Mode::Preloaded {
        let library = place.bench.library.display();
        c.arg("-ex").arg(format!("set exec-wrapper env LD_PRELOAD={library}"));
    }
    for command in commands {
        c.args(["-ex", command]);
    }
    c.arg(program);
    c
}

/// A breakpoint on a thread's stack, a step, and on to the end.
fn gdb_breakpoint(place: &Place) -> Result<(), String> {
    let program = place.compile(&source("hot.c"), &["-O1"])?;
    let commands = [
        "break middle",
        "run",
        "info sharedlibrary",
        "backtrace",
        "finish",
        "continue",
        "delete",
        "continue",
    ];
    for &mode in place.modes() {
        let ended = run(&mut gdb(place, mode, &program, &commands), b"", LONG)?;
        let text = ended.stdout_text();
        let frames = ["#0  middle", "in worker ("];
        if !frames.iter().all(|f| text.contains(f))
            || !text.contains("done")
            || !text.contains("exited normally")
            || text.contains("libgeventrs.so") != (mode == Mode::Preloaded)
        {
            return Err(format!("{mode:?}: {}", ended.describe()));
        }
    }
    Ok(())
}

/// Attach to a running program, look, and let it go on: three times.
fn gdb_attach(place: &Place) -> Result<(), String> {
    let program = place.compile(&source("mix.c"), &[])?;
    let stop = place.dir().join("stop");
    for &mode in place.modes() {
        let started = Started::new(place.command(mode, &program).arg(&stop))?;
        for _ in 0..3 {
            let look = ["thread apply all backtrace", "info sharedlibrary", "detach"];
            let mut c = gdb(place, Mode::Native, &program, &look);
            let ended = run(c.args(["-p", &started.pid().to_string()]), b"", LONG)?;
            let text = ended.stdout_text();
            let with_library = text.contains("libgeventrs.so") == (mode == Mode::Preloaded);
            if !text.contains("detached]") || !text.contains("#0 ") || !with_library {
                return Err(format!("{mode:?}: gdb: {}", ended.describe()));
            }
        }
        std::fs::write(&stop, "").map_err(|e| format!("{}: {e}", stop.display()))?;
        let ended = started.wait(LONG)?.success(&format!("{mode:?}"))?;
        std::fs::remove_file(&stop).map_err(|e| format!("{}: {e}", stop.display()))?;
        // Each time the same, to the end.
        let text = ended.stdout_text();
        let (one, _) = text.split_once("done\n").unwrap_or_default();
        let times = text.matches("done\n").count();
        if !one.contains(" late 0\n") || text != format!("{one}done\n").repeat(times) {
            return Err(format!("{mode:?}: {}", ended.describe()));
        }
    }
    Ok(())
}

/// The stacks of threads that compute, by both of perf's ways.
fn perf(place: &Place) -> Result<(), String> {
    let program = place.compile(&source("hot.c"), &["-O0"])?;
    for way in ["fp", "dwarf"] {
        for &mode in place.modes() {
            let mut record = place.command(mode, "perf");
            record.args([
                "record",
                "-q",
                "-e",
                "cpu-clock:u",
                "--call-graph",
                way,
                "-o",
                "samples",
            ]);
            let ended = run(record.arg(&program), b"", LONG)?;
            if mode == Mode::Native && ended.exit != crate::process::Exit::Code(0) {
                // The kernel does not let this user (or container) profile.
                eprintln!("neighbours/perf: perf record does not work here; not tried");
                return Ok(());
            }
            done(&ended).map_err(|e| format!("{way}, {mode:?}: {e}\n{}", ended.describe()))?;
            let mut report = place.command(Mode::Native, "perf");
            report.args(["script", "-i", "samples", "-F", "ip,sym"]);
            let text = run(&mut report, b"", LONG)?.stdout_text();
            let stacks: Vec<Vec<&str>> = text
                .split("\n\n")
                .map(|stack| stack.lines().filter_map(|l| l.split_whitespace().nth(1)).collect())
                .collect();
            let whole = stacks.iter().filter(|s| s.starts_with(&["inner", "middle", "worker"]));
            let hot = stacks.iter().filter(|s| s.first() == Some(&"inner")).count();
            let whole = whole.count();
            if hot < 20 || whole * 10 < hot * 9 {
                return Err(format!("{way}, {mode:?}: {whole} of {hot} stacks are whole"));
            }
            // Nothing after the thread's first frame.
            let most = stacks.iter().filter(|s| s.first() == Some(&"inner")).map(Vec::len).max();
            if most > Some(8) {
                return Err(format!("{way}, {mode:?}: a stack of {most:?} frames"));
            }
        }
    }
    Ok(())
}

fn boost(place: &Place) -> Result<(), String> {
    let source = source("coroutines.cpp");
    whole(place, &place.compile(&source, &["-std=c++17", "-Wl,--no-as-needed", "-lboost_context"])?)
}

fn java(place: &Place) -> Result<(), String> {
    let mut compile = place.command(Mode::Native, "javac");
    compile.args(["-d", "."]).arg(place.source(&source("Mix.java")));
    run(&mut compile, b"", LONG)?.success("javac")?;
    for options in [&["-Xmx256m"][..], &["-Xmx256m", "-Xint", "-XX:+UseSerialGC"]] {
        let command = |mode| {
            let mut c = place.command(mode, "java");
            c.args(options).args(["-cp", ".", "Mix"]);
            c
        };
        same(place, LONG, command, done)?;
    }
    Ok(())
}
