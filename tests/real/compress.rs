//! Programs that share one computation between a few threads with mutexes,
//! conditions and futexes: the result is the native one, to the byte.

use super::bench::{Mode, Place};
use super::run::{run, PATIENCE};
use super::Case;

/// Command with its arguments; what undoes it, if something does.
const ALL: &[(&str, &[&str], &[&str])] = &[
    ("pigz", &["-p4", "-b128", "-nc"], &["pigz", "-dc"]),
    ("pbzip2", &["-p4", "-1", "-b1", "-c"], &["pbzip2", "-p4", "-dc"]),
    ("lbzip2", &["-n4", "-1", "-c"], &["lbzip2", "-n4", "-dc"]),
    ("xz", &["-T4", "-1", "--block-size=300KiB", "-c"], &["xz", "-T4", "-dc"]),
    ("plzip", &["-n4", "-0", "-B300Ki", "-c"], &["plzip", "-n4", "-dc"]),
    ("zstd", &["-T4", "-3", "-B512KB", "-qc"], &["zstd", "-qdc"]),
    ("sort", &["--parallel=4", "-S8M"], &[]),
];

pub fn cases() -> Vec<Case> {
    ALL.iter()
        .map(|&(command, args, undo)| {
            Case::new(format!("compress/{command}"), &[command], move |place| {
                check(place, command, args, undo)
            })
        })
        .collect()
}

/// 3 MB that neither shrink to nothing nor stay what they are.
fn text() -> Vec<u8> {
    let mut state = 1u64;
    let mut out = vec![];
    while out.len() < 3_000_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        out.extend(format!("{} {:x}\n", state >> 44, state >> 40).bytes());
    }
    out
}

fn check(place: &Place, command: &str, args: &[&str], undo: &[&str]) -> Result<(), String> {
    let input = text();
    let file = place.dir().join("input");
    std::fs::write(&file, &input).map_err(|e| e.to_string())?;
    let mut native = None;
    for &mode in place.modes() {
        // From a file, and from a pipe.
        for pipe in [false, true] {
            let mut c = place.command(mode, command);
            c.args(args);
            let stdin: &[u8] = match pipe {
                true => &input,
                false => {
                    c.arg(&file);
                    b""
                }
            };
            let what = format!("{mode:?}, input from a {}", if pipe { "pipe" } else { "file" });
            let out = run(&mut c, stdin, PATIENCE).map_err(|e| format!("{what}: {e}"))?;
            let out = out.success(&what)?.stdout;
            // zstd's frame header says the size when it knows it.
            let key = (pipe, out);
            if mode == Mode::Native {
                native.get_or_insert_with(Vec::new).push(key.clone());
            } else if !native.iter().flatten().any(|n| *n == key) {
                return Err(format!("{what}: another output than natively"));
            }
            if let [undo, rest @ ..] = undo {
                let mut c = place.command(mode, undo);
                let back = run(c.args(rest), &key.1, PATIENCE)?.success(undo)?;
                if back.stdout != input {
                    return Err(format!("{what}: {undo} {rest:?} does not give the input back"));
                }
            }
        }
    }
    Ok(())
}
