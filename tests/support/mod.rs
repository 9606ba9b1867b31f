//! Finding, compiling and running the test programs of `tests/c`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

pub mod conformance;
pub mod process;
mod signals;
use process::{
    change_root, clip, end_group, first_difference, kill_group, tasks, threads_of, Collected, Exit,
    Scratch,
};

/// Until then a thread of the library has its name.
const NAMED: Duration = Duration::from_secs(2);

/// What the comment lines at the top of a program ask for.
#[derive(Clone, Debug)]
pub struct Directives {
    pub rule: String,
    pub args: Vec<String>,
    pub cflags: Vec<String>,
    pub libs: Vec<String>,
    pub env: Vec<(String, String)>,
    pub timeout: Duration,
    pub exit: Exit,
    pub stdin: Option<String>,
    pub ignore_stderr: bool,
    pub one_thread: bool,
    /// Why it is not run natively.
    pub skip_native: Option<String>,
    /// Where the rule stands, if it does not say so itself.
    pub source: String,
    /// The oldest glibc, 2.x, that has what it calls.
    pub glibc: u32,
    /// The oldest GCC whose headers it includes.
    pub gcc: u32,
    /// What the library lacks for the program to pass.
    pub pending: Option<String>,
    /// Further builds of the same file: a name and the flags added.
    pub variants: Vec<(String, Vec<String>)>,
}

impl Directives {
    /// Reads the directives off the leading `//` lines of `source`; the first
    /// line that is neither a `//` comment nor empty ends them.
    pub fn parse(source: &str) -> Result<Directives, String> {
        let mut d = Directives {
            rule: String::new(),
            args: vec![],
            cflags: vec![],
            libs: vec![],
            env: vec![],
            timeout: Duration::from_secs(20),
            exit: Exit::Code(0),
            stdin: None,
            ignore_stderr: false,
            one_thread: false,
            skip_native: None,
            source: String::new(),
            glibc: 0,
            gcc: 0,
            pending: None,
            variants: vec![],
        };
        let words = |s: &str| s.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for line in source.lines() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let Some(comment) = line.strip_prefix("//") else {
                break;
            };
            let Some((key, value)) = comment.trim().split_once(':') else {
                continue;
            };
            let value = value.trim();
            let number =
                || value.parse::<i32>().map_err(|_| format!("`{key}: {value}`: not a number"));
            let yes_no = || match value {
                "yes" => Ok(true),
                "no" => Ok(false),
                _ => Err(format!("`{key}: {value}`: neither yes nor no")),
            };
            match key {
                "rule" => d.rule = value.to_owned(),
                "args" => d.args = words(value),
                "cflags" => d.cflags.extend(words(value)),
                "libs" => d.libs.extend(words(value)),
                "env" => {
                    for word in value.split_whitespace() {
                        let (k, v) = word
                            .split_once('=')
                            .ok_or_else(|| format!("`env: {word}` is not K=V"))?;
                        d.env.push((k.to_owned(), v.to_owned()));
                    }
                }
                "timeout" => d.timeout = Duration::from_secs(number()?.max(1) as u64),
                "exit" => {
                    d.exit = match value.strip_prefix("signal ") {
                        Some(n) => Exit::Signal(
                            n.trim()
                                .parse()
                                .map_err(|_| format!("`exit: {value}`: not a signal number"))?,
                        ),
                        None => Exit::Code(number()?),
                    }
                }
                "stdin" => d.stdin = Some(unescape(value)),
                "stderr" if value == "ignore" => d.ignore_stderr = true,
                "stderr" => return Err(format!("`stderr: {value}`: only `ignore` is known")),
                "pending" if !value.is_empty() => d.pending = Some(value.to_string()),
                "glibc" => {
                    d.glibc = minor_version(value)
                        .ok_or_else(|| format!("`glibc: {value}`: not a version 2.N"))?;
                }
                "gcc" => d.gcc = number()?.max(0) as u32,
                "one-thread" => d.one_thread = yes_no()?,
                "native" if value.starts_with("skip ") => {
                    d.skip_native = Some(value["skip ".len()..].trim().to_owned());
                }
                "source" => d.source = value.to_owned(),
                "native" => return Err("`native:` wants `skip <reason>`".into()),
                "variant" => {
                    let mut w = words(value);
                    if w.len() < 2 {
                        return Err("`variant:` wants a name and flags".into());
                    }
                    let name = w.remove(0);
                    d.variants.push((name, w));
                }
                // A word and a colon at the top that means nothing is more
                // likely a mistyped directive than prose; prose goes below.
                _ if !key.contains(' ') => return Err(format!("unknown directive `{key}:`")),
                _ => {}
            }
        }
        if d.rule.is_empty() {
            return Err("no `// rule: ...` line: say which rule the program guards".into());
        }
        Ok(d)
    }
}

/// N of the version 2.N.
fn minor_version(version: &str) -> Option<u32> {
    version.strip_prefix("2.")?.parse().ok()
}

fn unescape(s: &str) -> String {
    let mut out = String::new();
    let mut chars = s.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

/// One test: a program, built in one way.
#[derive(Clone, Debug)]
pub struct Program {
    pub name: String,
    pub source: PathBuf,
    pub binary: PathBuf,
    pub directives: Result<Directives, String>,
    pub extra_flags: Vec<String>,
}

/// A processor as GNU triples name it, with a compiler and an emulator in the PATH.
#[derive(Clone, Debug)]
pub struct Processor(String);

impl Processor {
    /// The compiler `name` that compiles for it.
    fn compiler(&self, name: &str) -> Command {
        if name != "rustc" {
            return Command::new(format!("{}-linux-gnu-{name}", self.0));
        }
        let mut c = Command::new(name);
        c.arg(format!("--target={}-unknown-linux-gnu", self.0));
        c.arg(format!("-Clinker={}-linux-gnu-gcc", self.0));
        c
    }

    /// `program` on the emulator, with `library` preloaded.
    fn run(&self, program: &Path, library: Option<&Path>) -> Command {
        let mut c = Command::new(format!("qemu-{}", self.0));
        // It has a thread of its own, which programs must not count.
        c.env("GEVENTRS_TEST_EMULATED", "1");
        c.arg("-L").arg(format!("/usr/{}-linux-gnu", self.0));
        if let Some(library) = library {
            // Not in the emulator's own environment, whose loader would take it.
            c.arg("-E").arg(format!("LD_PRELOAD={}", library.display()));
        }
        c.arg(program);
        c
    }
}

/// Where things are.
#[derive(Clone, Debug)]
pub struct Layout {
    pub root: PathBuf,
    pub build: PathBuf,
    pub library: PathBuf,
    /// The root directory in which programs are compiled and run, if it is not
    /// this process's own. The directories above have the same paths there.
    pub system: Option<PathBuf>,
    /// The processor that programs are compiled for, and run on by an emulator, if it is
    /// not this machine's.
    pub processor: Option<Processor>,
    /// Flags that every C and C++ program is compiled with, before its own.
    pub cflags: Vec<String>,
    /// N where the system under test has glibc 2.N.
    pub glibc: u32,
    /// The major version of its GCC.
    pub gcc: u32,
}

impl Layout {
    pub fn new() -> Layout {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let target = root.join("target");
        let library = match std::env::var_os("GEVENTRS_LIB") {
            // The programs run in a directory of their own.
            Some(p) => std::path::absolute(p).expect("GEVENTRS_LIB is a path"),
            None => target.join("release/libgeventrs.so"),
        };
        let system = std::env::var_os("GEVENTRS_TEST_ROOT").map(PathBuf::from);
        let processor = std::env::var("GEVENTRS_TEST_PROCESSOR").ok().map(Processor);
        let cflags: Vec<String> = std::env::var("GEVENTRS_TEST_CFLAGS")
            .map(|flags| flags.split_whitespace().map(str::to_owned).collect())
            .unwrap_or_default();
        // Each system, each processor and each set of flags has binaries of its own.
        let mut build = "c-tests".to_owned();
        if let Some(system) = &system {
            let _ = write!(build, "-{}", file_name(system));
        }
        if let Some(processor) = &processor {
            let _ = write!(build, "-{}", processor.0);
        }
        for flag in &cflags {
            build.push('-');
            build.extend(flag.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_'));
        }
        let build = target.join(build);
        let mut layout =
            Layout { build, root, library, system, processor, cflags, glibc: 0, gcc: 0 };
        layout.glibc = layout.find_glibc();
        layout.gcc = layout.find_gcc();
        layout
    }

    fn find_glibc(&self) -> u32 {
        let mut c = Command::new("getconf");
        c.arg("GNU_LIBC_VERSION").env_remove("LD_PRELOAD");
        self.place(&mut c, Path::new("/"));
        let out = c.output().unwrap_or_else(|e| panic!("getconf: {e}"));
        let text = String::from_utf8_lossy(&out.stdout);
        let version = text.trim().strip_prefix("glibc ").and_then(minor_version);
        version.unwrap_or_else(|| panic!("getconf GNU_LIBC_VERSION says {text:?}"))
    }

    fn find_gcc(&self) -> u32 {
        let mut c = Command::new("gcc");
        c.arg("-dumpversion").env_remove("LD_PRELOAD");
        self.place(&mut c, Path::new("/"));
        let out = c.output().unwrap_or_else(|e| panic!("gcc: {e}"));
        let text = String::from_utf8_lossy(&out.stdout);
        let major = text.trim().split('.').next().and_then(|n| n.parse().ok());
        major.unwrap_or_else(|| panic!("gcc -dumpversion says {text:?}"))
    }

    /// Why a program cannot be built there, if it cannot.
    pub fn lacks(&self, d: &Directives) -> Option<String> {
        if d.glibc > self.glibc {
            return Some(format!("wants glibc 2.{}", d.glibc));
        }
        (d.gcc > self.gcc).then(|| format!("wants GCC {}", d.gcc))
    }

    /// Let `command` run in the directory `dir`, within the system under test.
    fn place(&self, command: &mut Command, dir: &Path) {
        match &self.system {
            Some(system) => change_root(command, system, dir),
            None => {
                command.current_dir(dir);
            }
        }
    }

    /// Every program of `tests/c`, in the order of the names.
    pub fn programs(&self) -> Vec<Program> {
        let mut found: BTreeMap<String, Program> = BTreeMap::new();
        let base = self.root.join("tests/c");
        for group in entries(&base) {
            if !group.is_dir() {
                continue;
            }
            for source in entries(&group) {
                if !matches!(extension(&source), "c" | "cpp" | "rs") {
                    continue;
                }
                let name = format!("{}/{}", file_name(&group), stem(&source));
                let directives = std::fs::read_to_string(&source)
                    .map_err(|e| e.to_string())
                    .and_then(|text| Directives::parse(&text));
                let mut builds = vec![(name.clone(), vec![])];
                if let Ok(d) = &directives {
                    for (variant, flags) in &d.variants {
                        builds.push((format!("{name}@{variant}"), flags.clone()));
                    }
                }
                for (name, extra_flags) in builds {
                    let program = Program {
                        binary: self.build.join(&name),
                        source: source.clone(),
                        directives: directives.clone(),
                        name: name.clone(),
                        extra_flags,
                    };
                    if let Some(old) = found.insert(name.clone(), program) {
                        panic!(
                            "two programs are called {name}: {} and {}",
                            old.source.display(),
                            source.display()
                        );
                    }
                }
            }
        }
        found.into_values().collect()
    }
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(dir)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
        .map(|e| e.expect("directory entry").path())
        .collect()
}

fn extension(p: &Path) -> &str {
    p.extension().and_then(|e| e.to_str()).unwrap_or("")
}

fn stem(p: &Path) -> &str {
    p.file_stem().and_then(|e| e.to_str()).unwrap_or("")
}

fn file_name(p: &Path) -> &str {
    p.file_name().and_then(|e| e.to_str()).unwrap_or("")
}

fn modified(p: &Path) -> Option<SystemTime> {
    p.metadata().and_then(|m| m.modified()).ok()
}

/// How one run of a program ended.
struct Run {
    exit: Option<Exit>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    took: Duration,
    /// The largest count of OS threads seen while it ran.
    max_threads: usize,
    /// What the harness has to say when the run did not end by itself.
    trouble: Option<String>,
}

impl Run {
    fn describe(&self, out: &mut String, what: &str) {
        let end = match self.exit {
            Some(e) => e.to_string(),
            None => "did not end".into(),
        };
        let _ = writeln!(out, "--- {what}: {end} after {:.2?}", self.took);
        if let Some(t) = &self.trouble {
            let _ = writeln!(out, "{}", t.trim_end());
        }
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if bytes.is_empty() {
                let _ = writeln!(out, "[{name}: empty]");
            } else {
                let _ = writeln!(out, "[{name}]\n{}", clip(bytes).trim_end_matches('\n'));
            }
        }
    }
}

impl Program {
    /// The whole test.
    pub fn test(&self, layout: &Layout) -> Result<(), String> {
        let d = self.directives.as_ref().map_err(|e| format!("{}: {e}", self.source.display()))?;
        if !layout.library.is_file() {
            return Err(format!(
                "the library {} does not exist: build it first (cargo build --release), \
                 or name it in GEVENTRS_LIB",
                layout.library.display()
            ));
        }
        self.compile(layout, d)?;

        let native = match d.skip_native.is_some() {
            true => None,
            false => Some(self.run(layout, d, None)?),
        };
        let mut wrong = vec![];
        if let Some(n) = &native {
            if n.trouble.is_some() {
                wrong.push("the native run did not end by itself: mend the program".to_owned());
            } else if n.exit != Some(d.exit) {
                wrong.push(format!(
                    "the native run ended with {}, wanted {}: mend the program",
                    n.exit.map_or("nothing".into(), |e| e.to_string()),
                    d.exit
                ));
            }
        }
        if layout.processor.is_some() && !wrong.is_empty() {
            // The emulator's own faults are not the program's.
            eprintln!("{}: natively it does not work on the emulator: not compared", self.name);
            return Ok(());
        }
        // Without an oracle there is nothing to compare with.
        let preloaded = match wrong.is_empty() {
            true => Some(self.run(layout, d, Some(&layout.library))?),
            false => None,
        };
        if let Some(p) = &preloaded {
            if p.trouble.is_some() {
                wrong.push("the preloaded run did not end by itself".into());
            }
            let want = match &native {
                Some(n) => n.exit,
                None => Some(d.exit),
            };
            if p.exit != want && p.trouble.is_none() {
                wrong.push(format!(
                    "the preloaded run ended with {}, wanted {}",
                    p.exit.map_or("nothing".into(), |e| e.to_string()),
                    want.map_or("nothing".into(), |e| e.to_string()),
                ));
            }
            if let Some(n) = &native {
                if n.stdout != p.stdout {
                    wrong.push(format!(
                        "stdout differs, {}",
                        first_difference(&n.stdout, &p.stdout)
                    ));
                }
                if !d.ignore_stderr && n.stderr != p.stderr {
                    wrong.push(format!(
                        "stderr differs, {}",
                        first_difference(&n.stderr, &p.stderr)
                    ));
                }
            }
            if d.one_thread && p.max_threads > 1 && layout.processor.is_none() {
                wrong.push(format!("the preloaded run had {} OS threads, wanted 1", p.max_threads));
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        let mut out = format!("{}\n", wrong.join("\n"));
        let _ = writeln!(out, "rule: {}", d.rule);
        let _ = writeln!(out, "source: {}", self.source.display());
        if let Some(n) = &native {
            n.describe(&mut out, "native");
        }
        if let Some(p) = &preloaded {
            p.describe(&mut out, "preloaded");
            let env: String = d.env.iter().map(|(k, v)| format!("{k}={v} ")).collect();
            let _ = writeln!(
                out,
                "again: {env}GEVENTRS_TEST_PRELOADED=1 LD_PRELOAD={} {} {}",
                layout.library.display(),
                self.binary.display(),
                d.args.join(" ")
            );
        }
        Err(out)
    }

    fn compiler(layout: &Layout, name: &str) -> Command {
        match &layout.processor {
            Some(processor) => processor.compiler(name),
            None => Command::new(name),
        }
    }

    fn compile(&self, layout: &Layout, d: &Directives) -> Result<(), String> {
        // Any header beside it or in tests/c may be one it includes.
        let group = self.source.parent().expect("a source has a directory");
        let mut sources = entries(&layout.root.join("tests/c"));
        sources.extend(entries(group));
        sources.retain(|p| extension(p) == "h" || *p == self.source);
        let built = modified(&self.binary);
        if built.is_some() && sources.iter().all(|p| modified(p) < built) {
            return Ok(());
        }
        let dir = self.binary.parent().expect("a binary has a directory");
        std::fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
        // Built beside and renamed: no one sees half a binary.
        let fresh = dir.join(format!(".{}.{}", file_name(&self.binary), std::process::id()));
        let mut c = match extension(&self.source) {
            "rs" => {
                let mut c = Self::compiler(layout, "rustc");
                c.args(["-O", "--edition", "2021", "--crate-name", "program"]);
                c
            }
            ext => {
                let mut c = Self::compiler(layout, if ext == "c" { "gcc" } else { "g++" });
                c.args(["-O1", "-g", "-pthread", "-Wall", "-I"]).arg(layout.root.join("tests/c"));
                c.args(&layout.cflags);
                c
            }
        };
        c.args(&d.cflags)
            .args(&self.extra_flags)
            .arg(&self.source)
            .arg("-o")
            .arg(&fresh)
            .args(&d.libs)
            .env_remove("LD_PRELOAD")
            .stdin(Stdio::null());
        if layout.glibc < 34 && extension(&self.source) != "rs" {
            // Since then all of them are in libc.
            c.args(["-Wl,--as-needed", "-lrt", "-ldl", "-lutil", "-lanl", "-lresolv"]);
        }
        layout.place(&mut c, dir);
        let out = c.output().map_err(|e| format!("{c:?}: {e}"))?;
        if !out.status.success() {
            let _ = std::fs::remove_file(&fresh);
            return Err(format!(
                "does not compile: {c:?}\n{}",
                String::from_utf8_lossy(&out.stderr)
            ));
        }
        std::fs::rename(&fresh, &self.binary).map_err(|e| format!("{}: {e}", self.binary.display()))
    }

    /// One run in a process group and an empty directory of its own, natively
    /// or with `library` preloaded.
    fn run(&self, layout: &Layout, d: &Directives, library: Option<&Path>) -> Result<Run, String> {
        let mode = if library.is_some() { "preloaded" } else { "native" };
        let scratch = Scratch::new(PathBuf::from(format!(
            "{}.{}.{mode}",
            self.binary.display(),
            std::process::id()
        )))?;
        let mut c = match &layout.processor {
            Some(processor) => processor.run(&self.binary, library),
            None => Command::new(&self.binary),
        };
        layout.place(&mut c, &scratch.0);
        c.args(&d.args)
            .env_remove("LD_PRELOAD")
            .env_remove("GEVENTRS_TEST_PRELOADED")
            .envs(d.env.iter().map(|(k, v)| (k, v)))
            .stdin(match d.stdin {
                Some(_) => Stdio::piped(),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(library) = library {
            c.env("GEVENTRS_TEST_PRELOADED", "1");
            if layout.processor.is_none() {
                c.env("LD_PRELOAD", library);
            }
        }
        signals::default_signals(&mut c);
        let start = Instant::now();
        let mut child = c.spawn().map_err(|e| format!("{}: {e}", self.binary.display()))?;
        let stdout = Collected::from(child.stdout.take().expect("piped"));
        let stderr = Collected::from(child.stderr.take().expect("piped"));
        if let (Some(mut pipe), Some(text)) = (child.stdin.take(), d.stdin.clone()) {
            // A program need not read its input.
            std::thread::spawn(move || pipe.write_all(text.as_bytes()));
        }

        let mut run = Run {
            exit: None,
            stdout: vec![],
            stderr: vec![],
            took: Duration::ZERO,
            max_threads: 1,
            trouble: None,
        };
        loop {
            if let Some(status) = child.try_wait().map_err(|e| format!("wait: {e}"))? {
                run.exit = Some(status.into());
                break;
            }
            if d.one_thread {
                run.max_threads = run.max_threads.max(threads_of(child.id(), NAMED));
            }
            if start.elapsed() > d.timeout {
                run.trouble = Some(format!(
                    "timed out after {:?}; its processes then:\n{}",
                    d.timeout,
                    tasks(child.id())
                ));
                end_group(&mut child);
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        run.took = start.elapsed();
        // The pipes close with the last process that holds them.
        let patience = Instant::now() + Duration::from_secs(5);
        while !(stdout.at_end() && stderr.at_end()) {
            if Instant::now() > patience {
                if run.trouble.is_none() {
                    run.trouble = Some("it ended, but a child of it kept its output open".into());
                }
                // The group outlives its leader while it has members, so this
                // is still that group.
                kill_group(child.id());
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        run.stdout = stdout.bytes();
        run.stderr = stderr.bytes();
        Ok(run)
    }
}
