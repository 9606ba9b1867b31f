//! Signals as a program under test is to find them.

use std::os::unix::process::CommandExt;
use std::process::Command;

/// Let `command` start with the signals that a terminal sends as nobody has set them: a
/// shell without job control, or nohup(1), may have had them ignored.
pub fn default_signals(command: &mut Command) {
    // SAFETY: signal(2) may be called between fork and exec.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        });
    }
}
