//! Where distributions put the debugging information that they have cut off
//! their programs: by build-id, or by the name in `.gnu_debuglink`, as
//! `info gdb "Separate Debug Files"` has it.

use addr2line::Loader;
use object::Object;
use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The directory of all debug files.
const GLOBAL: &str = "/usr/lib/debug";

/// The debug file of what has this build-id, if it is installed.
pub fn by_build_id(build_id: Option<&[u8]>) -> Option<PathBuf> {
    let (first, rest) = build_id?.split_first()?;
    let mut path = format!("{GLOBAL}/.build-id/{first:02x}/");
    rest.iter().for_each(|byte| {
        let _ = write!(path, "{byte:02x}");
    });
    path += ".debug";
    existing(path.into())
}

/// The debug file of `file`, which is at `path`.
pub fn of(path: &Path, file: &object::File) -> Option<PathBuf> {
    if let found @ Some(_) = by_build_id(file.build_id().ok().flatten()) {
        return found;
    }
    let (name, _checksum) = file.gnu_debuglink().ok()??;
    let real = path.canonicalize().ok()?;
    let directory = real.parent()?;
    let name = OsStr::from_bytes(name);
    let beside = directory.join(name);
    [
        // A file may be called like its debug file.
        Some(beside).filter(|p| *p != real),
        Some(directory.join(".debug").join(name)),
        Some(Path::new(GLOBAL).join(directory.strip_prefix("/").ok()?).join(name)),
    ]
    .into_iter()
    .flatten()
    .find_map(existing)
}

/// Read the debugging information of `path`, with what it shares with other
/// files (`.gnu_debugaltlink`, made by dwz(1)).
pub fn load(path: &Path) -> Option<Loader> {
    Loader::new_with_sup(path, shared(path)).ok()
}

/// The file that holds what several debug files share.
fn shared(path: &Path) -> Option<PathBuf> {
    let data = std::fs::read(path).ok()?;
    let file = object::File::parse(&*data).ok()?;
    let (name, build_id) = file.gnu_debugaltlink().ok()??;
    let named = path.canonicalize().ok()?.parent()?.join(OsStr::from_bytes(name));
    existing(named).or_else(|| by_build_id(Some(build_id)))
}

fn existing(path: PathBuf) -> Option<PathBuf> {
    path.is_file().then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_installed_is_not_found() {
        assert_eq!(by_build_id(None), None);
        assert_eq!(by_build_id(Some(&[])), None);
        assert_eq!(by_build_id(Some(&[0xfe; 20])), None);
    }
}
