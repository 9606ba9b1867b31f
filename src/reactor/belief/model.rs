//! Every sequence of a few steps around a reader that has a habit, made with the reactor
//! itself and a socket of the kernel's.
//!
//! The reader takes one byte at a time, and does what a hook does: it attempts, unless that
//! would be in vain, parks, and attempts when it is woken. What must hold: when the hub waits in the
//! kernel, or is left with somebody who does, the reader is parked only if nothing is there or
//! epoll will tell; an interruption ends no wait beside bytes that are there; and at the end
//! the reader has had every byte that nobody else took.

use super::super::{FdWaiter, Reactor, READ};
use crate::greenlet::Greenlet;
use crate::run_queue::RunQueue;
use crate::wait::{Reason, Wake};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// The other end sends so many bytes.
    Send(usize),
    /// The hub looks at its descriptors, being busy.
    Look,
    /// The hub is left with a carrier that waits in the kernel already.
    Leave,
    /// The reader runs, if it can: one call.
    Run,
    /// A signal comes.
    Interrupt,
    /// The reader's wait ends for some other reason.
    GiveUp,
    /// Somebody else reads a byte, by a hook.
    Other,
}

const STEPS: [Step; 8] = [
    Step::Send(1),
    Step::Send(2),
    Step::Look,
    Step::Leave,
    Step::Run,
    Step::Interrupt,
    Step::GiveUp,
    Step::Other,
];
/// In a sequence.
const LENGTH: usize = 5;

/// What the model must fail without.
#[derive(Clone, Copy, PartialEq)]
enum Without {
    Nothing,
    /// The test when the hub is left.
    AskingWhoLeaves,
    /// The test before the hub waits.
    AskingWhoWaits,
    /// The test when a wait is interrupted.
    AskingInterrupted,
}

struct World {
    reactor: Reactor,
    run: RunQueue,
    greenlet: &'static Greenlet,
    near: UnixStream,
    far: UnixStream,
    waiter: Box<FdWaiter>,
    parked: bool,
    sent: usize,
    got: usize,
}

impl World {
    fn new() -> Self {
        let (reactor, greenlet, near, far) = super::tests::registered();
        let waiter = Box::new(FdWaiter::exclusive(greenlet, near.as_raw_fd(), READ));
        let (sent, got, run) = (0, 0, RunQueue::new());
        World { reactor, run, greenlet, near, far, waiter, parked: false, sent, got }
    }

    fn fd(&self) -> i32 {
        self.near.as_raw_fd()
    }

    /// One byte is read, as by a hook; or the socket was found drained.
    fn attempt(&mut self) -> bool {
        let fd = self.fd();
        match (&self.near).read(&mut [0]) {
            Ok(n) => {
                self.got += n;
                self.reactor.table.has_read(fd);
                true
            }
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                self.reactor.table.read_in_vain(fd);
                false
            }
            Err(e) => panic!("{e}"),
        }
    }

    fn park(&mut self) {
        // SAFETY: it is boxed, and unlinked before it is linked again.
        unsafe { self.reactor.link(&self.waiter) }.unwrap();
        self.greenlet.begin_wait(Reason::Read(self.fd()));
        self.parked = true;
    }

    fn unpark(&mut self) {
        self.reactor.unlink(&self.waiter);
        self.greenlet.end_wait();
        self.parked = false;
    }

    /// One call of the reader's, or the rest of one. False: it cannot run.
    fn run_reader(&mut self) -> bool {
        let fd = self.fd();
        let vain = if self.run.pop().is_some() {
            self.unpark();
            false
        } else if self.parked {
            return false;
        } else {
            !self.reactor.table.may_be_ready(fd, READ) || self.reactor.believes_drained(fd)
        };
        if vain || !self.attempt() {
            self.park();
        }
        true
    }

    /// Bytes that are there.
    fn there(&self) -> i32 {
        let mut count = 0;
        // SAFETY: the kernel writes a number.
        unsafe { libc::ioctl(self.fd(), libc::FIONREAD, &raw mut count) };
        count
    }

    /// Whether who waits in the kernel for the reactor's descriptors is woken.
    fn epoll_tells(&self) -> bool {
        let fd = self.reactor.own_fds()[0];
        let mut polled = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry.
        unsafe { libc::poll(&raw mut polled, 1, 0) == 1 }
    }

    fn may_wait(&self) -> Result<(), &'static str> {
        match self.parked && self.run.is_empty() && self.there() != 0 && !self.epoll_tells() {
            true => Err("the hub waits, and the reader beside its bytes"),
            false => Ok(()),
        }
    }

    fn step(&mut self, step: Step, without: Without) -> Result<(), &'static str> {
        match step {
            Step::Send(bytes) => {
                self.far.write_all(&[1; 8][..bytes]).unwrap();
                self.sent += bytes;
            }
            Step::Look => self.reactor.poll(0, &self.run).unwrap(),
            // (With somebody runnable it is not left so.)
            Step::Leave if self.parked && self.run.is_empty() => {
                if without != Without::AskingWhoLeaves {
                    self.reactor.settle_all(&self.run);
                }
                self.may_wait()?;
            }
            Step::Run => {
                self.run_reader();
            }
            Step::Interrupt if self.parked && self.greenlet.claim(Wake::Interrupted) => {
                let there = self.there() != 0 && !self.epoll_tells();
                if without != Without::AskingInterrupted {
                    self.reactor.interrupted(&self.waiter, &self.run);
                }
                self.unpark();
                if there && !self.waiter.came_first() {
                    return Err("interrupted beside bytes");
                }
            }
            Step::GiveUp if self.parked && self.greenlet.claim(Wake::TimedOut) => self.unpark(),
            Step::Other => {
                self.attempt();
                self.reactor.table.pass_on(self.fd(), READ, &self.run);
            }
            _ => {}
        }
        Ok(())
    }

    /// The hub goes on until it waits in the kernel with nothing to be told.
    fn settle(&mut self, without: Without) -> Result<(), &'static str> {
        for _ in 0..100 {
            if self.run_reader() {
                continue;
            }
            if self.reactor.has_beliefs() && without != Without::AskingWhoWaits {
                self.reactor.poll(0, &self.run).unwrap();
                continue;
            }
            self.may_wait()?;
            if !self.epoll_tells() {
                return match self.there() == 0 && self.sent == self.got {
                    true => Ok(()),
                    false => Err("bytes are left"),
                };
            }
            self.reactor.poll(0, &self.run).unwrap();
        }
        Err("the hub does not come to rest")
    }

    /// One byte a wait, until that is believed.
    fn learn(&mut self) -> Result<(), &'static str> {
        self.settle(Without::Nothing)?;
        for _ in 0..4 {
            self.step(Step::Send(1), Without::Nothing)?;
            self.settle(Without::Nothing)?;
        }
        Ok(())
    }

    fn walk(&mut self, steps: &[Step], without: Without) -> Result<(), &'static str> {
        self.learn()?;
        steps.iter().try_for_each(|step| self.step(*step, without))?;
        self.settle(without)
    }
}

/// All sequences in order; the first that fails.
fn explore(without: Without) -> Result<(), String> {
    let mut world = World::new();
    for number in 0..STEPS.len().pow(LENGTH as u32) {
        let mut rest = number;
        let steps = [(); LENGTH].map(|()| {
            let step = STEPS[rest % STEPS.len()];
            rest /= STEPS.len();
            step
        });
        world.walk(&steps, without).map_err(|e| format!("{steps:?}: {e}"))?;
    }
    Ok(())
}

#[test]
fn no_reader_waits_beside_its_bytes() {
    explore(Without::Nothing).unwrap();
}

#[test]
fn each_test_is_needed() {
    let needed = [Without::AskingWhoLeaves, Without::AskingWhoWaits, Without::AskingInterrupted];
    for without in needed {
        let failed = explore(without).unwrap_err();
        assert!(failed.contains("beside"), "{failed}");
    }
}
