//! `top`, on a terminal: a pseudo-terminal whose other end is a terminal emulator
//! (the crate vt100).

use crate::asked::Asked;
use crate::support::*;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const ROWS: u16 = 24;
const COLUMNS: u16 = 120;

fn size_of_screen(n: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(n).unwrap()
}

/// A terminal with a program on it.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<vt100::Parser>>,
    /// Feeds `screen`; ends when nobody has the terminal open any longer.
    reader: Option<JoinHandle<()>>,
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Terminal {
    fn start(mut command: std::process::Command) -> Terminal {
        let size = libc::winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
        // Close-on-exec from the start: a program that another test starts meanwhile must
        // not keep the terminal open.
        // SAFETY: two new descriptors, ours from here on; `size` outlives the call.
        let (master, slave) = unsafe {
            let master = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC);
            assert!(master >= 0);
            assert_eq!((libc::grantpt(master), libc::unlockpt(master)), (0, 0));
            assert_eq!(libc::ioctl(master, libc::TIOCSWINSZ, &size), 0);
            let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
            let slave = libc::ioctl(master, libc::TIOCGPTPEER, flags);
            assert!(slave >= 0);
            (File::from_raw_fd(master), OwnedFd::from_raw_fd(slave))
        };
        let copy = || Stdio::from(slave.try_clone().unwrap());
        command.stdin(copy()).stdout(copy()).stderr(copy()).env("TERM", "xterm-256color");
        // SAFETY: two system calls between fork and exec.
        unsafe {
            command.pre_exec(|| {
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            })
        };
        let child = start(&mut command);
        drop((command, slave));
        let screen = Arc::new(Mutex::new(vt100::Parser::new(
            size_of_screen(ROWS),
            size_of_screen(COLUMNS),
            0,
        )));
        let (mut end, shown) = (master.try_clone().unwrap(), screen.clone());
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n) = end.read(&mut bytes) {
                if n == 0 {
                    break;
                }
                shown.lock().unwrap().process(&bytes[..n]);
            }
        });
        Terminal { child, keyboard: master, screen, reader: Some(reader) }
    }

    /// The window changes its size.
    fn resize(&self, rows: u16, columns: u16) {
        use std::os::fd::AsRawFd;
        let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let mut parser = self.screen.lock().unwrap();
        parser.screen_mut().set_size(size_of_screen(rows), size_of_screen(columns));
        // SAFETY: our own descriptor, and a size that outlives the call.
        assert_eq!(unsafe { libc::ioctl(self.keyboard.as_raw_fd(), libc::TIOCSWINSZ, &size) }, 0);
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// Its exit code, once all that it wrote is on the screen.
    fn ends(&mut self) -> Option<i32> {
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        status.code()
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    #[track_caller]
    fn shows(&self, words: &[&str]) -> String {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            let text = self.text();
            if words.iter().all(|w| text.contains(w)) {
                return text;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the screen does not show {words:?} but\n{}", self.text());
    }
}

const PROGRAM: &str = r#"
    #define _GNU_SOURCE
    #include <pthread.h>
    #include <unistd.h>
    static void *spin(void *arg)
    {
        for (volatile long n = 0;; n++)
            ;
        return arg;
    }
    static void *idle(void *arg)
    {
        sleep(1000);
        return arg;
    }
    int main(void)
    {
        pthread_t a, b;
        pthread_create(&a, NULL, idle, NULL);
        pthread_create(&b, NULL, spin, NULL);
        pthread_setname_np(a, "idle");
        pthread_setname_np(b, "hog");
        pthread_join(a, NULL);
        return 0;
    }
"#;

#[test]
fn top_shows_who_computes_and_obeys_keys() {
    let directory = scratch("top");
    let program = compile(&directory, PROGRAM, &["-g"]);
    let mut asked = Asked::start(&directory, &program, &[]);
    asked.says("ps", &["hog", "idle"]);
    let top = asked.about(&["top", &asked.pid(), "--interval", "0.2"]);
    let mut terminal = Terminal::start(top);
    let text =
        terminal.shows(&["3 greenlets", "RUNS", "WAITS FOR", "idle", "sleep 16 min", "q quit"]);
    // What a thread was made to run is beside its name.
    let row = text.lines().find(|l| l.contains(" hog ")).unwrap_or_else(|| panic!("{text}"));
    assert!(row.contains(" spin "), "{text}");
    // By processor time: the hog is first, once there is a rate.
    let first = |text: &str, name: &str| {
        let mut rows = text.lines().skip_while(|l| !l.contains("WAITS FOR")).skip(1);
        rows.next().is_some_and(|l| l.contains(name))
    };
    let end = Instant::now() + Duration::from_secs(60);
    while !first(&terminal.text(), "hog") {
        assert!(Instant::now() < end, "{text}");
        std::thread::sleep(Duration::from_millis(50));
    }
    // By id: main is first.
    terminal.press("sss");
    terminal.shows(&["sorted by id"]);
    let end = Instant::now() + Duration::from_secs(60);
    while !first(&terminal.text(), "program") {
        assert!(Instant::now() < end, "{}", terminal.text());
        std::thread::sleep(Duration::from_millis(50));
    }
    // The second one's stack.
    terminal.press("\x1b[B\x1b[B\r");
    terminal.shows(&["\"idle\" ─", "#0 sleep", "idle at ", "program.c:"]);
    terminal.press(" ");
    terminal.shows(&["paused"]);
    terminal.press(" ");
    // The program ends; the screen stays, and says so.
    asked.child.kill().unwrap();
    asked.child.wait().unwrap();
    terminal.shows(&["no such process"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), Some(0));
    assert!(!terminal.screen.lock().unwrap().screen().alternate_screen(), "as it was");
}

/// In a small window columns are left out, and no number is cut.
#[test]
fn top_fits_the_window_while_that_changes() {
    let directory = scratch("top-sizes");
    let program = compile(&directory, PROGRAM, &["-g"]);
    let asked = Asked::start(&directory, &program, &[]);
    asked.says("ps", &["hog", "idle"]);
    let id = asked.greenlet("hog").unwrap()["id"].to_string();
    let top = asked.about(&["top", &asked.pid(), "--interval", "0.2"]);
    let mut terminal = Terminal::start(top);
    terminal.shows(&["SWITCH/S", "RUNS", &id]);
    terminal.resize(10, 40);
    let text = terminal.shows(&["NAME    STATE    WAITS FOR", "3: ", "sleep 1", "q quit"]);
    assert!(!text.contains("RUNS") && !text.contains("SWITCH/S"), "{text}");
    terminal.press("\x1b[F\r");
    terminal.shows(&["\" ─", "#0 "]);
    terminal.resize(60, 200);
    let text = terminal.shows(&["SWITCH/S", "RUNS", &id, "sleep 1", "(off the hub", "3 greenlets"]);
    assert_eq!(
        text.lines().filter(|l| l.contains(" waits ") || l.contains(" computes ")).count(),
        3
    );
    terminal.resize(4, 12);
    terminal.resize(1, 1);
    terminal.resize(24, 80);
    terminal.shows(&["WAITS FOR", &id, "3 greenlets"]);
    terminal.press("q");
    assert_eq!(terminal.ends(), Some(0));
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let directory = scratch("colours");
    let program = compile(&directory, PROGRAM, &[]);
    let asked = Asked::start(&directory, &program, &[]);
    asked.says("ps", &["hog", "computes"]);
    let coloured = |no_color: Option<&str>| {
        let mut ps = asked.about(&["ps", &asked.pid()]);
        match no_color {
            Some(value) => ps.env("NO_COLOR", value),
            None => ps.env_remove("NO_COLOR"),
        };
        let mut terminal = Terminal::start(ps);
        terminal.ends();
        terminal.shows(&["WAITS FOR", "hog"]);
        let parser = terminal.screen.lock().unwrap();
        let screen = parser.screen();
        let cells = (0..ROWS).flat_map(|r| (0..COLUMNS).map(move |c| (r, c)));
        let mut cells = cells.filter_map(|(r, c)| screen.cell(r, c));
        cells.any(|c| c.bold() || c.fgcolor() != vt100::Color::Default)
    };
    assert!(coloured(None));
    assert!(!coloured(Some("1")));
    assert!(coloured(Some("")), "no-color.org: an empty value is none");
}

#[test]
fn top_wants_a_terminal() {
    fails(&mut tool(&["top", "99999999"]), 125, "no terminal");
    fails(&mut tool(&["top", "1", "--interval", "0"]), 2, "--interval");
}
