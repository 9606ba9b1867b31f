//! Thread ids of greenlets: what their control blocks hold, what locks note as
//! their holder.
//!
//! They lie above every id that the kernel gives (`PID_MAX_LIMIT` is 2²²) and
//! below the futex flag bits.
//!
//! Objects in shared memory hold thread ids, too, and libc takes a lock whose
//! holder has the caller's id for the caller's own. So ids must not repeat in
//! another process, as the kernel's do not: every process begins at another one.

/// The least and the greatest id of a greenlet.
const FIRST: u32 = 0x1000_0000;
const LAST: u32 = 0x3fff_ffff;

/// 2³² divided by the golden ratio: its multiples keep away from each other, those
/// of neighbours most of all.
const SPREAD: u32 = 0x9e37_79b1;

/// The id that process `pid` begins with. Two among a thousand processes in a row
/// are more than 300,000 ids apart.
pub fn first_of(pid: u32) -> u32 {
    let part = u64::from(pid.wrapping_mul(SPREAD));
    FIRST + ((part * u64::from(LAST - FIRST)) >> 32) as u32
}

/// The id after `id`.
pub fn after(id: u32) -> u32 {
    if id == LAST {
        FIRST
    } else {
        id + 1
    }
}

/// Whether `id` is a greenlet's, and none that the kernel gives.
#[inline(always)]
pub fn is_greenlets(id: u32) -> bool {
    (FIRST..=LAST).contains(&id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_processes_begin_far_apart() {
        for start in [1, 300, 32_000, 4_194_304 - 1_000] {
            let mut ids: Vec<u32> = (start..start + 1_000).map(first_of).collect();
            assert!(ids.iter().all(|&id| is_greenlets(id)));
            ids.sort_unstable();
            assert!(ids.windows(2).all(|w| w[1] - w[0] > 300_000));
        }
    }

    #[test]
    fn ids_go_round() {
        assert_eq!(after(FIRST), FIRST + 1);
        assert_eq!(after(LAST), FIRST);
        assert!(!is_greenlets(FIRST - 1) && !is_greenlets(LAST + 1));
    }
}
