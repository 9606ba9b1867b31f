//! How long: counts in buckets of growing width, of fixed size.
//!
//! Each doubling is cut in four, so a percentile is known to within a quarter of its
//! value (the middle of its bucket is at most an eighth away).

/// Ticks below this share the first bucket.
const FIRST_BITS: u32 = 7;
const PARTS_BITS: u32 = 2;
const PARTS: usize = 1 << PARTS_BITS;
/// The last doubling: ticks of 2⁴² and more (more than ten minutes at any rate).
const DOUBLINGS: usize = 36;
/// Buckets.
pub const BUCKETS: usize = 1 + DOUBLINGS * PARTS;

/// The bucket of a span.
#[inline(always)]
pub fn bucket(ticks: u64) -> usize {
    if ticks >> FIRST_BITS == 0 {
        return 0;
    }
    let bits = ticks.ilog2();
    let part = (ticks >> (bits - PARTS_BITS)) as usize & (PARTS - 1);
    (1 + (bits - FIRST_BITS) as usize * PARTS + part).min(BUCKETS - 1)
}

/// The middle of a bucket, in ticks.
pub fn middle(bucket: usize) -> u64 {
    if bucket == 0 {
        return 1 << (FIRST_BITS - 1);
    }
    let (doubling, part) = ((bucket - 1) / PARTS, (bucket - 1) % PARTS);
    let low = ((PARTS + part) as u64) << (doubling as u32 + FIRST_BITS - PARTS_BITS);
    low + (1u64 << (doubling as u32 + FIRST_BITS - PARTS_BITS)) / 2
}

/// Count, sum, longest, and the buckets.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// How many.
    pub count: u64,
    /// Their sum in ticks.
    pub total: u64,
    /// The longest, in ticks.
    pub longest: u64,
    buckets: [u32; BUCKETS],
}

impl Histogram {
    /// Empty.
    pub const NEW: Histogram = Histogram { count: 0, total: 0, longest: 0, buckets: [0; BUCKETS] };

    /// Count one. True: it is the longest so far.
    #[inline(always)]
    pub fn add(&mut self, ticks: u64) -> bool {
        self.count += 1;
        self.total += ticks;
        let b = &mut self.buckets[bucket(ticks)];
        *b = b.saturating_add(1);
        let longest = ticks > self.longest;
        if longest {
            self.longest = ticks;
        }
        longest
    }

    /// The span that `percent` of all do not exceed, in ticks, to within an eighth.
    pub fn percentile(&self, percent: u64) -> u64 {
        let all: u64 = self.buckets.iter().map(|n| u64::from(*n)).sum();
        let wanted = (all * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (n, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return middle(n).min(self.longest);
            }
        }
        self.longest
    }

    /// The buckets that hold something: their middle in ticks, and the count.
    pub fn filled(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.buckets.iter().enumerate().filter(|(_, n)| **n != 0).map(|(b, n)| (middle(b), *n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_near_all_that_is_in_it() {
        let mut last = 0;
        for shift in 0..42 {
            for step in 0..16u64 {
                let ticks = (1u64 << shift) + (step << shift) / 16;
                let b = bucket(ticks);
                assert!(b >= last, "not monotonic at {ticks}");
                last = b;
                if ticks >> FIRST_BITS != 0 {
                    let off = middle(b).abs_diff(ticks);
                    assert!(off * 7 <= ticks, "{ticks} is in the bucket of {}", middle(b));
                }
            }
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_of_known_spans() {
        let mut h = Histogram::NEW;
        for n in 1..=1000u64 {
            h.add(n * 10_000);
        }
        assert_eq!((h.count, h.longest), (1000, 10_000_000));
        assert_eq!(h.total, 10_000 * 500_500);
        for (percent, exact) in [(50, 5_000_000u64), (99, 9_900_000), (100, 10_000_000)] {
            let got = h.percentile(percent);
            assert!(got.abs_diff(exact) * 7 < exact, "p{percent}: {got} for {exact}");
        }
        assert_eq!(Histogram::NEW.percentile(50), 0);
    }
}
