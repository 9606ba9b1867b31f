//! `geventrs::monkey`: the hooks linked into this very program. Each case is a process
//! of its own.

mod as_gevent;
#[path = "../api/case.rs"]
mod case;

use case::{case, Case};
use geventrs::monkey::{is_patched, patch, patch_all, PatchError};
use geventrs_monkey as _;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{mpsc, Mutex};
use std::thread;
use std::time::Duration;

const CASES: &[Case] = &[
    case("nothing_is_patched_unasked", nothing_is_patched_unasked),
    case("patching_late_is_refused", patching_late_is_refused),
    case("an_unknown_group_is_refused", an_unknown_group_is_refused),
    case("groups_are_patched_one_by_one", groups_are_patched_one_by_one),
    case("patching_twice_does_nothing", patching_twice_does_nothing),
    case("std_s_threads_are_greenlets", std_s_threads_are_greenlets),
    case("std_s_locks_and_channels_switch", std_s_locks_and_channels_switch),
    case("std_s_sockets_switch", std_s_sockets_switch),
    case("pools_have_os_threads", pools_have_os_threads),
    case("what_is_recorded_has_places", what_is_recorded_has_places),
    case("panics_stay_in_their_thread", panics_stay_in_their_thread),
    case("a_kill_waits_for_a_wait_of_the_crate", a_kill_waits_for_a_wait_of_the_crate),
];

fn main() {
    case::main(&[("monkey", CASES), ("as_gevent", as_gevent::CASES)], vec![as_gevent::all()]);
}

fn os_thread() -> usize {
    // SAFETY: only reads.
    unsafe { libc::syscall(libc::SYS_gettid) as usize }
}

fn nothing_is_patched_unasked() {
    assert!(!is_patched("all") && !is_patched("thread"));
    let here = os_thread();
    assert_ne!(thread::spawn(os_thread).join().unwrap(), here);
    assert!(geventrs::getcurrent().is_none());
}

fn patching_late_is_refused() {
    let (tell, told) = mpsc::channel::<()>();
    let thread = thread::spawn(move || told.recv());
    assert_eq!(patch_all(), Err(PatchError::TooLate));
    tell.send(()).unwrap();
    thread.join().unwrap().unwrap();
    let _greenlet = geventrs::spawn(|| geventrs::sleep(Duration::from_secs(60)));
    assert_eq!(patch_all(), Err(PatchError::TooLate));
    assert!(!is_patched("time"));
}

fn an_unknown_group_is_refused() {
    assert_eq!(patch("time,nonsense"), Err(PatchError::UnknownGroup));
    assert_eq!(patch(" "), Err(PatchError::UnknownGroup));
    assert!(!is_patched("time") && !is_patched("nonsense"));
}

fn groups_are_patched_one_by_one() {
    patch("time").unwrap();
    assert!(is_patched("time") && !is_patched("thread"));
    // A plain sleep lets greenlets run.
    let greenlet = geventrs::spawn(|| ());
    thread::sleep(Duration::from_millis(1));
    assert!(greenlet.ready());
}

fn patching_twice_does_nothing() {
    patch_all().unwrap();
    thread::spawn(|| assert_eq!(patch_all(), Ok(()))).join().unwrap();
}

fn std_s_threads_are_greenlets() {
    patch_all().unwrap();
    let here = thread::current().id();
    let thread = thread::spawn(move || {
        assert_ne!(thread::current().id(), here);
        assert!(geventrs::getcurrent().is_some());
        let switches = geventrs::util::greenlets().len();
        thread::sleep(Duration::from_millis(1));
        (switches, geventrs::spawn(|| 6 * 7).get().unwrap())
    });
    assert_eq!(thread.join().unwrap(), (2, 42));
    assert_eq!(thread::scope(|s| s.spawn(|| 1).join().unwrap()), 1);
}

/// The settings hold as under the preload, and calls are told with their callers although the
/// hooks are in the same file as those.
fn what_is_recorded_has_places() {
    let file = std::env::temp_dir().join(format!("geventrs-monkey-{}.json", std::process::id()));
    let me = std::env::current_exe().unwrap();
    let status = std::process::Command::new(me)
        .args(["--case", "monkey/std_s_threads_are_greenlets"])
        .env("GEVENTRS_REPORT", &file)
        .status();
    assert!(status.unwrap().success());
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let places = report["places"].as_array().unwrap();
    let nap = places.iter().find(|p| p["call"].as_str().unwrap().ends_with("nanosleep")).unwrap();
    let frames = nap["frames"].as_array().unwrap();
    assert!(frames.len() > 3 && frames.iter().all(|f| f[1] != 0), "{nap}");
}

fn std_s_locks_and_channels_switch() {
    patch_all().unwrap();
    let (tell, told) = mpsc::sync_channel(0);
    let sum = Mutex::new(0);
    thread::scope(|s| {
        for n in 0..10 {
            let (tell, sum) = (tell.clone(), &sum);
            s.spawn(move || {
                let mut held = sum.lock().unwrap();
                thread::sleep(Duration::from_millis(1)); // held across a wait
                *held += n;
                drop(held);
                tell.send(n).unwrap();
            });
        }
        drop(tell);
        assert_eq!(told.iter().sum::<i32>(), 45);
    });
    assert_eq!(sum.into_inner().unwrap(), 45);
}

fn std_s_sockets_switch() {
    patch_all().unwrap();
    let (mut a, mut b) = UnixStream::pair().unwrap();
    let greenlet = geventrs::spawn(move || {
        let mut text = String::new();
        b.read_to_string(&mut text).map(|_| text)
    });
    geventrs::yield_now();
    assert!(!greenlet.ready());
    a.write_all(b"hello").unwrap();
    drop(a);
    assert_eq!(greenlet.get().unwrap().unwrap(), "hello");
    let (c, _d) = UnixStream::pair().unwrap();
    c.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    let _other = geventrs::spawn(|| geventrs::sleep(Duration::from_secs(60)));
    let error = (&c).read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

fn pools_have_os_threads() {
    patch_all().unwrap();
    let pool = geventrs::threadpool::ThreadPool::new(2);
    let (here, counted) = (os_thread(), geventrs::lock::Semaphore::new(0));
    let counted = std::sync::Arc::new(counted);
    let counts = counted.clone();
    let _ticks = geventrs::spawn(move || loop {
        counts.release();
        thread::sleep(Duration::from_millis(1));
    });
    let there = pool.spawn(|| {
        // Blocks for real, as on any thread of the kernel's.
        thread::sleep(Duration::from_millis(20));
        os_thread()
    });
    assert_ne!(there.get().unwrap(), here);
    assert!(counted.counter() > 1, "others ran meanwhile");
}

fn panics_stay_in_their_thread() {
    patch_all().unwrap();
    std::panic::set_hook(Box::new(|_| ()));
    let fails = thread::spawn(|| {
        thread::sleep(Duration::from_millis(1));
        panic!("no luck")
    });
    let works = thread::spawn(|| {
        thread::sleep(Duration::from_millis(2));
        7
    });
    assert!(fails.join().is_err());
    assert_eq!(works.join().unwrap(), 7);
}

fn a_kill_waits_for_a_wait_of_the_crate() {
    patch_all().unwrap();
    let greenlet = geventrs::spawn(|| {
        thread::sleep(Duration::from_millis(20)); // a patched call of std's: goes on
        geventrs::sleep(Duration::from_secs(60));
    });
    geventrs::yield_now();
    assert!(greenlet.kill(None));
    assert!(greenlet.exception().unwrap().is_exit());
}
