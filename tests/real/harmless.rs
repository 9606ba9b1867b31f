//! Programs that have no threads, or none that matter, and start others: with
//! the library in all of them, stdout, stderr and exit code are the same to
//! the byte.

use super::run::{same, Ended, PATIENCE};
use super::Case;
use std::path::{Path, PathBuf};

/// A script is a case; its line `# needs: a b` names the commands it uses.
pub fn cases() -> Vec<Case> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/harmless");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(&dir)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
        .map(|e| e.expect("directory entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "sh"))
        .collect();
    scripts.sort();
    scripts.into_iter().map(case).collect()
}

fn case(script: PathBuf) -> Case {
    let stem = script.file_stem().expect("a name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(&script).expect("a readable script");
    let needs: Vec<&str> = text
        .lines()
        .find_map(|l| l.strip_prefix("# needs: "))
        .unwrap_or("")
        .split_whitespace()
        .chain(["bash"])
        .collect();
    Case::new(format!("harmless/{stem}"), &needs, move |place| {
        same(
            place,
            PATIENCE,
            |mode| {
                let work = place.dir().join("work");
                let _ = std::fs::remove_dir_all(&work);
                std::fs::create_dir(&work).expect("a directory in the case's own");
                let mut c = place.command(mode, "bash");
                c.arg(&script).current_dir(&work);
                c
            },
            |ended: &Ended| match ended.stdout.ends_with(b"end of script\n") {
                true => Ok(()),
                false => Err("the script did not come to its end".into()),
            },
        )
    })
}
