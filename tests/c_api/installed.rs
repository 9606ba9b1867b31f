//! What `tools/install` makes.

use libtest_mimic::Failed;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An installed tree, under `target`.
pub struct Tree {
    root: PathBuf,
    pub prefix: PathBuf,
}

impl Tree {
    /// For listing the tests only.
    pub fn nowhere() -> Tree {
        Tree { root: PathBuf::new(), prefix: PathBuf::new() }
    }

    pub fn install(root: &Path) -> Result<Tree, String> {
        let tree = Tree { root: root.to_owned(), prefix: root.join("target/c_api/installed") };
        // Of an earlier run.
        let _ = std::fs::remove_dir_all(&tree.prefix);
        tree.script(&tree.prefix, None, &[])?;
        Ok(tree)
    }

    fn script(&self, prefix: &Path, destdir: Option<&Path>, args: &[&str]) -> Result<(), String> {
        let library = std::env::var_os("GEVENTRS_LIB").map(PathBuf::from);
        let built = library.as_deref().and_then(Path::parent);
        let built = built.map_or(self.root.join("target/release"), Path::to_owned);
        let mut script = Command::new(self.root.join("tools/install"));
        script.args(args).env("PREFIX", prefix).env("GEVENTRS_TARGET", built);
        // What is set around the tests is not for this.
        script.env_remove("LIBDIR").env_remove("DESTDIR");
        if let Some(destdir) = destdir {
            script.env("DESTDIR", destdir);
        } else {
            // Not in the system's places, so the loader's cache is left alone.
            script.env("DESTDIR", "/");
        }
        let output = script.output().map_err(|e| format!("tools/install: {e}"))?;
        if output.status.success() {
            return Ok(());
        }
        Err(format!("tools/install: {}", String::from_utf8_lossy(&output.stderr)))
    }

    pub fn library(&self) -> PathBuf {
        self.prefix.join("lib/libgeventrs.so")
    }

    fn man3(&self) -> PathBuf {
        self.prefix.join("share/man/man3")
    }

    /// What pkg-config says for programs.
    pub fn flags(&self, which: &[&str]) -> Result<Vec<String>, String> {
        let mut c = Command::new("pkg-config");
        c.args(which).arg("geventrs");
        let output = c
            .env("PKG_CONFIG_PATH", self.prefix.join("lib/pkgconfig"))
            .output()
            .map_err(|e| format!("pkg-config: {e} (tests/setup installs it)"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.split_whitespace().map(str::to_owned).collect())
    }

    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// The functions that the header declares.
fn declared(tree: &Tree) -> BTreeSet<String> {
    let header = std::fs::read_to_string(tree.prefix.join("include/geventrs.h"))
        .expect("the header is installed");
    let mut names = BTreeSet::new();
    for line in header.lines().filter(|l| l.starts_with("GEV_API")) {
        let before = line.split('(').next().unwrap_or("");
        let name = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
        names.extend(name.map(str::to_owned));
    }
    names
}

pub fn every_function_has_a_page(tree: &Tree) -> Result<(), Failed> {
    let names = declared(tree);
    assert!(names.len() > 60, "{names:?}");
    let missing: Vec<&String> =
        names.iter().filter(|n| !tree.man3().join(format!("{n}.3")).is_file()).collect();
    match missing[..] {
        [] => Ok(()),
        _ => Err(format!("no page of docs/man names: {missing:?}").into()),
    }
}

/// By a program of `tests/c_api`, which looks at what it does.
pub fn every_function_is_called(tree: &Tree) -> Result<(), Failed> {
    let mut programs = String::new();
    for entry in std::fs::read_dir(tree.root.join("tests/c_api"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "c" || e == "cc") {
            programs += &std::fs::read_to_string(path)?;
        }
    }
    let called = |name: &str| programs.contains(&format!("{name}("));
    let missing: Vec<String> = declared(tree).into_iter().filter(|n| !called(n)).collect();
    match missing[..] {
        [] => Ok(()),
        _ => Err(format!("no program of tests/c_api calls: {missing:?}").into()),
    }
}

/// In each dialect of C and C++ without extensions, and with all warnings, both with weak
/// symbols and without.
pub fn the_header_compiles_in_strict_dialects(tree: &Tree) -> Result<(), Failed> {
    let source = tree.root.join("target/c_api/header.c");
    std::fs::create_dir_all(source.parent().expect("it has one"))?;
    std::fs::write(
        &source,
        "#include <geventrs.h>\nint main(void) { return GEV_AVAILABLE ? gev_sleep(GEV_SECOND) : 1; }\n",
    )?;
    let c = ["c89", "c99", "c11", "c17"].map(|std| ("gcc", "c", std));
    let plus = ["c++98", "c++11", "c++17", "c++20"].map(|std| ("g++", "c++", std));
    for (compiler, language, std) in c.into_iter().chain(plus) {
        for weak in [&[][..], &["-DGEV_WEAK"]] {
            let mut command = Command::new(compiler);
            command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]);
            command.arg(format!("-std={std}")).args(weak).args(tree.flags(&["--cflags"])?);
            let output = command.args(["-x", language]).arg(&source).output()?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(format!("{compiler} -std={std} {weak:?}\n{said}").into());
            }
        }
    }
    Ok(())
}

/// mandoc(1) has nothing to say; without it (`tests/setup` installs it) this fails.
pub fn pages_are_well_formed(tree: &Tree) -> Result<(), Failed> {
    let pages = std::fs::read_dir(tree.root.join("docs/man"))?;
    let pages: Vec<PathBuf> = pages.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    let output = Command::new("mandoc").args(["-T", "lint", "-W", "warning"]).args(&pages).output();
    let output = output.map_err(|e| format!("mandoc: {e} (tests/setup installs it)"))?;
    if output.stdout.is_empty() && output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stdout).into_owned().into())
}

/// The tool's pages and completions, and the commands that gdb loads with the library.
pub fn the_tool_has_pages_completions_and_commands_for_gdb(tree: &Tree) -> Result<(), Failed> {
    let has = |file: &str, words: &str| {
        let text = std::fs::read_to_string(tree.prefix.join("share").join(file));
        let text = text.unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(text.contains(words), "{file} without {words:?}");
    };
    has("man/man1/geventrs.1", ".TH geventrs 1");
    has("man/man1/geventrs-run.1", "deadlock");
    has("bash-completion/completions/geventrs", "complete -F _geventrs");
    has("zsh/site-functions/_geventrs", "#compdef geventrs");
    has("fish/vendor_completions.d/geventrs.fish", "complete -c geventrs");
    let scripts = tree.prefix.join("share/gdb/auto-load");
    let gdb = Command::new("gdb")
        .args(["-nx", "-batch"])
        .arg("-iex")
        .arg(format!("add-auto-load-scripts-directory {}", scripts.display()))
        .arg("-iex")
        .arg(format!("add-auto-load-safe-path {}", scripts.display()))
        .arg(tree.library())
        .args(["-ex", "help info greenlets"])
        .output()
        .map_err(|e| format!("gdb: {e} (tests/setup installs it)"))?;
    let said = String::from_utf8_lossy(&gdb.stdout);
    assert!(said.contains("reenlet"), "{gdb:?}");
    Ok(())
}

/// A package's tree: DESTDIR is in no file, and nothing is left afterwards.
pub fn uninstall_leaves_nothing(tree: &Tree) -> Result<(), Failed> {
    let package = tree.root.join("target/c_api/package");
    let _ = std::fs::remove_dir_all(&package);
    let prefix = Path::new("/opt/geventrs");
    tree.script(prefix, Some(&package), &[])?;
    let pc = std::fs::read_to_string(package.join("opt/geventrs/lib/pkgconfig/geventrs.pc"))?;
    assert!(pc.contains("prefix=/opt/geventrs\n"), "{pc}");
    tree.script(prefix, Some(&package), &["--uninstall"])?;
    let find = Command::new("find").arg(&package).args(["!", "-type", "d"]).output()?;
    match find.stdout[..] {
        [] => Ok(()),
        _ => Err(String::from_utf8_lossy(&find.stdout).into_owned().into()),
    }
}
