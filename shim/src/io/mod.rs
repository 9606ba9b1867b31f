//! Patch group `os`: `read`, `write` and their kin on any descriptor.
//!
//! Semantics: read(2), write(2), readv(2), preadv2(2), eventfd(2), sendfile(2),
//! splice(2), tee(2), vmsplice(2). All but `sendfile` are cancellation points.
//!
//! # How a call is tried without blocking
//!
//! | descriptor | attempt |
//! |---|---|
//! | pipe, socket, most others | `preadv2`/`pwritev2` with RWF_NOWAIT |
//! | terminal, FIFO of an old kernel, ... (EOPNOTSUPP) | a zero-time poll, then the call, nothing between |
//! | regular file, block device | what is in the page cache; then the call itself, as [`regular`] says |
//!
//! What only the kernel can wait for is a blocking section:
//! [opening](open) a FIFO, [locks on files](file_lock), [writing back](sync),
//! [terminals' output](terminal).

pub mod asynchronous;
pub mod file_lock;
pub mod open;
pub mod random;
pub mod read;
pub mod regular;
pub mod sendfile;
pub mod splice;
pub mod sync;
pub mod terminal;
pub mod write;
