//! An exhaustive model of the protocol in the parent's head.
//!
//! Actors: the OS thread of one greenlet, the monitor, the carrier that the hub goes to,
//! with its word and its two sleeps in the kernel (in the pool, and on watch), and an OS
//! thread that makes somebody runnable. Each actor's program is a list of atomic steps;
//! the model walks every interleaving. The greenlet's stores pass through a store buffer that
//! may hold them back for as long as it likes (x86's order, and a superset of
//! what acquire and release give on others for these three words), until the
//! monitor's barrier empties it.
//!
//! What must hold in every state: never do two threads touch the hub's data at
//! once. What must hold at the end of every walk: nobody waits for ever.

use super::{ASKED, AWAY, HELD};
use crate::hub::carrier::turn::{ASLEEP, AWAKE, GIVEN, OFFERED, RESTS, WATCHES};
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
    /// Found AWAY: takes back what it offered, if it still can, next.
    Queue,
    /// Takes the hub if it is at rest next.
    Take,
    /// Says next that the hub does not sleep any more.
    Took,
    /// Puts itself into the queue next; rings if the hub sleeps next.
    Inject,
    Ring,
    /// Waits for the hub.
    Given,
    /// In our code with the hub: touches its data.
    Inside,
    /// Stores PROGRAM next.
    Leave,
    /// Begins a section, or leaves the hub at a hook's end: marks itself AWAY next, offers the hub next, wakes the carrier
    /// next if that was asleep.
    SectionMark,
    SectionOffer,
    SectionWake,
    /// Begins a section beside a carrier on watch: marks itself AWAY next, says that the
    /// hub sleeps next, leaves it there next, looks whether somebody came meanwhile next.
    RestMark,
    RestAnnounce,
    RestLeave,
    RestLook,
    /// The carrier has got up: undoes that next.
    RestUndo,
    Done,
}

/// Another OS thread: makes somebody runnable next, rings if the hub sleeps next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum F {
    Inject,
    Ring,
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum M {
    /// Takes the other carrier out of the pool next.
    Pick,
    /// Compare-and-swap HELD → ASKED next.
    Ask,
    Barrier,
    Look,
    Refuse,
    /// Marks AWAY, gives the hub to the other carrier next.
    Take,
    /// Wakes that carrier next.
    Wake,
    Idle,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum C {
    /// Without the hub: looks at its word next.
    Looks,
    /// Has found itself ASLEEP: calls the kernel next, which looks once more.
    Sleeps,
    /// In the kernel, until it is woken.
    InKernel,
    /// Drives the hub: touches its data.
    Drives,
    /// Has gone back to the pool: gives the hub to the greenlet's carrier next.
    Gives,
    /// Has announced that the hub sleeps: looks once more next.
    Announced,
    /// Lies down with the hub next.
    LiesDown,
    /// In the kernel, until an event or the bell.
    OnWatch,
    /// Gets up next: with the hub if it rests here.
    GetsUp,
    /// Goes to the pool next, unless the hub was left here again.
    LeavesWatch,
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
    /// The word of the greenlet's carrier: whether the hub is given to it.
    given_home: bool,
    /// The word of the other carrier, and whether a wake-up of it is on its way.
    word: u32,
    woken: bool,
    /// The other carrier is in the pool.
    idle: bool,
    /// The greenlet remembers an offer.
    offered: bool,
    f: F,
    /// What the other OS thread has put into the queue is there.
    injected: bool,
    /// The hub is said to sleep, and the bell was rung.
    sleeping: bool,
    bell: bool,
    events_left: u8,
    hooks_left: u8,
    sections_left: u8,
    asks_left: u8,
}

/// What the model must fail without.
#[derive(Clone, Copy, PartialEq)]
enum Without {
    Nothing,
    /// The monitor's barrier.
    Barrier,
    /// Going to sleep from AWAKE only: the carrier stores ASLEEP over what it may have
    /// been told since it looked.
    LastLook,
    /// Looking once more after it was announced that the hub sleeps.
    LookAfterAnnouncing,
    /// Looking whose code runs before the hub is left at a hook's end: who is unwound has
    /// stored PROGRAM before.
    OwnCode,
}

impl State {
    fn start() -> State {
        State {
            g: G::Program,
            m: M::Pick,
            c: C::Looks,
            context: PROGRAM,
            link: HELD,
            buffer: Vec::new(),
            queued: false,
            given_home: false,
            word: AWAKE,
            woken: false,
            idle: true,
            offered: false,
            f: F::Inject,
            injected: false,
            sleeping: false,
            bell: false,
            events_left: 1,
            hooks_left: 3,
            sections_left: 2,
            asks_left: 2,
        }
    }

    /// All states that one step of somebody leads to.
    fn next(&self, without: Without) -> Vec<State> {
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
                if s.offered && s.word == OFFERED {
                    s.word = AWAKE;
                    s.idle = true;
                    s.link = HELD;
                    s.g = G::Inside;
                } else {
                    s.g = G::Take;
                }
                s.offered = false;
            }),
            G::Take => step(&|s| {
                if s.word == RESTS {
                    s.word = WATCHES;
                    s.g = G::Took;
                } else {
                    s.g = G::Inject;
                }
            }),
            G::Took => step(&|s| {
                s.sleeping = false;
                s.link = HELD;
                s.g = G::Inside;
            }),
            G::Inject => step(&|s| {
                s.queued = true;
                s.g = G::Ring;
            }),
            G::Ring => step(&|s| {
                s.bell |= s.sleeping;
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
                if self.sections_left > 0 && self.idle {
                    step(&|s| {
                        s.sections_left -= 1;
                        s.idle = false;
                        s.g = G::SectionMark;
                    });
                }
                if self.sections_left > 0 && self.word == WATCHES && !self.injected {
                    step(&|s| {
                        s.sections_left -= 1;
                        s.g = G::RestMark;
                    });
                }
            }
            G::Leave => {
                step(&|s| {
                    s.buffer.push(PROGRAM);
                    s.g = G::Program;
                });
                // (To a further carrier: it goes wrong before anything is offered.)
                if without == Without::OwnCode && self.sections_left > 0 {
                    step(&|s| {
                        s.buffer.push(PROGRAM);
                        s.sections_left -= 1;
                        s.g = G::SectionMark;
                    });
                }
            }
            // `link` is stored with release order, and PROGRAM after it: the
            // buffer keeps their order, so memory sees AWAY first.
            G::SectionMark if self.link == HELD => step(&|s| {
                s.link = AWAY;
                s.buffer.push(PROGRAM);
                s.g = G::SectionOffer;
            }),
            // The monitor's request is in the way: it will be refused.
            G::SectionMark => {}
            G::SectionOffer => step(&|s| {
                s.g = if s.word == ASLEEP { G::SectionWake } else { G::Program };
                s.word = OFFERED;
                s.offered = true;
                s.hooks_left = s.hooks_left.max(1);
            }),
            G::SectionWake => step(&|s| {
                s.woken = true;
                s.g = G::Program;
            }),
            G::RestMark if self.link == HELD => step(&|s| {
                s.link = AWAY;
                s.g = G::RestAnnounce;
            }),
            G::RestMark => {}
            G::RestAnnounce => step(&|s| {
                s.sleeping = true;
                s.g = G::RestLeave;
            }),
            G::RestLeave => step(&|s| {
                if s.word == WATCHES {
                    s.word = RESTS;
                    s.g = G::RestLook;
                } else {
                    s.g = G::RestUndo;
                }
            }),
            G::RestLook => step(&|s| {
                s.bell |= s.injected && without != Without::LookAfterAnnouncing;
                s.buffer.push(PROGRAM);
                s.hooks_left = s.hooks_left.max(1);
                s.g = G::Program;
            }),
            G::RestUndo => step(&|s| {
                s.sleeping = false;
                s.link = HELD;
                s.g = G::Inside;
            }),
            G::Done => {}
        }
        match self.f {
            F::Inject => step(&|s| {
                s.injected = true;
                s.f = F::Ring;
            }),
            F::Ring => step(&|s| {
                s.bell |= s.sleeping;
                s.f = F::Done;
            }),
            F::Done => {}
        }
        match self.m {
            M::Pick if self.asks_left == 0 => step(&|s| s.m = M::Idle),
            M::Pick => step(&|s| {
                s.asks_left -= 1;
                if s.idle {
                    s.idle = false;
                    s.m = M::Ask;
                }
            }),
            M::Ask if self.link == HELD => step(&|s| {
                s.link = ASKED;
                s.m = M::Barrier;
            }),
            M::Ask => step(&|s| {
                s.idle = true;
                s.m = M::Pick;
            }),
            M::Barrier => step(&|s| {
                if without != Without::Barrier {
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
                s.idle = true;
                s.m = M::Pick;
            }),
            M::Take => step(&|s| {
                s.link = AWAY;
                s.m = if s.word == ASLEEP { M::Wake } else { M::Pick };
                s.word = GIVEN;
            }),
            M::Wake => step(&|s| {
                s.woken = true;
                s.m = M::Pick;
            }),
            M::Idle => {}
        }
        match self.c {
            C::Looks => match self.word {
                GIVEN | OFFERED => step(&|s| {
                    s.word = AWAKE;
                    s.c = C::Drives;
                }),
                AWAKE if without == Without::LastLook => step(&|s| s.c = C::Sleeps),
                AWAKE => step(&|s| s.word = ASLEEP),
                _ => step(&|s| s.c = C::Sleeps),
            },
            C::Sleeps if without == Without::LastLook && self.word != ASLEEP => {
                step(&|s| s.word = ASLEEP)
            }
            C::Sleeps if self.word != ASLEEP => step(&|s| s.c = C::Looks),
            // A wake-up before this one is one of nobody.
            C::Sleeps => step(&|s| {
                s.woken = false;
                s.c = C::InKernel;
            }),
            C::InKernel if self.woken => step(&|s| s.c = C::Looks),
            C::InKernel => {}
            C::Drives if self.queued => step(&|s| {
                s.queued = false;
                s.idle = true;
                s.c = C::Gives;
            }),
            C::Drives if self.injected => step(&|s| s.injected = false),
            C::Drives => step(&|s| {
                s.sleeping = true;
                s.c = C::Announced;
            }),
            C::Announced => step(&|s| {
                let came = s.queued || s.injected;
                if came && without != Without::LookAfterAnnouncing {
                    s.sleeping = false;
                    s.c = C::Drives;
                } else {
                    s.c = C::LiesDown;
                }
            }),
            C::LiesDown => step(&|s| {
                s.word = RESTS;
                s.c = C::OnWatch;
            }),
            C::OnWatch => {
                if self.bell {
                    step(&|s| s.c = C::GetsUp);
                }
                if self.events_left > 0 {
                    step(&|s| {
                        s.events_left -= 1;
                        s.c = C::GetsUp;
                    });
                }
            }
            C::GetsUp => step(&|s| {
                if s.word == RESTS {
                    s.word = AWAKE;
                    s.sleeping = false;
                    s.bell = false;
                    s.c = C::Drives;
                } else {
                    s.c = C::LeavesWatch;
                }
            }),
            C::LeavesWatch => step(&|s| {
                if s.word == WATCHES {
                    s.word = AWAKE;
                    s.idle = true;
                    s.c = C::Looks;
                } else {
                    s.c = C::GetsUp;
                }
            }),
            C::Gives => step(&|s| {
                s.given_home = true;
                s.c = C::Looks;
            }),
        }
        all
    }

    /// How many touch the hub's data, or are entitled to at any moment.
    fn holders(&self) -> usize {
        let greenlet = matches!(
            self.g,
            G::Inside
                | G::Leave
                | G::SectionMark
                | G::SectionOffer
                | G::Took
                | G::RestMark
                | G::RestAnnounce
                | G::RestLeave
                | G::RestUndo
        );
        let carrier = matches!(self.c, C::Drives | C::Gives | C::Announced | C::LiesDown);
        greenlet as usize
            + (self.m == M::Take) as usize
            + carrier as usize
            + matches!(self.word, GIVEN | OFFERED | RESTS) as usize
            + self.given_home as usize
    }
}

/// Walk everything; `Err` tells what is broken, and where.
fn walk(without: Without) -> Result<usize, String> {
    let mut seen = HashSet::new();
    let mut open = vec![State::start()];
    while let Some(s) = open.pop() {
        if s.holders() > 1 {
            return Err(format!("two have the hub: {s:?}"));
        }
        let next = s.next(without);
        if next.is_empty() && s.g != G::Done {
            return Err(format!("nobody can go on: {s:?}"));
        }
        // The greenlet's call may take for ever: it does not count.
        let overlooked = s.injected && !s.bell && s.word == RESTS && s.c == C::OnWatch;
        if overlooked && s.f == F::Done && s.g != G::RestLook {
            return Err(format!("the hub sleeps, and somebody is runnable: {s:?}"));
        }
        open.extend(next.into_iter().filter(|n| seen.insert(n.clone())));
    }
    Ok(seen.len())
}

#[test]
fn one_holder_at_a_time_and_nobody_waits_for_ever() {
    let states = walk(Without::Nothing).unwrap();
    assert!(states > 500, "the model walks {states} states only");
}

#[test]
fn the_model_sees_what_goes_wrong_without_the_barrier() {
    assert!(walk(Without::Barrier).unwrap_err().starts_with("two have the hub"));
}

#[test]
fn the_model_sees_who_comes_while_the_hub_goes_to_sleep() {
    let wrong = walk(Without::LookAfterAnnouncing).unwrap_err();
    assert!(wrong.starts_with("the hub sleeps"), "{wrong}");
}

#[test]
fn the_model_sees_who_leaves_the_hub_from_program_code() {
    assert!(walk(Without::OwnCode).unwrap_err().starts_with("two have the hub"));
}

#[test]
fn the_model_sees_an_offer_that_is_overlooked() {
    assert!(walk(Without::LastLook).is_err());
}
