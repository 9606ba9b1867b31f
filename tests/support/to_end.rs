//! One run of a program, to its end.

use libtest_mimic::Failed;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longer than this no program takes, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Run a command to its end, which must come in time.
pub fn run(command: &mut Command) -> Result<Output, Failed> {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn()?;
    let end = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > end {
            child.kill()?;
            let output = child.wait_with_output()?;
            return Err(format!("did not end in {PATIENCE:?}: {output:?}").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(child.wait_with_output()?)
}
