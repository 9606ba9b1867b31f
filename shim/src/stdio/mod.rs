//! Patch group `sys`: the standard streams, and every other `FILE`.
//!
//! libc's stdio reads, writes and locks through libc's own internal names, which
//! no hook sees. So the hooks are the public functions themselves, and each
//! asks before it calls libc: might this wait? The answer is no while there is
//! one thread, for files that never wait (a regular file, `/dev/null`), and
//! when the buffer settles the matter; then libc's function is called, and that
//! is all.
//!
//! | file | concept |
//! |---|---|
//! | [`file`] | glibc's `FILE`: the part of it that is ABI |
//! | [`pace`] | which streams wait at all |
//! | [`lock`] | a stream's lock, waited for without stopping the others |
//! | [`call`] | the frame of every hook |
//! | [`fill`] | refilling a buffer: where input is waited for |
//! | [`drain`] | writing a buffer out: where output is waited for |
//! | [`input`], [`record`], [`output`] | bytes |
//! | [`print`], [`scan`], [`variadic`](crate::variadic) | formats |
//! | [`wide`] | wide characters |
//! | [`position`] | what only locks, or writes out first |
//! | [`messages`] | what libc says on stderr |
//! | [`opening`] | `fopen`, `fclose` and their kin |
//!
//! # Rules
//!
//! - A thread that waits in the middle of a line is a parked greenlet: no
//!   section, no OS thread. Sections are left for what only libc can do:
//!   conversions (`scanf`, wide text longer than a pipe's piece), opening a
//!   FIFO, `pclose`.
//! - What libc is called for may take the stream's lock again: it is recursive.
//! - The order of what is read and written, the flags, `errno` and the buffer
//!   that a program can look at (`__fpending`) are as after libc's own call.

pub mod all_streams;
pub mod call;
pub mod drain;
pub mod file;
pub mod fill;
pub mod input;
pub mod lock;
pub mod messages;
pub mod opening;
pub mod output;
pub mod pace;
pub mod position;
pub mod print;
pub mod record;
pub mod scan;
pub mod wide;
