//! The three sets of `select`: what was asked, and what was found.
//!
//! The program's sets are read once, at the start, and written once, when
//! something was found or the time is over: another thread may use the same
//! set meanwhile, and after an error the sets are as they were.

use super::wait::Source;
use super::{nfds, KERNEL_SIGSET};
use core::ptr;
use hub::program_memory;
use hub::reactor::{READ, URGENT, WRITE};
use hub::sys::Errno;
use hub::wait::Reason;
use libc::{fd_set, sigset_t, timespec};

const READABLE: usize = 0;
const WRITABLE: usize = 1;
const EXCEPTIONAL: usize = 2;
const SETS: usize = 3;

/// The kernel's unit in a set.
type Word = u64;
const WORD_BITS: usize = Word::BITS as usize;
const WORD_BYTES: usize = size_of::<Word>();

/// Words of a set that need no allocation: those of a declared `fd_set`.
const INLINE_WORDS: usize = size_of::<fd_set>() / WORD_BYTES;

/// Two copies of each set, asked and found, of `words` words each.
#[expect(clippy::large_enum_variant, reason = "the large variant saves the allocation")]
enum Copies {
    Inline([Word; 2 * SETS * INLINE_WORDS]),
    Heap(Vec<Word>),
}

/// The arguments of one call.
pub struct FdSets {
    nfds: i32,
    words: usize,
    program: [*mut fd_set; SETS],
    copies: Copies,
    mask: *const sigset_t,
}

impl FdSets {
    /// Read the program's sets. EINVAL for a negative `nfds`, EFAULT for a set
    /// that cannot be read, ENOMEM.
    ///
    /// # Safety
    /// Sets that can be read are the program's `fd_set`s.
    pub unsafe fn new(
        nfds: i32,
        program: [*mut fd_set; SETS],
        mask: *const sigset_t,
    ) -> Result<Self, Errno> {
        if nfds < 0 {
            return Err(libc::EINVAL);
        }
        let nfds = nfds::cut(nfds);
        let words = (nfds as usize).div_ceil(WORD_BITS);
        let copies = if words <= INLINE_WORDS {
            Copies::Inline([0; 2 * SETS * INLINE_WORDS])
        } else {
            let mut heap = Vec::new();
            heap.try_reserve_exact(2 * SETS * words).map_err(|_| libc::ENOMEM)?;
            heap.resize(2 * SETS * words, 0);
            Copies::Heap(heap)
        };
        let mut sets = FdSets { nfds, words, program, copies, mask };
        if words == 0 {
            return Ok(sets);
        }
        for (which, set) in program.iter().enumerate() {
            if set.is_null() {
                continue;
            }
            if !program_memory::readable(set.cast(), words * WORD_BYTES) {
                return Err(libc::EFAULT);
            }
            let asked = sets.asked_mut(which);
            // SAFETY: was found readable; the copy is as long. Sets need not
            // be aligned for the kernel, so bytes are copied.
            unsafe {
                ptr::copy_nonoverlapping(
                    set.cast::<u8>(),
                    asked.as_mut_ptr().cast(),
                    words * WORD_BYTES,
                );
            }
        }
        Ok(sets)
    }

    /// Write what the last look has found to the program's sets.
    ///
    /// # Safety
    /// The program's sets can be written.
    pub unsafe fn store(&self) {
        for (which, set) in self.program.iter().enumerate() {
            if !set.is_null() {
                // SAFETY: by the caller's contract; as long as what was read.
                unsafe {
                    ptr::copy_nonoverlapping(
                        self.found(which).as_ptr().cast::<u8>(),
                        set.cast(),
                        self.words * WORD_BYTES,
                    );
                }
            }
        }
    }

    fn all(&self) -> &[Word] {
        match &self.copies {
            Copies::Inline(words) => words,
            Copies::Heap(words) => words,
        }
    }

    fn all_mut(&mut self) -> &mut [Word] {
        match &mut self.copies {
            Copies::Inline(words) => words,
            Copies::Heap(words) => words,
        }
    }

    fn asked(&self, which: usize) -> &[Word] {
        &self.all()[which * self.words..][..self.words]
    }

    fn asked_mut(&mut self, which: usize) -> &mut [Word] {
        let words = self.words;
        &mut self.all_mut()[which * words..][..words]
    }

    fn found(&self, which: usize) -> &[Word] {
        &self.all()[(SETS + which) * self.words..][..self.words]
    }
}

impl Source for FdSets {
    fn look(&mut self) -> Result<usize, Errno> {
        let (words, nfds, program) = (self.words, self.nfds, self.program);
        // A sixth argument holds two: the mask and its size (select(2), "C
        // library/kernel differences").
        let signals = [self.mask as usize, KERNEL_SIGSET];
        let mut zero = timespec { tv_sec: 0, tv_nsec: 0 };
        let all = self.all_mut();
        all.copy_within(..SETS * words, SETS * words);
        let found = all[SETS * words..].as_mut_ptr();
        let set = |which: usize| match program[which].is_null() {
            true => ptr::null_mut(),
            false => found.wrapping_add(which * words),
        };
        // SAFETY: the kernel writes the found copies, each of `words` words,
        // which hold `nfds` bits.
        unsafe {
            hub::syscall!(
                libc::SYS_pselect6,
                nfds,
                set(READABLE),
                set(WRITABLE),
                set(EXCEPTIONAL),
                &raw mut zero,
                signals.as_ptr()
            )
        }
    }

    fn interests(&self, add: &mut dyn FnMut(i32, u8)) {
        let sets = [self.asked(READABLE), self.asked(WRITABLE), self.asked(EXCEPTIONAL)];
        for at in 0..self.words {
            let [r, w, e] = sets.map(|set| set[at]);
            let mut any = r | w | e;
            while any != 0 {
                let bit = any.trailing_zeros();
                any &= any - 1;
                let fd = (at * WORD_BITS) as i32 + bit as i32;
                if fd >= self.nfds {
                    return;
                }
                // An error or hang-up makes a descriptor readable and
                // writable, never exceptional (select(2), "Correspondence").
                let on = |word: Word, direction| (word >> bit & 1) as u8 * direction;
                add(fd, on(r, READ) | on(w, WRITE) | on(e, URGENT));
            }
        }
    }

    fn reason(&self) -> Reason {
        let asked = &self.all()[..SETS * self.words];
        match asked.iter().map(|word| word.count_ones()).sum() {
            0 => Reason::Sleep,
            n => Reason::Poll(n),
        }
    }

    fn signal_mask(&self) -> *const sigset_t {
        self.mask
    }
}
