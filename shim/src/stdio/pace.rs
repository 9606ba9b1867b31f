//! Which streams can wait.
//!
//! | file | waits |
//! |---|---|
//! | regular file, directory, block device | for the disk only: never, as far as the hub knows |
//! | `/dev/null`, `/dev/zero`, `/dev/full` and the other memory devices | never |
//! | pipe, FIFO, socket, terminal, eventfd and the like, other devices | until it is ready |
//! | none: `fmemopen`, `open_memstream`, `fopencookie` | in the program's code, if at all |
//!
//! The kernel is asked once a descriptor; the answer is part of what
//! [`known`](crate::fd::known) holds until the number is closed or replaced.

use super::file::File;
use crate::fd::known::{self, Pace};
use crate::fd::probe;
use core::ffi::c_int;

/// The major number of the memory devices (Linux's devices.txt).
const MEMORY_DEVICES: u32 = 1;

/// It is known that calls on the stream's file never wait.
#[inline(always)]
pub fn surely_never_waits(file: &File) -> bool {
    let fd = file.fd();
    fd < 0 || known::get(fd).pace() == Pace::Never
}

/// Whether calls on the stream's file never wait. Asks the kernel if need be.
pub fn never_waits(file: &File) -> bool {
    let fd = file.fd();
    fd < 0 || of(fd) != Pace::Waits
}

/// How a descriptor waits. Unknown: it is not open.
pub fn of(fd: c_int) -> Pace {
    match known::get(fd).pace() {
        Pace::Unknown => {
            let pace = ask(fd);
            if pace != Pace::Unknown {
                known::set_pace(fd, pace);
            }
            pace
        }
        pace => pace,
    }
}

#[cold]
fn ask(fd: c_int) -> Pace {
    match probe::file_type_and_device(fd) {
        // It is not open: the call fails at once.
        None => Pace::Unknown,
        Some((kind, device)) => of_type(kind, device),
    }
}

/// How a file of this type waits: `S_IFMT` bits and the number of the device.
pub fn of_type(kind: u32, device: libc::dev_t) -> Pace {
    match kind {
        libc::S_IFREG | libc::S_IFBLK | libc::S_IFDIR => Pace::Never,
        libc::S_IFCHR if libc::major(device) == MEMORY_DEVICES => Pace::Never,
        _ => Pace::Waits,
    }
}
