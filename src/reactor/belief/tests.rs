//! One belief, step by step.

use super::super::{FdWaiter, Reactor, READ};
use super::Cycle;
use crate::greenlet::Greenlet;
use crate::run_queue::RunQueue;
use crate::wait::{Reason, Wake};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

/// A reactor that knows of one end of a socket, a greenlet, and both ends.
pub(super) fn registered() -> (Reactor, &'static Greenlet, UnixStream, UnixStream) {
    let (near, far) = UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let mut reactor = Reactor::new().unwrap();
    reactor.register(near.as_raw_fd(), READ).unwrap();
    (reactor, Box::leak(Box::new(Greenlet::new())), near, far)
}

/// A reactor, a reader of one byte at a time with the habit of one read a wait, and its
/// other end.
struct Stage {
    reactor: Reactor,
    run: RunQueue,
    greenlet: &'static Greenlet,
    near: UnixStream,
    far: UnixStream,
}

impl Stage {
    fn new() -> Self {
        let (reactor, greenlet, near, far) = registered();
        let mut stage = Stage { reactor, run: RunQueue::new(), greenlet, near, far };
        for _ in 0..3 {
            stage.look();
            stage.one_read();
            assert!(!stage.reactor.believes_drained(stage.fd()));
            stage.reactor.table.read_in_vain(stage.fd());
        }
        stage.one_read();
        stage
    }

    fn fd(&self) -> i32 {
        self.near.as_raw_fd()
    }

    fn send(&mut self, bytes: usize) {
        self.far.write_all(&[1; 8][..bytes]).unwrap();
    }

    /// A byte comes, the event is seen, and the byte is read.
    fn one_read(&mut self) {
        self.send(1);
        self.look();
        self.read();
    }

    fn read(&mut self) {
        self.near.read_exact(&mut [0]).unwrap();
        self.reactor.table.has_read(self.fd());
    }

    fn look(&mut self) {
        self.reactor.poll(0, &self.run).unwrap();
    }

    fn ready(&self) -> bool {
        self.reactor.table.may_be_ready(self.fd(), READ)
    }

    fn believed(&self) -> bool {
        self.reactor.table.is_believed_drained(self.fd())
    }

    /// What happens while the reader waits; whether it was woken.
    fn while_it_waits(&mut self, what: impl FnOnce(&mut Self)) -> bool {
        let waiter = FdWaiter::exclusive(self.greenlet, self.fd(), READ);
        // SAFETY: it stays where it is until it is unlinked.
        unsafe { self.reactor.link(&waiter) }.unwrap();
        self.greenlet.begin_wait(Reason::Read(self.fd()));
        what(self);
        self.reactor.unlink(&waiter);
        self.greenlet.cancel_wait();
        self.run.pop().is_some()
    }
}

#[test]
fn a_habit_is_learnt_and_forgotten() {
    let mut cycle = Cycle::new();
    let reads = |cycle: &mut Cycle, count| (0..count).for_each(|_| cycle.has_read());
    for _ in 0..3 {
        reads(&mut cycle, 2);
        assert!(!cycle.is_over());
        cycle.ended();
    }
    reads(&mut cycle, 1);
    assert!(!cycle.is_over());
    reads(&mut cycle, 1);
    assert!(cycle.is_over());
    cycle.believed();
    reads(&mut cycle, 2);
    assert!(cycle.is_over());
    reads(&mut cycle, 1);
    assert!(!cycle.is_over());
    cycle.ended();
    reads(&mut cycle, 3);
    assert!(!cycle.is_over());
    // Who never reads between two waits has no habit.
    let mut cycle = Cycle::new();
    (0..9).for_each(|_| cycle.ended());
    assert!(!cycle.is_over());
}

#[test]
fn believed_and_so_it_is() {
    let mut s = Stage::new();
    assert!(s.ready());
    assert!(s.reactor.believes_drained(s.fd()));
    assert!(!s.ready() && s.believed() && s.reactor.has_beliefs());
    let woken = s.while_it_waits(Stage::look);
    assert!(!woken && !s.ready() && !s.believed() && !s.reactor.has_beliefs());
    // It is drained now: an edge tells what comes.
    let woken = s.while_it_waits(|s| {
        s.send(1);
        s.look();
    });
    assert!(woken && s.ready() && !s.believed());
}

#[test]
fn believed_though_more_is_there() {
    let mut s = Stage::new();
    // Two for one event; it was seen before the first was read.
    s.look();
    s.send(2);
    s.look();
    s.reactor.table.read_in_vain(s.fd());
    s.read();
    assert!(s.reactor.believes_drained(s.fd()));
    let woken = s.while_it_waits(Stage::look);
    assert!(woken && s.ready() && !s.believed() && !s.reactor.has_beliefs());
    // Not believed again before it is learnt again.
    s.read();
    assert!(!s.reactor.believes_drained(s.fd()));
}

#[test]
fn an_event_or_a_hint_comes_first() {
    for hinted in [false, true] {
        let mut s = Stage::new();
        assert!(s.reactor.believes_drained(s.fd()));
        let woken = s.while_it_waits(|s| {
            s.send(1);
            match hinted {
                true => s.reactor.table.hint(s.fd(), READ, &s.run),
                false => s.look(),
            }
        });
        assert!(woken && s.ready() && !s.believed());
        // It was seen to be there.
        assert!(!s.reactor.believes_drained(s.fd()));
    }
}

#[test]
fn who_is_interrupted_has_asked() {
    for came in [false, true] {
        let mut s = Stage::new();
        if came {
            s.send(1);
        }
        assert!(s.reactor.believes_drained(s.fd()));
        let waiter = FdWaiter::exclusive(s.greenlet, s.fd(), READ);
        // SAFETY: as above.
        unsafe { s.reactor.link(&waiter) }.unwrap();
        s.greenlet.begin_wait(Reason::Read(s.fd()));
        assert!(s.greenlet.claim(Wake::Interrupted));
        s.reactor.interrupted(&waiter, &s.run);
        s.reactor.unlink(&waiter);
        s.greenlet.end_wait();
        assert_eq!((waiter.came_first(), s.ready(), s.believed()), (came, came, false));
        assert!(s.run.is_empty() && !s.reactor.has_beliefs());
    }
}

#[test]
fn the_hub_is_left_with_one_who_waits_already() {
    let mut s = Stage::new();
    s.send(1);
    assert!(s.reactor.believes_drained(s.fd()));
    assert!(s.while_it_waits(|s| s.reactor.settle_all(&s.run)));
    assert!(s.ready() && !s.reactor.has_beliefs());
}

#[test]
fn nobody_waits_any_longer() {
    let mut s = Stage::new();
    assert!(s.reactor.believes_drained(s.fd()));
    s.look();
    assert!(s.ready() && !s.believed() && !s.reactor.has_beliefs());
}

#[test]
fn an_attempt_or_a_new_life_ends_it() {
    let mut s = Stage::new();
    assert!(s.reactor.believes_drained(s.fd()));
    s.reactor.table.drained(s.fd(), READ);
    assert!(!s.believed());
    assert!(!s.while_it_waits(Stage::look) && !s.ready());
    let mut s = Stage::new();
    assert!(s.reactor.believes_drained(s.fd()));
    s.reactor.forget(s.fd(), &s.run);
    assert!(!s.believed());
    s.reactor.register(s.fd(), READ).unwrap();
    s.look();
    assert!(!s.ready() && !s.reactor.has_beliefs());
}

#[test]
fn while_rounds_are_full_it_waits_until_the_list_has_gone_round() {
    let mut s = Stage::new();
    assert!(s.reactor.believes_drained(s.fd()));
    s.send(1);
    let woken = s.while_it_waits(|s| {
        let mut look = super::super::Look { ahead: 0 };
        for _ in 0..2 {
            s.reactor.beliefs.next_round();
            s.reactor.settle(false, &mut look, &s.run);
            assert!(s.believed() && s.run.is_empty());
        }
        s.reactor.beliefs.next_round();
        s.reactor.settle(false, &mut look, &s.run);
    });
    assert!(woken && s.ready() && !s.reactor.has_beliefs());
}
