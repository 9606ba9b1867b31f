//! Runs six commands, three at a time, and prints what each has said as soon as
//! it has ended; one fails, and one takes too long.
//!
//!     cargo run --release --example subprocesses

use geventrs::pool::Pool;
use geventrs::subprocess::run;
use std::io::ErrorKind;
use std::process::Command;
use std::time::Duration;

fn main() {
    let commands = [
        "sleep 0.3; echo slow",
        "echo quick",
        "sleep 60",
        "cat",
        "echo oops >&2; exit 3",
        "echo $((6 * 7))",
    ];
    let results = Pool::new(3).imap(commands, None, |text| {
        let mut shell = Command::new("sh");
        let result = run(shell.args(["-c", text]), b"its input\n", Some(Duration::from_secs(1)));
        (text, result)
    });
    for result in results {
        let (text, result) = result.expect("no panic");
        match result {
            Ok(output) if output.status.success() => {
                print!("{text}: {}", String::from_utf8_lossy(&output.stdout));
            }
            Ok(output) => {
                let code = output.status.code().unwrap_or(-1);
                print!("{text}: failed with {code}: {}", String::from_utf8_lossy(&output.stderr));
            }
            Err(e) if e.kind() == ErrorKind::TimedOut => println!("{text}: killed after a second"),
            Err(e) => println!("{text}: {e}"),
        }
    }
}
