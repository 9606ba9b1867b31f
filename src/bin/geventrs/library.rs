//! Finding `libgeventrs.so`.

use crate::{Failure, FAILED};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const NAME: &str = "libgeventrs.so";
/// Where the library is, as seen from the tool's directory.
const PLACES: [&str; 3] = ["", "../lib", "../lib/geventrs"];
/// What names another library, when no flag does.
const VARIABLE: &str = "GEVENTRS_LIB";

/// The library's absolute path: the one that was asked for, else beside the
/// tool, else where `tools/install` or a package puts it.
pub fn find(asked: Option<&Path>) -> Result<PathBuf, Failure> {
    let variable: Option<OsString> = std::env::var_os(VARIABLE).filter(|v| !v.is_empty());
    if let Some(path) = asked.map(Path::to_owned).or(variable.map(PathBuf::from)) {
        return match path.canonicalize() {
            Ok(path) if path.is_file() => Ok(path),
            Ok(path) => Err(fail(format_args!("{}: not a file", path.display()))),
            Err(e) => Err(fail(format_args!("{}: {e}", path.display()))),
        };
    }
    let tool = std::env::current_exe()
        .and_then(|p| p.canonicalize())
        .map_err(|e| fail(format_args!("cannot tell where the tool is: {e}; use --lib")))?;
    let directory = tool.parent().unwrap_or(Path::new("/"));
    PLACES
        .iter()
        .filter_map(|place| directory.join(place).join(NAME).canonicalize().ok())
        .find(|path| path.is_file())
        .ok_or_else(|| {
            let places = PLACES.map(|p| directory.join(p).join(NAME).display().to_string());
            fail(format_args!(
                "no {}: build it (cargo build --release) or use --lib",
                places.join(" nor ")
            ))
        })
}

fn fail(message: std::fmt::Arguments) -> Failure {
    Failure::new(FAILED, message)
}
