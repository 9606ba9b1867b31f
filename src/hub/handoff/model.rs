//! An exhaustive model of the protocol in the parent's head.
//!
//! Actors: the OS thread of one greenlet, the monitor, and the carrier that the
//! hub goes to. Each actor's program is a list of atomic steps; the model walks
//! every interleaving. The greenlet's stores pass through a store buffer that
//! may hold them back for as long as it likes (x86's order, and a superset of
//! what acquire and release give on others for these three words), until the
//! monitor's barrier empties it.
//!
//! What must hold in every state: never do two threads touch the hub's data at
//! once. What must hold at the end of every walk: nobody waits for ever.

use super::{ASKED, AWAY, HELD};
use std::collections::HashSet;

const PROGRAM: u8 = 0;
const SHIM: u8 = 1;

/// Steps of the greenlet: hooks in a loop, with a section now and then.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum G {
    /// In program code; enters a hook next.
    Program,
    /// Has stored SHIM; loads the link next.
    Entered,
    /// Found ASKED: waits for the verdict.
    Verdict,
    /// Found AWAY: puts itself into the queue next.
    Queue,
    /// Waits for the hub.
    Given,
    /// In our code with the hub: touches its data.
    Inside,
    /// Stores PROGRAM next.
    Leave,
    /// Begins a section: marks itself AWAY next, gives the hub next.
    SectionMark,
    SectionGive,
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum M {
    /// Compare-and-swap HELD → ASKED next.
    Ask,
    Barrier,
    Look,
    Refuse,
    /// Marks AWAY, gives the hub to the other carrier next.
    Take,
    Idle,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum C {
    /// The other carrier waits for the hub.
    Waits,
    /// Drives it: touches its data.
    Drives,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    g: G,
    m: M,
    c: C,
    /// As memory has it.
    context: u8,
    link: u32,
    /// The greenlet's buffered stores to `context`, oldest first.
    buffer: Vec<u8>,
    queued: bool,
    /// Hub words of the two carriers.
    given_home: bool,
    given_other: bool,
    hooks_left: u8,
    sections_left: u8,
    asks_left: u8,
}

/// Whether the protocol's barrier is there (the model must fail without).
#[derive(Clone, Copy, PartialEq)]
enum Barrier {
    Real,
    Missing,
}

impl State {
    fn start() -> State {
        State {
            g: G::Program,
            m: M::Ask,
            c: C::Waits,
            context: PROGRAM,
            link: HELD,
            buffer: Vec::new(),
            queued: false,
            given_home: false,
            given_other: false,
            hooks_left: 3,
            sections_left: 1,
            asks_left: 2,
        }
    }

    /// All states that one step of somebody leads to.
    fn next(&self, barrier: Barrier) -> Vec<State> {
        let mut all = Vec::new();
        let mut step = |f: &dyn Fn(&mut State)| {
            let mut s = self.clone();
            f(&mut s);
            all.push(s);
        };
        // The processor writes the oldest buffered store back.
        if !self.buffer.is_empty() {
            step(&|s| s.context = s.buffer.remove(0));
        }
        match self.g {
            G::Program if self.hooks_left == 0 => step(&|s| s.g = G::Done),
            G::Program => step(&|s| {
                s.hooks_left -= 1;
                s.buffer.push(SHIM);
                s.g = G::Entered;
            }),
            G::Entered | G::Verdict => match self.link {
                HELD => step(&|s| s.g = G::Inside),
                AWAY => step(&|s| s.g = G::Queue),
                ASKED if self.g == G::Entered => {
                    // Waiting is a system call: the buffer is empty after it.
                    step(&|s| {
                        if let Some(last) = s.buffer.pop() {
                            s.context = last;
                        }
                        s.buffer.clear();
                        s.g = G::Verdict;
                    })
                }
                _ => {}
            },
            // A locked instruction.
            G::Queue => step(&|s| {
                if let Some(last) = s.buffer.pop() {
                    s.context = last;
                }
                s.buffer.clear();
                s.queued = true;
                s.g = G::Given;
            }),
            G::Given if self.given_home => step(&|s| {
                s.given_home = false;
                s.link = HELD;
                s.g = G::Inside;
            }),
            G::Given => {}
            G::Inside => {
                step(&|s| s.g = G::Leave);
                if self.sections_left > 0 {
                    step(&|s| {
                        s.sections_left -= 1;
                        s.g = G::SectionMark;
                    });
                }
            }
            G::Leave => step(&|s| {
                s.buffer.push(PROGRAM);
                s.g = G::Program;
            }),
            // `link` is stored with release order, and PROGRAM after it: the
            // buffer keeps their order, so memory sees AWAY first.
            G::SectionMark if self.link == HELD => step(&|s| {
                s.link = AWAY;
                s.buffer.push(PROGRAM);
                s.g = G::SectionGive;
            }),
            // The monitor's request is in the way: it will be refused.
            G::SectionMark => {}
            G::SectionGive => step(&|s| {
                s.given_other = true;
                s.g = G::Program;
                s.hooks_left = s.hooks_left.max(1);
            }),
            G::Done => {}
        }
        match self.m {
            M::Ask if self.asks_left == 0 => step(&|s| s.m = M::Idle),
            M::Ask if self.link == HELD => step(&|s| {
                s.asks_left -= 1;
                s.link = ASKED;
                s.m = M::Barrier;
            }),
            M::Ask => step(&|s| s.asks_left -= 1),
            M::Barrier => step(&|s| {
                if barrier == Barrier::Real {
                    if let Some(last) = s.buffer.pop() {
                        s.context = last;
                    }
                    s.buffer.clear();
                }
                s.m = M::Look;
            }),
            M::Look => step(&|s| s.m = if s.context == PROGRAM { M::Take } else { M::Refuse }),
            M::Refuse => step(&|s| {
                s.link = HELD;
                s.m = M::Ask;
            }),
            M::Take => step(&|s| {
                s.link = AWAY;
                s.given_other = true;
                s.m = M::Ask;
            }),
            M::Idle => {}
        }
        match self.c {
            C::Waits if self.given_other => step(&|s| {
                s.given_other = false;
                s.c = C::Drives;
            }),
            C::Waits => {}
            C::Drives if self.queued => step(&|s| {
                s.queued = false;
                s.given_home = true;
                s.c = C::Waits;
            }),
            C::Drives => {}
        }
        all
    }

    /// How many touch the hub's data, or are entitled to at any moment.
    fn holders(&self) -> usize {
        let greenlet = matches!(self.g, G::Inside | G::Leave | G::SectionMark | G::SectionGive);
        let monitor = self.m == M::Take;
        greenlet as usize
            + monitor as usize
            + (self.c == C::Drives) as usize
            + self.given_other as usize
            + self.given_home as usize
            - (self.g == G::SectionGive && self.given_other) as usize
    }
}

/// Walk everything; `Err` tells what is broken, and where.
fn walk(barrier: Barrier) -> Result<usize, String> {
    let mut seen = HashSet::new();
    let mut open = vec![State::start()];
    while let Some(s) = open.pop() {
        if s.holders() > 1 {
            return Err(format!("two have the hub: {s:?}"));
        }
        let next = s.next(barrier);
        if next.is_empty() && s.g != G::Done {
            return Err(format!("nobody can go on: {s:?}"));
        }
        open.extend(next.into_iter().filter(|n| seen.insert(n.clone())));
    }
    Ok(seen.len())
}

#[test]
fn one_holder_at_a_time_and_nobody_waits_for_ever() {
    let states = walk(Barrier::Real).unwrap();
    assert!(states > 500, "the model walks {states} states only");
}

#[test]
fn the_model_sees_what_goes_wrong_without_the_barrier() {
    assert!(walk(Barrier::Missing).unwrap_err().starts_with("two have the hub"));
}
