//! Clients that use threads, themselves under test, against native servers.

use super::http::{body_of, Origin};
use super::run::{free_port, run, Started, PATIENCE};
use super::servers::check_wrk;
use super::{bench::Mode, Case};
use std::os::unix::process::CommandExt;

pub fn cases() -> Vec<Case> {
    vec![
        // A resolver thread for each transfer.
        Case::new("clients/curl_parallel", &["curl"], |place| {
            let origin = Origin::start()?;
            for &mode in place.modes() {
                let mut c = place.command(mode, "curl");
                c.args(["--silent", "--show-error", "--parallel", "--parallel-max", "20"]);
                let paths: Vec<String> = (0..40).map(|i| format!("/c{i}/{}", i * 4000)).collect();
                for (i, path) in paths.iter().enumerate() {
                    c.arg(format!("http://localhost:{}{path}", origin.port));
                    c.args(["-o", &format!("out{i}")]);
                }
                run(&mut c, b"", PATIENCE)?.success(&format!("{mode:?}: curl"))?;
                for (i, path) in paths.iter().enumerate() {
                    let file = place.dir().join(format!("out{i}"));
                    let got = std::fs::read(&file).map_err(|e| format!("{mode:?}: {path}: {e}"))?;
                    if got != body_of(path) {
                        return Err(format!("{mode:?}: {path}: {} other bytes", got.len()));
                    }
                    let _ = std::fs::remove_file(&file);
                }
            }
            Ok(())
        }),
        // Event loops in 4 threads.
        Case::new("clients/wrk", &["wrk"], |place| {
            let origin = Origin::start()?;
            for &mode in place.modes() {
                let mut c = place.command(mode, "wrk");
                c.args(["-t4", "-c20", "-d1s"]);
                c.arg(format!("http://127.0.0.1:{}/w/2000", origin.port));
                let ended = run(&mut c, b"", PATIENCE)?.success(&format!("{mode:?}: wrk"))?;
                check_wrk(&ended.stdout_text()).map_err(|e| format!("{mode:?}: {e}"))?;
            }
            Ok(())
        }),
        Case::new(
            "clients/redis_benchmark_threads",
            &["redis-check-rdb", "redis-benchmark"],
            |place| {
                let port = free_port().to_string();
                let mut c = place.command(Mode::Native, "redis-check-rdb");
                c.arg0("redis-server");
                c.args(["--bind", "127.0.0.1", "--save", "", "--port", &port]);
                let mut server = Started::new(&mut c)?;
                server.wait_listening(port.parse().expect("a port"))?;
                for &mode in place.modes() {
                    let mut c = place.command(mode, "redis-benchmark");
                    c.args(["-p", &port, "--threads", "4", "-c", "20", "-n", "4000"]);
                    c.args(["-t", "set,get", "--csv"]);
                    let ended = run(&mut c, b"", PATIENCE)?.success(&format!("{mode:?}"))?;
                    if ended.stdout_text().lines().count() != 3 {
                        return Err(format!("{mode:?}: {}", ended.describe()));
                    }
                }
                Ok(())
            },
        ),
    ]
}
