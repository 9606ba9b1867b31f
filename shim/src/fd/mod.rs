//! Descriptors: what is known of them, and how a hooked call waits for one.
//!
//! | file | concept |
//! |---|---|
//! | [`known`] | a byte per descriptor: what the hooks that made it know |
//! | [`probe`] | questions to the kernel about a descriptor |
//! | [`wait`] | try, park, try again: the frame of every blocking call |
//! | [`pauses`] | tries again and again, for want of an event |
//! | [`vector`] | `iovec` arrays that are part done |
//! | [`making`] | hooks that make descriptors |
//! | [`closing`] | hooks that close or replace them |
//! | [`peers`] | pipes and socket pairs with both ends here |
//! | [`handover`] | bytes for a reader who waits at the other end |
//! | [`control`] | hooks that change how they behave |
//!
//! Descriptors that appear in other ways (`open`, `memfd_create`, libc's own)
//! need no hook: they have no byte in [`known`], and a wait for such a
//! descriptor asks the kernel each time what it would assume of others.

pub mod ahead;
pub mod closing;
pub mod control;
pub mod handover;
pub mod known;
pub mod making;
pub mod pauses;
pub mod peers;
pub mod probe;
pub mod vector;
pub mod wait;
