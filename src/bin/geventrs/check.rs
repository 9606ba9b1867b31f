//! `geventrs check`: what of a program will be cooperative, from its files.

use crate::elf::{Binary, Head};
use crate::handling::Handlings;
use crate::obstacles::{self, check_listing};
use crate::program::{beginning, Program};
use crate::report::{Kind, Named, Object, Report};
use crate::{hooks, library, loader, print, run, system_calls, Failure, FAILED};
use clap::Args;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Read a program's files, and say what will be cooperative
///
/// Looks at the program and at the libraries that it is linked with: which
/// functions of libc they call and how those are handled, system call
/// instructions of their own, and what else goes past the library. None of their
/// code is run: the dynamic loader is asked for its list of them.
///
/// Exit codes: 0 if nothing was found that limits it, 1 if something was, 125
/// to 127 if the program cannot be run with the library, as `run` has them.
#[derive(Args)]
pub struct Check {
    /// Print JSON (docs/tool.md describes it)
    #[arg(long)]
    json: bool,
    /// Another library than the installed one (GEVENTRS_LIB)
    #[arg(long, value_name = "PATH")]
    lib: Option<PathBuf>,
    /// The program, looked up as a shell would
    #[arg(value_name = "PROGRAM")]
    program: OsString,
}

/// File names of glibc's own libraries: what they call inside themselves, no
/// hook sees, and their system calls are those that the hooks stand for.
const GLIBC: [&str; 14] = [
    "ld-linux",
    "libc.so",
    "libm.so",
    "libmvec.so",
    "libpthread.so",
    "librt.so",
    "libdl.so",
    "libresolv.so",
    "libutil.so",
    "libanl.so",
    "libnsl.so",
    "libnss_",
    "libthread_db.so",
    "libBrokenLocale.so",
];

/// What makes threads.
const THREADS: [&str; 4] = ["pthread_create", "thrd_create", "clone", "__clone"];
/// What loads code.
const LOADING: [&str; 3] = ["dlopen", "dlmopen", "__libc_dlopen_mode"];

impl Check {
    /// The exit code, or what the tool itself could not do.
    pub fn print(self) -> Result<u8, Failure> {
        let library = library::find(self.lib.as_deref())?;
        let handlings = Handlings::new(hooks::read(&library)?);
        let mut report = Report::new(&self.program, &library);
        if let Err(failure) = examine(&mut report, &self.program, &library, &handlings) {
            if !self.json {
                return Err(failure);
            }
            report.refuse(failure.code, failure.message);
        }
        report.conclude();
        print(&if self.json { report.json() } else { report.text() })?;
        Ok(report.exit_code)
    }
}

fn examine(
    report: &mut Report,
    name: &OsStr,
    library: &Path,
    handlings: &Handlings,
) -> Result<(), Failure> {
    let program = Program::find(name)?;
    report.program = program.path.display().to_string();
    let binary = program.binary()?;
    let path = &binary.path;
    report.file = Some(path.display().to_string());
    let fail = |why: &str| Failure::new(FAILED, format_args!("{}: {why}", path.display()));
    let data = std::fs::read(path).map_err(|e| fail(&e.to_string()))?;
    let Some(loader) = &binary.loader else {
        return Err(fail("the loader itself or no ELF file; what it runs cannot be told"));
    };
    let elf = Binary::read(&data).map_err(|e| fail(&e.to_string()))?;
    let audited = elf.audited;
    report.objects.push(object(path, path.display().to_string(), Kind::Program, &elf, handlings));

    if audited || !is_ours(loader) {
        // Either would be the program's own code.
        report.libraries_unknown = Some(match audited {
            true => "it names an auditing library, which would run".to_owned(),
            false => format!("its loader {} is not the system's", loader.display()),
        });
        return Ok(());
    }
    let preload = run::preload(library, std::env::var_os("LD_PRELOAD"))?;
    let listing = loader::list(loader, path, &preload).map_err(|e| fail(&e.to_string()))?;
    check_listing(path, &listing, library)?;
    report.missing = listing.missing.iter().map(|n| n.display().to_string()).collect();
    report.complaints = listing.complaints;
    for (name, path) in listing.libraries {
        if path == library {
            continue;
        }
        let name = name.display().to_string();
        if is_glibc(&path) {
            report.objects.push(Object::libc(name, &path));
            continue;
        }
        let data = std::fs::read(&path);
        let data = data.map_err(|e| fail(&format!("{}: {e}", path.display())))?;
        let elf = Binary::read(&data).map_err(|e| fail(&format!("{}: {e}", path.display())))?;
        report.objects.push(object(&path, name, Kind::Library, &elf, handlings));
    }
    Ok(())
}

/// Whether `loader` is the one that has loaded this tool: a program could name
/// anything, and it would be run.
fn is_ours(loader: &Path) -> bool {
    let ours = beginning(Path::new("/proc/self/exe"), obstacles::HEAD)
        .and_then(|data| Head::read(&data))
        .and_then(|head| head.interpreter);
    match (ours.map(PathBuf::from).map(|p| p.canonicalize()), loader.canonicalize()) {
        (Some(Ok(ours)), Ok(loader)) => ours == loader,
        _ => false,
    }
}

fn is_glibc(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    GLIBC.iter().any(|start| name.starts_with(start))
}

fn object(path: &Path, name: String, kind: Kind, elf: &Binary, handlings: &Handlings) -> Object {
    let functions = elf.imports.iter().filter_map(|name| {
        let entry = handlings.get(name)?;
        Some(Named {
            name: name.clone(),
            handling: entry.handling,
            group: entry.group.clone(),
            how: entry.how.clone(),
        })
    });
    let own = elf.defines.iter().filter(|name| handlings.is_hooked(name)).cloned().collect();
    let imported = |names: &[&str]| {
        names.iter().filter(|n| elf.imports.contains(**n)).map(|n| n.to_string()).collect()
    };
    let mut functions: Vec<Named> = functions.collect();
    functions.sort_by(|a, b| (a.handling, &a.name).cmp(&(b.handling, &b.name)));
    Object {
        name,
        path: path.display().to_string(),
        kind,
        functions,
        threads: imported(&THREADS),
        loading: imported(&LOADING),
        own_definitions: own,
        symbolic: elf.symbolic,
        interpose: elf.interpose,
        system_calls: system_calls::scan(elf),
    }
}
