//! Where program code has blocked without a hook: in a system call instruction
//! of its own, in a library that was loaded past us, in a lock inside libc.
//!
//! The monitor notes each time that it takes the hub off somebody who is blocked
//! in the kernel: the address of the instruction, counted.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Addresses kept, at most; further ones are counted together.
const MOST: usize = 256;

struct Site {
    at: AtomicUsize,
    times: AtomicU64,
}

static SITES: [Site; MOST] =
    [const { Site { at: AtomicUsize::new(0), times: AtomicU64::new(0) } }; MOST];
static OTHERS: AtomicU64 = AtomicU64::new(0);

/// Count one more at the address `at`. Only the monitor calls this.
pub(super) fn note(at: usize) {
    let count = |times: &AtomicU64| {
        times.fetch_add(1, Ordering::Relaxed);
    };
    for step in 0..MOST {
        let site = &SITES[(at / 2 + step) % MOST];
        match site.at.load(Ordering::Relaxed) {
            0 => {
                site.at.store(at, Ordering::Release);
                return count(&site.times);
            }
            known if known == at => return count(&site.times),
            _ => {}
        }
    }
    count(&OTHERS);
}

/// Call `f` with each address and how often somebody was found blocked there; an
/// address of 0 stands for those that had no room. Any thread may call this.
pub fn for_each(mut f: impl FnMut(usize, u64)) {
    for site in &SITES {
        let at = site.at.load(Ordering::Acquire);
        if at != 0 {
            f(at, site.times.load(Ordering::Relaxed));
        }
    }
    let others = OTHERS.load(Ordering::Relaxed);
    if others != 0 {
        f(0, others);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_told_apart_and_the_last_share_one_count() {
        for _ in 0..3 {
            note(0x1000);
        }
        note(0x1000 + 2 * MOST); // falls on the same place
        for n in 0..MOST {
            note(0x9000 + 2 * n);
        }
        let mut seen = std::collections::HashMap::new();
        for_each(|at, times| assert!(seen.insert(at, times).is_none()));
        assert_eq!(seen[&0x1000], 3);
        assert_eq!(seen[&(0x1000 + 2 * MOST)], 1);
        assert_eq!(seen[&0], 2, "two had no room");
        assert_eq!(seen.values().sum::<u64>(), 4 + MOST as u64);
    }
}
