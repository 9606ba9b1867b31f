//! Patch group `subprocess`: other processes.
//!
//! | file | concept |
//! |---|---|
//! | [`fork`] | fork(2): the child has one thread, a copy of the caller |
//! | [`vfork`] | vfork(2): the child borrows the parent's memory |
//! | [`clone`] | clone(2) as a kind of fork |
//! | [`exec`] | execve(2) and its family |
//! | [`follow`] | which children are preloaded, and what that means for their environment |
//! | [`environment`] | the lists of variables that follow from it |
//! | [`spawn`] | posix_spawn(3) |
//! | [`wait`] | wait(2) and its family |
//! | [`system`] | system(3) |
//! | [`stream`] | popen(3) |
//! | [`words`] | wordexp(3), which may run a shell |
//! | [`detach`] | daemon(3), forkpty(3): new standard descriptors |
//!
//! libc's fork copies the process; a handler of ours, registered before any of
//! the program's, then lets the hub forget everybody else and gives the child a
//! reactor of its own, so that the program's own handlers may use threads
//! already. That serves `fork`, `forkpty` and `daemon` alike.

pub mod children;
pub mod clone;
pub mod detach;
pub mod environment;
pub mod exec;
pub mod follow;
pub mod fork;
pub mod spawn;
pub mod stream;
pub mod system;
pub mod vfork;
pub mod wait;
pub mod words;
