//! Timers: a four-ary heap whose entries know their place.
//!
//! A million sleepers must stay cheap. Insertion of a later deadline than
//! most (the usual case) stops after one comparison; cancelling finds its entry
//! through the index that the heap keeps in the sleeper ([`Slot`]); four
//! children a node halve the depth against a binary heap and share a cache
//! line. A timing wheel would insert in constant time but rounds deadlines to
//! its tick, and sleepers must end in the order of their deadlines.
//!
//! Equal deadlines fire in the order in which they were set.

/// No place in the heap.
pub const NO_SLOT: u32 = u32::MAX;

/// What can be put to sleep: a small handle that stores its heap index.
pub trait Slot: Copy {
    /// Remember that the entry now lies at `index` ([`NO_SLOT`]: removed).
    fn set_index(self, index: u32);
    /// The index last set.
    fn index(self) -> u32;
}

#[derive(Clone, Copy)]
struct Entry<S> {
    deadline: u64,
    sequence: u64,
    slot: S,
}

impl<S> Entry<S> {
    fn before(&self, other: &Self) -> bool {
        (self.deadline, self.sequence) < (other.deadline, other.sequence)
    }
}

/// The set of running timers.
pub struct Timers<S> {
    heap: Vec<Entry<S>>,
    sequence: u64,
}

const ARITY: usize = 4;

impl<S: Slot> Timers<S> {
    /// No timers.
    pub const fn new() -> Self {
        Timers { heap: Vec::new(), sequence: 0 }
    }

    /// How many timers run.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether no timer runs.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// When the slot's timer ends, if it has one.
    pub fn deadline_of(&self, slot: S) -> Option<u64> {
        self.heap.get(slot.index() as usize).map(|e| e.deadline)
    }

    /// The earliest deadline.
    pub fn next_deadline(&self) -> Option<u64> {
        self.heap.first().map(|e| e.deadline)
    }

    /// Start a timer. The slot must have none running.
    pub fn insert(&mut self, deadline: u64, slot: S) {
        debug_assert_eq!(slot.index(), NO_SLOT);
        let entry = Entry { deadline, sequence: self.sequence, slot };
        self.sequence += 1;
        self.heap.push(entry);
        self.sift_up(self.heap.len() - 1);
    }

    /// Stop the slot's timer, if it has one.
    pub fn remove(&mut self, slot: S) {
        let index = slot.index();
        if index != NO_SLOT {
            self.remove_at(index as usize);
        }
    }

    /// Take the earliest timer out if it is due at `now`.
    pub fn pop_due(&mut self, now: u64) -> Option<S> {
        let first = self.heap.first()?;
        if first.deadline > now {
            return None;
        }
        let slot = first.slot;
        self.remove_at(0);
        Some(slot)
    }

    /// Forget every timer without telling the slots.
    pub fn clear(&mut self) {
        self.heap.clear();
    }

    fn remove_at(&mut self, index: usize) {
        let gone = self.heap.swap_remove(index);
        gone.slot.set_index(NO_SLOT);
        if index < self.heap.len() {
            // The entry moved here may belong higher or lower.
            let at = self.sift_down(index);
            self.sift_up(at);
        }
    }

    fn sift_up(&mut self, mut index: usize) {
        let entry = self.heap[index];
        while index > 0 {
            let parent = (index - 1) / ARITY;
            if !entry.before(&self.heap[parent]) {
                break;
            }
            self.place(index, self.heap[parent]);
            index = parent;
        }
        self.place(index, entry);
    }

    fn sift_down(&mut self, mut index: usize) -> usize {
        let entry = self.heap[index];
        loop {
            let first = index * ARITY + 1;
            let last = (first + ARITY).min(self.heap.len());
            let Some(child) =
                (first..last).reduce(|a, b| if self.heap[b].before(&self.heap[a]) { b } else { a })
            else {
                break;
            };
            if !self.heap[child].before(&entry) {
                break;
            }
            self.place(index, self.heap[child]);
            index = child;
        }
        self.place(index, entry);
        index
    }

    fn place(&mut self, index: usize, entry: Entry<S>) {
        self.heap[index] = entry;
        entry.slot.set_index(index as u32);
    }
}

impl<S: Slot> Default for Timers<S> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[derive(Clone, Copy)]
    struct Sleeper<'a>(&'a Cell<u32>, usize);

    impl Slot for Sleeper<'_> {
        fn set_index(self, index: u32) {
            self.0.set(index)
        }
        fn index(self) -> u32 {
            self.0.get()
        }
    }

    /// xorshift: a fixed sequence, so that a failure repeats.
    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn equal_deadlines_fire_in_the_order_they_were_set() {
        let cells: Vec<_> = (0..100).map(|_| Cell::new(NO_SLOT)).collect();
        let mut timers = Timers::new();
        for (i, c) in cells.iter().enumerate() {
            timers.insert(5, Sleeper(c, i));
        }
        let order: Vec<_> = std::iter::from_fn(|| timers.pop_due(5)).map(|s| s.1).collect();
        assert_eq!(order, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn nothing_fires_early() {
        let cell = Cell::new(NO_SLOT);
        let mut timers = Timers::new();
        timers.insert(10, Sleeper(&cell, 0));
        assert!(timers.pop_due(9).is_none());
        assert_eq!(timers.next_deadline(), Some(10));
        assert!(timers.pop_due(10).is_some());
        assert!(timers.is_empty());
    }

    #[test]
    fn random_operations_agree_with_a_sorted_list() {
        let cells: Vec<_> = (0..200).map(|_| Cell::new(NO_SLOT)).collect();
        let mut timers = Timers::new();
        let mut model: Vec<(u64, u64, usize)> = Vec::new();
        let mut state = 0x9E37_79B9_7F4A_7C15;
        for step in 0..20_000u64 {
            let i = random(&mut state) as usize % cells.len();
            match random(&mut state) % 3 {
                0 if cells[i].get() == NO_SLOT => {
                    let deadline = random(&mut state) % 1000;
                    timers.insert(deadline, Sleeper(&cells[i], i));
                    model.push((deadline, step, i));
                }
                1 => {
                    timers.remove(Sleeper(&cells[i], i));
                    model.retain(|m| m.2 != i);
                }
                _ => {
                    let now = random(&mut state) % 1000;
                    model.sort();
                    let expected = model.first().filter(|m| m.0 <= now).copied();
                    assert_eq!(timers.pop_due(now).map(|s| s.1), expected.map(|m| m.2));
                    if expected.is_some() {
                        model.remove(0);
                    }
                }
            }
            assert_eq!(timers.len(), model.len());
            assert_eq!(timers.next_deadline(), model.iter().map(|m| m.0).min());
        }
    }
}
