//! Programs of ours that are made of a language's own threads, and the
//! examples that the README shows.

use super::bench::{Mode, Place};
use super::run::{same, Ended, Started, PATIENCE};
use super::Case;
use std::time::Duration;

pub fn cases() -> Vec<Case> {
    let program = |name: &str, source: &'static str, compiler: &str, flags: &'static [&str]| {
        Case::new(format!("own/{name}"), &[compiler], move |place| {
            let binary = place.compile(source, flags)?;
            same(
                place,
                PATIENCE,
                |mode| place.command(mode, &binary),
                |ended: &Ended| match ended.stdout.ends_with(b"done\n") {
                    true => Ok(()),
                    false => Err("it did not come to its end".into()),
                },
            )
        })
    };
    vec![
        program("cpp_pipeline", "tests/real/own/pipeline.cpp", "g++", &["-std=c++17"]),
        program("rust_server", "tests/real/own/server.rs", "rustc", &[]),
        Case::new("own/echo_example", &["gcc"], echo_example),
    ]
}

/// The README's echo server, a thread for each connection, with its clients
/// native and preloaded.
fn echo_example(place: &Place) -> Result<(), String> {
    const CONNECTIONS: usize = 300;
    let server_binary = place.compile("examples/c/echo_server.c", &[])?;
    let client_binary = place.compile("examples/c/echo_clients.c", &[])?;
    for &mode in place.modes() {
        let mut server = Started::new(&mut place.command(mode, &server_binary))?;
        let port: u16 = server.wait_for("its port", |s| s.stdout().trim().parse().ok())?;
        let clients = [Mode::Native, mode];
        for &client in &clients[..if mode == Mode::Native { 1 } else { 2 }] {
            let what = format!("server {mode:?}, clients {client:?}");
            let mut c = place.command(client, &client_binary);
            c.args([port.to_string(), CONNECTIONS.to_string(), "20".into()]);
            let clients = Started::new(&mut c)?;
            let mut most = 0;
            let ended = std::thread::scope(|scope| {
                let waiting = scope.spawn(|| clients.wait(PATIENCE));
                while !waiting.is_finished() {
                    most = most.max(server.threads());
                    std::thread::sleep(Duration::from_millis(2));
                }
                waiting.join().expect("no panic")
            });
            let text = ended.map_err(|e| format!("{what}: {e}"))?.success(&what)?.stdout_text();
            let want = format!("{CONNECTIONS} connections, {} messages", CONNECTIONS * 20);
            if !text.starts_with(&want) {
                return Err(format!("{what}: {text}"));
            }
            if mode == Mode::Preloaded && most > 8 {
                return Err(format!("{what}: the server had {most} OS threads"));
            }
        }
    }
    Ok(())
}
