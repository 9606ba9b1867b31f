//! What is told of each greenlet: taken while the hub is at rest, written as
//! JSON afterwards.

use super::json::Object;
use super::past::Past;
use super::{descriptors, epoll_set, memory};
use crate::arch::Saved;
use crate::greenlet::{fd_of, lock_of, Detail, Greenlet, Phase};
use crate::hub::lend::{self, Lent};
use crate::hub::{self, preempt, standing, task};
use crate::observe::{live, why};
use crate::reactor::READ;
use crate::time::{self, MILLISECOND, NEVER};
use crate::unit::Stack;
use crate::wait::Reason;
use std::collections::BTreeMap;

/// How long the hub is waited for.
const PATIENCE: u64 = 2000 * MILLISECOND;
/// Bytes of stack that are taken of one greenlet, at most.
const MOST_STACK: usize = 256 * 1024;
/// Bytes of stacks, and greenlets, that are taken in one go: the hub rests
/// meanwhile, for less than a millisecond.
const BYTES_AT_ONCE: usize = 256 * 1024;
const ROWS_AT_ONCE: usize = 2048;

/// What a greenlet is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs program code and has the hub.
    Runs,
    /// It computes on an OS thread of its own, or is blocked there where no hook is: [`Past`]
    /// tells.
    Computes,
    /// It is in a blocking section, or where no hook is.
    Blocked,
    /// It is in the run queue.
    Runnable,
    /// It waits.
    Waits,
    /// It has ended and was not joined.
    Ended,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Runs => "runs",
            State::Computes => "computes",
            State::Blocked => "blocked",
            State::Runnable => "runnable",
            State::Waits => "waits",
            State::Ended => "ended",
        }
    }
}

/// One greenlet, and a thread id that tells whether it still is that one.
#[derive(Clone, Copy)]
pub struct Named(pub &'static Greenlet, pub u32, pub Doing);

/// What it was doing when it was counted, roughly.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Something.
    Something,
    /// It waits, or has ended.
    Nothing,
}

/// A greenlet as it was at one moment.
pub struct Row {
    /// Its thread id.
    pub id: u32,
    /// What it waits for.
    pub reason: Reason,
    /// Its wait ends by itself.
    pub timed: bool,
    /// The thread that holds what it waits for; 0: none, or not known.
    pub owner: u32,
    /// The lock itself says so: no account that may have missed something.
    pub certain: bool,
    state: State,
    /// It is in program code: what it is blocked in, no hook has seen.
    in_program: bool,
    /// What it has computed since the hub was taken off it.
    computed: Option<u64>,
    name: [u8; 16],
    detail: Option<Detail>,
    now: u64,
    since: u64,
    deadline: Option<u64>,
    switches: u64,
    processor: u64,
    stack: Stack,
    saved: Option<Saved>,
    tid: u32,
    creator: u32,
    made_at: Vec<usize>,
    taken: Option<live::Taken>,
    entry: usize,
    standing: u32,
    /// Of one that polls: descriptors and directions.
    polled: Vec<(i32, u8)>,
    bytes: Vec<u8>,
}

/// Descriptors that are told of one who polls, at most.
const MOST_POLLED: usize = 8;

impl Row {
    /// What is known of `g`.
    fn take(lent: &Lent, g: &'static Greenlet, now: u64) -> Row {
        let (reason, away) = (g.reason(), hub::off_hub(g));
        let in_program = !g.in_shim();
        let state = match (g.phase(), away) {
            (Phase::Ended | Phase::Free, _) => State::Ended,
            // It has computed, and queues for the hub.
            (_, Some(_)) if reason == Reason::None && !in_program => State::Runnable,
            (_, Some(_)) if reason == Reason::None => State::Computes,
            (_, Some(_)) => State::Blocked,
            _ if lent.runs(g) => State::Runs,
            _ if g.is_waiting() => State::Waits,
            _ => State::Runnable,
        };
        let waits = state == State::Waits;
        let deadline = if waits { lent.deadline_of(g) } else { None };
        let tid = match (away, state) {
            (Some(tid), _) => tid,
            (_, State::Runs) => hub::carrier().map_or(0, |c| c.tid()),
            _ => 0,
        };
        let owner = if waits { hub::owner_of(reason) } else { 0 };
        let (why, word) = why::of(reason);
        let taken = match waits && why.has_holder() {
            true => live::taken(word as usize, owner),
            false => None,
        };
        Row {
            id: g.id(),
            reason: if waits || state == State::Blocked { reason } else { Reason::None },
            timed: deadline.is_some(),
            certain: owner != 0,
            owner: taken.as_ref().map_or(owner, |t| t.by),
            state,
            in_program,
            computed: g.computed_off_hub(),
            name: g.name(),
            detail: g.detail(),
            now,
            since: g.since.get(),
            deadline,
            switches: g.switches.get(),
            processor: g.processor_time(),
            stack: g.stack(),
            saved: if state == State::Ended { None } else { lent.saved(g) },
            tid,
            standing: g.standing.get(),
            creator: g.parent.get(),
            made_at: live::made_at(g),
            taken,
            entry: g.routine(),
            polled: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// The end of its stack; of the root, whose end is not known, far away.
    fn base(&self) -> usize {
        if self.stack == Stack::NONE {
            usize::MAX
        } else {
            self.stack.base
        }
    }

    /// Its name, without the zeroes.
    pub fn name(&self) -> &[u8] {
        let end = self.name.iter().position(|&b| b == 0).unwrap_or(self.name.len());
        &self.name[..end]
    }

    /// What it does, in words.
    pub fn doing(&self) -> String {
        match self.state {
            State::Waits => format!("waits for {}", self.reason),
            State::Blocked => format!("is blocked in {}", self.reason),
            State::Runnable => "is runnable".to_owned(),
            state => match self.past() {
                Some(past) => format!("is blocked in {past}"),
                None => state.name().to_owned(),
            },
        }
    }

    /// What its program code is blocked in, past the library. It may have gone on meanwhile.
    fn past(&self) -> Option<Past> {
        let runs = matches!(self.state, State::Computes | State::Runs);
        (runs && self.in_program && self.tid != 0).then(|| Past::of(self.tid)).flatten()
    }

    /// Copy its stack, at rest.
    fn take_stack(&mut self) {
        if let Some(saved) = self.saved {
            let most = (self.base() - saved.sp).min(MOST_STACK);
            memory::read(saved.sp, most, &mut self.bytes);
        }
    }

    /// What it has on an OS thread of its own: where it blocks, or a sample of where
    /// it computes.
    fn off_hub_stack(&mut self, object: &mut Object) {
        if let Some(task::Blocked { sp, pc, .. }) = task::blocked(self.tid) {
            let most = self.base().saturating_sub(sp).min(MOST_STACK);
            memory::read(sp, most, &mut self.bytes);
            // A frame pointer is not told; unwinders do without it mostly.
            self.saved = Some(Saved { pc, sp, fp: 0, bx: 0 });
        } else if let Some(trace) = preempt::sample(self.tid) {
            object.list("trace", trace.iter().map(|at| format!("\"{at:#x}\"")));
        }
    }

    /// Write it down. Not while the hub rests.
    pub fn write(mut self, text: &mut String, stacks: bool) {
        let mut line = Object::new(text);
        let mut object = line.object("greenlet");
        let past = self.past();
        if past.is_some() {
            self.state = State::Blocked;
        }
        object.plain("id", self.id).text("name", self.name());
        object.text("state", self.state.name().as_bytes());
        if self.since != 0 {
            object.plain("for_ns", self.now.saturating_sub(self.since));
        }
        if let Some(deadline) = self.deadline.filter(|&d| d != NEVER) {
            object.plain("left_ns", deadline.saturating_sub(self.now));
        }
        object.plain("switches", self.switches).plain("cpu_ns", self.processor);
        if self.reason != Reason::None {
            self.reason(&mut object);
        } else if let Some(past) = past {
            past.tell(&mut object);
            if let Some(computed) = self.computed {
                object.plain("computed_ns", computed);
            }
        }
        if self.creator != 0 {
            object.plain("creator", self.creator);
        }
        if !self.made_at.is_empty() {
            object.list("made_at", addresses(&self.made_at));
        }
        if let Some(taken) = &self.taken {
            object.plain("taken_ns", taken.ago).list("taken_at", addresses(&taken.at));
        }
        if self.entry != 0 {
            object.address("entry", self.entry);
        }
        if self.tid != 0 {
            object.plain("tid", self.tid);
        }
        if self.standing != standing::BASE {
            object.plain("standing", self.standing);
        }
        if self.stack != Stack::NONE {
            object.plain("stack_size", self.stack.base - self.stack.limit);
        }
        if let Some(saved) = self.saved.filter(|s| s.sp < self.stack.base) {
            object.plain("stack_used", self.stack.base - saved.sp);
        }
        if stacks && self.tid != 0 {
            self.off_hub_stack(&mut object);
        }
        if let (true, Some(s)) = (stacks, self.saved) {
            object.address("pc", s.pc).address("sp", s.sp).address("fp", s.fp);
            object.address("bx", s.bx).bytes("stack", &self.bytes);
        }
        drop(object);
        drop(line);
        text.push('\n');
    }

    fn reason(&self, object: &mut Object) {
        let mut o = object.object("reason");
        let mut of = |kind: &str| {
            o.text("kind", kind.as_bytes());
        };
        match self.reason {
            Reason::None => {}
            Reason::Yield => of("yield"),
            Reason::Sleep => of("sleep"),
            Reason::Read(_) => of("read"),
            Reason::Write(_) => of("write"),
            Reason::Accept(_) => of("accept"),
            Reason::Connect(_) => of("connect"),
            Reason::Poll(_) => of("poll"),
            Reason::Epoll(_) => of("epoll"),
            Reason::Mutex(..) => of("mutex"),
            Reason::Condition(_) => of("condition"),
            Reason::RwLockRead(_) => of("read lock"),
            Reason::RwLockWrite(_) => of("write lock"),
            Reason::Barrier(_) => of("barrier"),
            Reason::Semaphore(_) => of("semaphore"),
            Reason::Once(_) => of("once"),
            Reason::Futex(_) => of("futex"),
            Reason::Join(_) => of("join"),
            Reason::Child(_) => of("child"),
            Reason::Signal => of("signal"),
            Reason::Last => of("last"),
            Reason::Retry(_) => of("retry"),
            Reason::Section(_) => of("section"),
            Reason::Api(_) => of("api"),
            // Later ones are told by their words.
            #[allow(unreachable_patterns)]
            _ => of("other"),
        }
        // Whatever it is, these words say it.
        o.text("words", self.reason.to_string().as_bytes());
        match self.reason {
            Reason::Read(fd) | Reason::Write(fd) | Reason::Accept(fd) | Reason::Connect(fd) => {
                o.plain("fd", fd);
                descriptors::describe(fd, &mut o);
            }
            Reason::Epoll(fd) => {
                o.plain("fd", fd);
                if let Some(set) = epoll_set::read(fd) {
                    o.plain("fds", set.all);
                    let members = set.members.iter().map(|m| {
                        descriptor(m.fd, m.writes(), |about| {
                            if m.is_disarmed() {
                                about.plain("disarmed", true);
                            }
                            descriptors::describe_file(m.fd, m.inode, about);
                        })
                    });
                    o.list("polled", members);
                }
            }
            Reason::Poll(n) => {
                o.plain("fds", n);
                let polled = self.polled.iter().map(|&(fd, directions)| {
                    let writes = directions & READ == 0;
                    descriptor(fd, writes, |about| descriptors::describe(fd, about))
                });
                o.list("polled", polled);
            }
            Reason::Mutex(at, _)
            | Reason::Condition(at)
            | Reason::RwLockRead(at)
            | Reason::RwLockWrite(at)
            | Reason::Barrier(at)
            | Reason::Semaphore(at)
            | Reason::Once(at)
            | Reason::Futex(at) => {
                o.address("address", at);
            }
            Reason::Join(id) => {
                o.plain("thread", id);
            }
            Reason::Child(pid) => {
                o.plain("pid", pid);
            }
            _ => {}
        }
        if self.owner != 0 {
            o.plain("owner", self.owner);
        }
        let fd = self.detail.and_then(|d| fd_of(&d));
        if let Some(fd) = fd {
            o.plain("fd", fd);
            descriptors::describe(fd, &mut o);
        } else if let Some(address) = self.detail.and_then(|d| lock_of(&d)) {
            o.address("address", address);
            if let Some(holder) = holder(self.reason, address) {
                o.plain("holder", holder);
            }
        } else if let Some(detail) = self.detail {
            let end = detail.iter().position(|&b| b == 0).unwrap_or(detail.len());
            o.text("of", &detail[..end]);
        }
    }
}

/// Who holds the mutex of libc's at `address`, by the thread id in it: mostly another process's.
fn holder(reason: Reason, address: usize) -> Option<u32> {
    /// Where glibc keeps it: `__data.__owner`.
    const OWNER: usize = 8;
    if reason != Reason::Section("process-shared mutex") {
        return None;
    }
    let mut bytes = Vec::new();
    memory::read(address + OWNER, 4, &mut bytes);
    let id = u32::from_ne_bytes(bytes.try_into().ok()?);
    (id != 0).then_some(id)
}

/// One of several descriptors that are waited for.
fn descriptor(fd: i32, writes: bool, describe: impl FnOnce(&mut Object)) -> String {
    let mut text = String::new();
    let mut about = Object::new(&mut text);
    about.plain("fd", fd).plain("write", writes);
    describe(&mut about);
    drop(about);
    text
}

fn addresses(all: &[usize]) -> impl Iterator<Item = String> + '_ {
    all.iter().map(|at| format!("\"{at:#x}\""))
}

/// All greenlets, newest first, `most` at most; and how many there are.
pub fn names(most: usize) -> Option<(Vec<Named>, usize)> {
    let mut names = Vec::with_capacity(most.min(hub::live() as usize + 64));
    let mut all = 0;
    lend::borrow(PATIENCE, |lent| {
        lent.for_each(|g| {
            all += 1;
            if names.len() < most {
                let idle = g.is_waiting() || g.phase() == Phase::Ended;
                names.push(Named(g, g.id(), if idle { Doing::Nothing } else { Doing::Something }));
            }
        });
    })?;
    Some((names, all))
}

/// Take the next of `names`, as many as can be taken in one go. `None`: the hub
/// could not be had.
pub fn next(names: &mut &[Named], stacks: bool) -> Option<Vec<Row>> {
    let mut rows = Vec::with_capacity(names.len().min(ROWS_AT_ONCE));
    lend::borrow(PATIENCE, |lent| {
        let (now, mut bytes) = (time::now(), 0);
        while let Some((&Named(g, id, _), rest)) = names.split_first() {
            if rows.len() == ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE {
                break;
            }
            *names = rest;
            // It may have ended, and its memory have become another's.
            if g.id() != id || g.phase() == Phase::Free {
                continue;
            }
            let mut row = Row::take(lent, g, now);
            if stacks {
                row.take_stack();
            }
            bytes += row.bytes.len();
            rows.push(row);
        }
        let mut polling: BTreeMap<u32, &mut Row> = rows
            .iter_mut()
            .filter(|r| matches!(r.reason, Reason::Poll(_)))
            .map(|r| (r.id, r))
            .collect();
        if !polling.is_empty() {
            hub::with_reactor(|r, _| {
                r.table.each_waiter(|g, fd, directions| {
                    if let Some(row) = polling.get_mut(&g.id()) {
                        if row.polled.len() < MOST_POLLED {
                            row.polled.push((fd, directions));
                        }
                    }
                });
            });
        }
    })?;
    Some(rows)
}
