//! Queue, Semaphore, Pool and Event against reference models: random sequences
//! of operations, each on a greenlet of its own; after each one, whatever can
//! run has run, and what has happened must be what the model says. And what must
//! hold whatever happens when, among greenlets and OS threads.

use crate::case::{case, Case};
use geventrs::event::Event;
use geventrs::lock::Semaphore;
use geventrs::pool::Pool;
use geventrs::queue::{
    Channel, GetError, LifoQueue, Order, OrderedQueue, PriorityQueue, PutError, Queue,
};
use geventrs::timeout::with_timeout;
use geventrs::Greenlet;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const CASES: &[Case] = &[
    case("queue", || queue(Discipline::Fifo)),
    case("lifo_queue", || queue(Discipline::Lifo)),
    case("priority_queue", || queue(Discipline::Priority)),
    case("channel", channel),
    case("semaphore", semaphore),
    case("event", event),
    case("pool", pool),
    case("queue_of_those_who_compute", || computing(|| queue(Discipline::Fifo))),
    case("priority_queue_of_those_who_compute", || computing(|| queue(Discipline::Priority))),
    case("channel_of_those_who_compute", || computing(channel)),
    case("semaphore_of_those_who_compute", || computing(semaphore)),
    case("event_of_those_who_compute", || computing(event)),
    case("pool_of_those_who_compute", || computing(pool)),
    case("units_are_conserved_among_threads_kills_and_time_outs", units_conserved),
    case("items_are_conserved_among_threads_kills_and_time_outs", items_conserved),
];

/// How long each greenlet computes before its operation, and after it, in milliseconds.
/// Then it leaves the hub by itself.
static COMPUTES: AtomicU64 = AtomicU64::new(0);

/// A case in which greenlets compute.
fn computing(case: fn()) {
    COMPUTES.store(2, Ordering::Relaxed);
    case();
}

fn compute() {
    crate::computing::compute(Duration::from_millis(COMPUTES.load(Ordering::Relaxed)));
}

/// Run `test` on many sequences of operations; a failing one is made minimal
/// and printed.
fn check<S: Strategy>(input: S, test: impl Fn(S::Value))
where
    S::Value: Debug,
{
    let cases = if COMPUTES.load(Ordering::Relaxed) == 0 { 400 } else { 25 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    // The hub is this OS thread's, so the shrinking must be, too.
    let result = runner.run(&input, |value| {
        test(value);
        Ok(())
    });
    if let Err(e) = result {
        panic!("{e}");
    }
}

/// What the greenlets have done, by their numbers, since it was last asked.
#[derive(Clone)]
struct Outcomes<T>(Arc<Mutex<BTreeMap<usize, T>>>);

/// Greenlets that do one operation each.
struct Actors<T> {
    outcomes: Outcomes<T>,
    all: Vec<Greenlet<()>>,
}

impl<T: Send + 'static> Actors<T> {
    fn new() -> Self {
        Actors { outcomes: Outcomes(Arc::default()), all: vec![] }
    }

    fn act(&mut self, f: impl FnOnce() -> T + Send + 'static) {
        let (number, outcomes) = (self.all.len(), self.outcomes.0.clone());
        self.all.push(geventrs::spawn(move || {
            compute();
            let outcome = f();
            compute();
            outcomes.lock().unwrap().insert(number, outcome);
        }));
    }

    /// Let everything happen that can, and tell what has.
    fn settle(&self) -> BTreeMap<usize, T> {
        geventrs::idle();
        std::mem::take(&mut self.outcomes.0.lock().unwrap())
    }

    fn kill(&self, number: usize) {
        assert!(self.all[number].kill(None));
    }
}

impl<T> Drop for Actors<T> {
    fn drop(&mut self) {
        geventrs::killall(&self.all, None);
    }
}

/// The one that an index means, of those there are.
fn choose<T: Copy>(all: impl IntoIterator<Item = T>, index: prop::sample::Index) -> Option<T> {
    let all: Vec<T> = all.into_iter().collect();
    (!all.is_empty()).then(|| *index.get(&all))
}

// ---- queues ----

#[derive(Clone, Debug)]
enum QueueOp {
    Put(u8),
    PutNowait(u8),
    /// With a time-out of zero.
    PutTimeout(u8),
    Get,
    GetNowait,
    GetTimeout,
    Peek,
    TaskDone,
    Join,
    /// Kill one of those that wait.
    Kill(prop::sample::Index),
    Shutdown(bool),
}

fn queue_op() -> impl Strategy<Value = QueueOp> {
    prop_oneof![
        6 => any::<u8>().prop_map(QueueOp::Put),
        2 => any::<u8>().prop_map(QueueOp::PutNowait),
        1 => any::<u8>().prop_map(QueueOp::PutTimeout),
        6 => Just(QueueOp::Get),
        2 => Just(QueueOp::GetNowait),
        1 => Just(QueueOp::GetTimeout),
        2 => Just(QueueOp::Peek),
        3 => Just(QueueOp::TaskDone),
        1 => Just(QueueOp::Join),
        2 => any::<prop::sample::Index>().prop_map(QueueOp::Kill),
        1 => any::<bool>().prop_map(QueueOp::Shutdown),
    ]
}

#[derive(Clone, Debug, PartialEq)]
enum Did {
    Put(Result<(), PutError<u8>>),
    Got(Result<u8, GetError>),
    Peeked(Result<u8, GetError>),
    TaskDone(bool),
    Joined,
    Shutdown,
}

#[derive(Clone, Copy, Debug)]
enum Discipline {
    Fifo,
    Lifo,
    Priority,
}

/// A queue as its documentation describes it.
struct QueueModel {
    discipline: Discipline,
    most: usize,
    items: Vec<u8>,
    putters: VecDeque<(usize, u8)>,
    getters: VecDeque<usize>,
    peekers: Vec<usize>,
    joiners: Vec<usize>,
    unfinished: usize,
    shut_down: bool,
}

impl QueueModel {
    fn at(&self) -> Option<usize> {
        match self.discipline {
            Discipline::Fifo => (!self.items.is_empty()).then_some(0),
            Discipline::Lifo => self.items.len().checked_sub(1),
            Discipline::Priority => (0..self.items.len()).min_by_key(|&i| self.items[i]),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.at().map(|i| self.items[i]).or(self.putters.front().map(|p| p.1))
    }

    fn waits(&self) -> Vec<usize> {
        let putters = self.putters.iter().map(|p| p.0);
        putters.chain(self.getters.iter().copied()).chain(self.peekers.iter().copied()).collect()
    }

    /// Do what can be done, until nothing can.
    fn settle(&mut self, done: &mut BTreeMap<usize, Did>) {
        loop {
            if !self.getters.is_empty() {
                if let Some(at) = self.at() {
                    let getter = self.getters.pop_front().unwrap();
                    done.insert(getter, Did::Got(Ok(self.items.remove(at))));
                    continue;
                }
                if let Some((putter, item)) = self.putters.pop_front() {
                    let getter = self.getters.pop_front().unwrap();
                    self.unfinished += 1;
                    done.insert(putter, Did::Put(Ok(())));
                    done.insert(getter, Did::Got(Ok(item)));
                    continue;
                }
            }
            if self.items.len() < self.most {
                if let Some((putter, item)) = self.putters.pop_front() {
                    self.unfinished += 1;
                    self.items.push(item);
                    done.insert(putter, Did::Put(Ok(())));
                    continue;
                }
            }
            break;
        }
        if let Some(item) = self.peek() {
            for peeker in self.peekers.drain(..) {
                done.insert(peeker, Did::Peeked(Ok(item)));
            }
        }
        if self.unfinished == 0 {
            for joiner in self.joiners.drain(..) {
                done.insert(joiner, Did::Joined);
            }
        }
    }

    fn apply(&mut self, me: usize, op: &QueueOp) -> BTreeMap<usize, Did> {
        let mut done = BTreeMap::new();
        match *op {
            QueueOp::Put(v) | QueueOp::PutNowait(v) | QueueOp::PutTimeout(v) if self.shut_down => {
                done.insert(me, Did::Put(Err(PutError::ShutDown(v))));
            }
            QueueOp::Put(v) => self.putters.push_back((me, v)),
            QueueOp::PutNowait(v) | QueueOp::PutTimeout(v) => {
                if self.items.len() < self.most || !self.getters.is_empty() {
                    self.putters.push_back((me, v));
                } else {
                    // While it waits for no time at all it can be looked at.
                    done.insert(me, Did::Put(Err(PutError::Full(v))));
                    if matches!(op, QueueOp::PutTimeout(_)) {
                        for peeker in self.peekers.drain(..) {
                            done.insert(peeker, Did::Peeked(Ok(v)));
                        }
                    }
                }
            }
            QueueOp::Get | QueueOp::GetNowait | QueueOp::GetTimeout => {
                if self.peek().is_some() {
                    self.getters.push_back(me);
                    // A full queue lets a putter in after the item is out.
                } else if self.shut_down {
                    done.insert(me, Did::Got(Err(GetError::ShutDown)));
                } else if matches!(op, QueueOp::Get) {
                    self.getters.push_back(me);
                } else {
                    done.insert(me, Did::Got(Err(GetError::Empty)));
                }
            }
            QueueOp::Peek => {
                if self.shut_down && self.peek().is_none() {
                    done.insert(me, Did::Peeked(Err(GetError::ShutDown)));
                } else {
                    self.peekers.push(me);
                }
            }
            QueueOp::TaskDone => {
                let left = self.unfinished.checked_sub(1);
                self.unfinished = left.unwrap_or(0);
                done.insert(me, Did::TaskDone(left.is_some()));
            }
            QueueOp::Join => self.joiners.push(me),
            QueueOp::Kill(_) => unreachable!("see `kill`"),
            QueueOp::Shutdown(now) => {
                self.shut_down = true;
                for (putter, item) in self.putters.drain(..) {
                    done.insert(putter, Did::Put(Err(PutError::ShutDown(item))));
                }
                for getter in self.getters.drain(..) {
                    done.insert(getter, Did::Got(Err(GetError::ShutDown)));
                }
                if now {
                    self.unfinished = self.unfinished.saturating_sub(self.items.len());
                    self.items.clear();
                }
                for peeker in self.peekers.drain(..) {
                    done.insert(peeker, Did::Peeked(Err(GetError::ShutDown)));
                }
                done.insert(me, Did::Shutdown);
            }
        }
        self.settle(&mut done);
        done
    }

    fn kill(&mut self, number: usize) {
        self.putters.retain(|p| p.0 != number);
        self.getters.retain(|&g| g != number);
        self.peekers.retain(|&p| p != number);
    }
}

fn queue(discipline: Discipline) {
    check((1..4usize, vec(queue_op(), 0..40)), |(most, ops)| match discipline {
        Discipline::Fifo => drive(Queue::bounded(most), discipline, most, &ops),
        Discipline::Lifo => drive(LifoQueue::bounded(most), discipline, most, &ops),
        Discipline::Priority => drive(PriorityQueue::bounded(most), discipline, most, &ops),
    });
}

fn drive<O>(queue: OrderedQueue<u8, O>, discipline: Discipline, most: usize, ops: &[QueueOp])
where
    O: Order<u8> + Send + 'static,
{
    let queue = Arc::new(queue);
    let mut model = QueueModel {
        discipline,
        most,
        items: vec![],
        putters: VecDeque::new(),
        getters: VecDeque::new(),
        peekers: vec![],
        joiners: vec![],
        unfinished: 0,
        shut_down: false,
    };
    let mut actors = Actors::new();
    for op in ops {
        let expected = if let QueueOp::Kill(index) = op {
            if let Some(number) = choose(model.waits(), *index) {
                actors.kill(number);
                model.kill(number);
            }
            BTreeMap::new()
        } else {
            let expected = model.apply(actors.all.len(), op);
            let (queue, op) = (queue.clone(), op.clone());
            actors.act(move || act(&queue, &op));
            expected
        };
        assert_eq!(actors.settle(), expected, "after {op:?}");
        assert_eq!(queue.len(), model.items.len());
        assert_eq!(queue.unfinished_tasks(), model.unfinished);
        assert_eq!(queue.is_full(), model.items.len() == most);
        assert_eq!(queue.peek_nowait().ok(), model.peek());
    }
}

fn act<O: Order<u8>>(queue: &OrderedQueue<u8, O>, op: &QueueOp) -> Did {
    match *op {
        QueueOp::Put(v) => Did::Put(queue.put(v)),
        QueueOp::PutNowait(v) => Did::Put(queue.put_nowait(v)),
        QueueOp::PutTimeout(v) => Did::Put(queue.put_timeout(v, Duration::ZERO)),
        QueueOp::Get => Did::Got(queue.get()),
        QueueOp::GetNowait => Did::Got(queue.get_nowait()),
        QueueOp::GetTimeout => Did::Got(queue.get_timeout(Duration::ZERO)),
        QueueOp::Peek => Did::Peeked(queue.peek()),
        QueueOp::TaskDone => Did::TaskDone(queue.task_done().is_ok()),
        QueueOp::Join => {
            queue.join(None);
            Did::Joined
        }
        QueueOp::Kill(_) => unreachable!("not an actor's"),
        QueueOp::Shutdown(now) => {
            queue.shutdown(now);
            Did::Shutdown
        }
    }
}

/// A channel is a queue with room for nothing.
fn channel() {
    let op = queue_op().prop_filter("a channel's", |op| {
        !matches!(op, QueueOp::Peek | QueueOp::TaskDone | QueueOp::Join)
    });
    check(vec(op, 0..40), |ops| {
        let channel = Arc::new(Channel::new());
        let mut model = QueueModel {
            discipline: Discipline::Fifo,
            most: 0,
            items: vec![],
            putters: VecDeque::new(),
            getters: VecDeque::new(),
            peekers: vec![],
            joiners: vec![],
            unfinished: 0,
            shut_down: false,
        };
        let mut actors = Actors::new();
        for op in &ops {
            let expected = if let QueueOp::Kill(index) = op {
                if let Some(number) = choose(model.waits(), *index) {
                    actors.kill(number);
                    model.kill(number);
                }
                BTreeMap::new()
            } else {
                let expected = model.apply(actors.all.len(), op);
                let (channel, op) = (channel.clone(), op.clone());
                actors.act(move || match op {
                    QueueOp::Put(v) => Did::Put(channel.put(v)),
                    QueueOp::PutNowait(v) => Did::Put(channel.put_nowait(v)),
                    QueueOp::PutTimeout(v) => Did::Put(channel.put_timeout(v, Duration::ZERO)),
                    QueueOp::Get => Did::Got(channel.get()),
                    QueueOp::GetNowait => Did::Got(channel.get_nowait()),
                    QueueOp::GetTimeout => Did::Got(channel.get_timeout(Duration::ZERO)),
                    QueueOp::Shutdown(_) => {
                        channel.shutdown();
                        Did::Shutdown
                    }
                    _ => unreachable!("filtered out"),
                });
                expected
            };
            assert_eq!(actors.settle(), expected, "after {op:?}");
        }
    });
}

// ---- semaphore ----

#[derive(Clone, Debug)]
enum SemaphoreOp {
    Acquire,
    TryAcquire,
    /// With a time-out of zero.
    AcquireTimeout,
    Release,
    Wait,
    Kill(prop::sample::Index),
}

fn semaphore() {
    let op = prop_oneof![
        5 => Just(SemaphoreOp::Acquire),
        2 => Just(SemaphoreOp::TryAcquire),
        2 => Just(SemaphoreOp::AcquireTimeout),
        5 => Just(SemaphoreOp::Release),
        1 => Just(SemaphoreOp::Wait),
        2 => any::<prop::sample::Index>().prop_map(SemaphoreOp::Kill),
    ];
    check((0..3usize, vec(op, 0..60)), |(first, ops)| {
        let semaphore = Arc::new(Semaphore::new(first));
        let mut units = first;
        let (mut takers, mut watchers) = (VecDeque::<usize>::new(), Vec::<usize>::new());
        let mut actors = Actors::new();
        for op in &ops {
            let me = actors.all.len();
            // Whether each that has come to an end has what it wanted.
            let mut expected = BTreeMap::new();
            match op {
                SemaphoreOp::Kill(index) => {
                    let waits = takers.iter().chain(&watchers).copied();
                    if let Some(number) = choose(waits, *index) {
                        actors.kill(number);
                        takers.retain(|&t| t != number);
                        watchers.retain(|&w| w != number);
                    }
                }
                SemaphoreOp::Release => {
                    expected.extend(watchers.drain(..).map(|w| (w, true)));
                    match takers.pop_front() {
                        Some(taker) => drop(expected.insert(taker, true)),
                        None => units += 1,
                    }
                    expected.insert(me, true);
                }
                SemaphoreOp::Wait if units > 0 => drop(expected.insert(me, true)),
                SemaphoreOp::Wait => watchers.push(me),
                SemaphoreOp::Acquire if units == 0 => takers.push_back(me),
                _ => {
                    expected.insert(me, units > 0);
                    units = units.saturating_sub(1);
                }
            }
            if !matches!(op, SemaphoreOp::Kill(_)) {
                let (semaphore, op) = (semaphore.clone(), op.clone());
                actors.act(move || {
                    let permit = match op {
                        SemaphoreOp::Acquire => Some(semaphore.acquire()),
                        SemaphoreOp::TryAcquire => semaphore.try_acquire(),
                        SemaphoreOp::AcquireTimeout => semaphore.acquire_timeout(Duration::ZERO),
                        SemaphoreOp::Release => {
                            semaphore.release();
                            return true;
                        }
                        SemaphoreOp::Wait => {
                            semaphore.wait(None);
                            return true;
                        }
                        SemaphoreOp::Kill(_) => unreachable!("not an actor's"),
                    };
                    permit.map(|p| p.forget()).is_some()
                });
            }
            assert_eq!(actors.settle(), expected, "after {op:?}");
            assert_eq!((semaphore.counter(), semaphore.locked()), (units, units == 0));
        }
    });
}

// ---- event ----

#[derive(Clone, Debug)]
enum EventOp {
    Wait,
    /// With a time-out of zero.
    WaitTimeout,
    Set,
    Clear,
    /// Both, with nobody's turn between.
    SetAndClear,
    Kill(prop::sample::Index),
}

fn event() {
    let op = prop_oneof![
        5 => Just(EventOp::Wait),
        2 => Just(EventOp::WaitTimeout),
        2 => Just(EventOp::Set),
        3 => Just(EventOp::Clear),
        1 => Just(EventOp::SetAndClear),
        2 => any::<prop::sample::Index>().prop_map(EventOp::Kill),
    ];
    check(vec(op, 0..60), |ops| {
        let event = Arc::new(Event::new());
        let (mut up, mut waiters) = (false, Vec::new());
        let mut actors = Actors::new();
        for op in &ops {
            let me = actors.all.len();
            let mut expected = BTreeMap::new();
            let mut waits = |timeout: Option<Duration>| {
                let event = event.clone();
                actors.act(move || event.wait(timeout));
            };
            match op {
                EventOp::Wait => {
                    waits(None);
                    match up {
                        true => drop(expected.insert(me, true)),
                        false => waiters.push(me),
                    }
                }
                EventOp::WaitTimeout => {
                    waits(Some(Duration::ZERO));
                    expected.insert(me, up);
                }
                EventOp::Set | EventOp::SetAndClear => {
                    event.set();
                    up = true;
                    if matches!(op, EventOp::SetAndClear) {
                        event.clear();
                        up = false;
                    }
                    expected.extend(waiters.drain(..).map(|w| (w, true)));
                }
                EventOp::Clear => {
                    event.clear();
                    up = false;
                }
                EventOp::Kill(index) => {
                    if let Some(number) = choose(waiters.iter().copied(), *index) {
                        actors.kill(number);
                        waiters.retain(|&w| w != number);
                    }
                }
            }
            assert_eq!(actors.settle(), expected, "after {op:?}");
            assert_eq!(event.is_set(), up);
        }
    });
}

// ---- pool ----

#[derive(Clone, Debug)]
enum PoolOp {
    /// A greenlet outside the pool that spawns one, waiting for room.
    Spawn,
    ApplyAsync,
    /// Let one that runs end.
    Finish(prop::sample::Index),
    /// Kill one that runs.
    Kill(prop::sample::Index),
    /// Kill one that waits to spawn.
    KillSpawner(prop::sample::Index),
}

fn pool() {
    let op = prop_oneof![
        5 => Just(PoolOp::Spawn),
        2 => Just(PoolOp::ApplyAsync),
        4 => any::<prop::sample::Index>().prop_map(PoolOp::Finish),
        2 => any::<prop::sample::Index>().prop_map(PoolOp::Kill),
        1 => any::<prop::sample::Index>().prop_map(PoolOp::KillSpawner),
    ];
    check((1..4usize, vec(op, 0..40)), |(size, ops)| {
        let pool = Pool::new(size);
        let begun = Arc::new(Mutex::new(Vec::new()));
        let ends: Vec<Arc<Event>> = ops.iter().map(|_| Arc::default()).collect();
        // Numbers of operations: those that run, and those that wait for room,
        // in the order of their coming.
        let (mut running, mut waiting) = (Vec::<usize>::new(), VecDeque::<usize>::new());
        // Of those, the ones that are in the pool while they wait.
        let mut members = Vec::new();
        let mut expected_begun = Vec::new();
        type Handles = Arc<Mutex<BTreeMap<usize, Greenlet<()>>>>;
        let handles: Handles = Arc::default();
        let mut spawners = BTreeMap::new();
        for (me, op) in ops.iter().enumerate() {
            let work = {
                let (begun, end) = (begun.clone(), ends[me].clone());
                move || {
                    begun.lock().unwrap().push(me);
                    end.wait(None);
                }
            };
            match op {
                PoolOp::Spawn => {
                    let (pool, handles) = (pool.clone(), handles.clone());
                    let spawner = geventrs::spawn(move || {
                        let handle = pool.spawn(work);
                        handles.lock().unwrap().insert(me, handle);
                    });
                    spawners.insert(me, spawner);
                    waiting.push_back(me);
                }
                PoolOp::ApplyAsync => {
                    handles.lock().unwrap().insert(me, pool.apply_async(work));
                    waiting.push_back(me);
                    members.push(me);
                }
                PoolOp::Finish(index) | PoolOp::Kill(index) => {
                    if let Some(number) = choose(running.iter().copied(), *index) {
                        match op {
                            PoolOp::Finish(_) => ends[number].set(),
                            _ => {
                                let handle = handles.lock().unwrap().remove(&number).unwrap();
                                assert!(handle.kill(None));
                            }
                        }
                        running.retain(|&r| r != number);
                    }
                }
                PoolOp::KillSpawner(index) => {
                    let outside = waiting.iter().copied().filter(|n| !members.contains(n));
                    if let Some(number) = choose(outside, *index) {
                        assert!(spawners[&number].kill(None));
                        waiting.retain(|&w| w != number);
                    }
                }
            }
            while running.len() < size {
                let Some(next) = waiting.pop_front() else {
                    break;
                };
                members.retain(|&m| m != next);
                running.push(next);
                expected_begun.push(next);
            }
            geventrs::idle();
            assert_eq!(*begun.lock().unwrap(), expected_begun, "after {op:?}");
            assert_eq!(pool.free_count(), size - running.len(), "after {op:?}");
            assert_eq!(pool.len(), running.len() + members.len(), "after {op:?}");
        }
        spawners.values().for_each(|g| assert!(g.kill(None)));
        assert!(pool.kill(None));
        assert_eq!(pool.free_count(), size);
    });
}

// ---- conservation ----

/// A small generator: the same numbers each time, of no pattern.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }
}

const UNITS: usize = 2;
const ROUNDS: u64 = 400;

fn units_conserved() {
    static LOCK: Semaphore = Semaphore::new(UNITS);
    static HOLDERS: AtomicUsize = AtomicUsize::new(0);
    fn hold(numbers: &mut Numbers) {
        let permit = match numbers.below(3) {
            0 => LOCK.acquire_timeout(Duration::from_micros(numbers.below(100))),
            1 => with_timeout(Duration::from_micros(numbers.below(100)), || LOCK.acquire()).ok(),
            _ => Some(LOCK.acquire()),
        };
        if let Some(_permit) = permit {
            assert!(HOLDERS.fetch_add(1, Ordering::SeqCst) < UNITS);
            std::hint::spin_loop();
            HOLDERS.fetch_sub(1, Ordering::SeqCst);
            if numbers.below(4) == 0 {
                geventrs::sleep(Duration::from_micros(numbers.below(50)));
            }
        }
    }
    // The hub is the caller's.
    geventrs::spawn(|| ()).join(None);
    let threads: Vec<_> = (0..2)
        .map(|i| {
            std::thread::spawn(move || (0..ROUNDS).for_each(|n| hold(&mut Numbers(i * ROUNDS + n))))
        })
        .collect();
    let workers = |i: u64| {
        geventrs::spawn(move || {
            let mut numbers = Numbers(i + 1_000_000);
            loop {
                hold(&mut numbers);
            }
        })
    };
    let (tell, told) = std::sync::mpsc::channel::<Greenlet<()>>();
    // Kills from an OS thread, at any moment.
    let killer = std::thread::spawn(move || {
        let mut killed = 0;
        for greenlet in told {
            greenlet.kill_nowait();
            assert!(greenlet.join(Some(Duration::from_secs(30))), "it waits though it was killed");
            killed += 1;
        }
        killed
    });
    for i in 0..ROUNDS {
        let (a, b) = (workers(2 * i), workers(2 * i + 1));
        geventrs::sleep(Duration::from_micros(i % 60));
        tell.send(a).unwrap();
        assert!(b.kill(Some(Duration::from_secs(30))));
    }
    drop(tell);
    while !killer.is_finished() || threads.iter().any(|t| !t.is_finished()) {
        geventrs::sleep(Duration::from_millis(1));
    }
    assert_eq!(killer.join().unwrap(), ROUNDS);
    threads.into_iter().for_each(|t| t.join().unwrap());
    assert_eq!((LOCK.counter(), HOLDERS.load(Ordering::SeqCst)), (UNITS, 0));
}

fn items_conserved() {
    static QUEUE: Queue<u64> = Queue::bounded(3);
    static PUT: AtomicUsize = AtomicUsize::new(0);
    static GOT: AtomicUsize = AtomicUsize::new(0);
    static SUM: AtomicUsize = AtomicUsize::new(0);
    fn put(numbers: &mut Numbers, item: u64) {
        let done = match numbers.below(3) {
            0 => QUEUE.put_timeout(item, Duration::from_micros(numbers.below(100))),
            1 => QUEUE.put_nowait(item),
            _ => QUEUE.put(item),
        };
        if done.is_ok() {
            PUT.fetch_add(1, Ordering::SeqCst);
            SUM.fetch_add(item as usize, Ordering::SeqCst);
        }
    }
    fn get(numbers: &mut Numbers) {
        let item = match numbers.below(3) {
            0 => QUEUE.get_timeout(Duration::from_micros(numbers.below(100))),
            // Unwound, it has no item; what it was handed goes on to another.
            1 => with_timeout(Duration::from_micros(numbers.below(100)), || QUEUE.get())
                .unwrap_or(Err(GetError::Empty)),
            _ => QUEUE.get(),
        };
        if let Ok(item) = item {
            GOT.fetch_add(1, Ordering::SeqCst);
            SUM.fetch_sub(item as usize, Ordering::SeqCst);
        }
    }
    geventrs::spawn(|| ()).join(None);
    let putting: Vec<_> = (0..2)
        .map(|i| {
            std::thread::spawn(move || {
                let mut numbers = Numbers(i);
                (0..3 * ROUNDS).for_each(|n| put(&mut numbers, n));
            })
        })
        .collect();
    let getting = std::thread::spawn(|| {
        let mut numbers = Numbers(7);
        while !QUEUE.is_shutdown() || !QUEUE.is_empty() {
            get(&mut numbers);
        }
    });
    let puts: Vec<_> = (0..3)
        .map(|i| {
            geventrs::spawn(move || {
                let mut numbers = Numbers(i + 100);
                (0..ROUNDS).for_each(|n| put(&mut numbers, n));
            })
        })
        .collect();
    let (tell, told) = std::sync::mpsc::channel::<Greenlet<()>>();
    let killer = std::thread::spawn(move || {
        told.into_iter().inspect(Greenlet::kill_nowait).collect::<Vec<_>>()
    });
    let mut i = 0;
    while putting.iter().any(|t| !t.is_finished()) || puts.iter().any(|g| !g.ready()) {
        i += 1;
        let g = geventrs::spawn(move || {
            let mut numbers = Numbers(i + 1000);
            while !QUEUE.is_shutdown() {
                get(&mut numbers);
            }
        });
        geventrs::sleep(Duration::from_micros(i % 60));
        tell.send(g).unwrap();
    }
    drop(tell);
    QUEUE.shutdown(false);
    while !killer.is_finished() || !getting.is_finished() {
        geventrs::sleep(Duration::from_millis(1));
    }
    // Some may have been handed an item and not have run since.
    geventrs::joinall(&killer.join().unwrap(), None);
    getting.join().unwrap();
    putting.into_iter().for_each(|t| t.join().unwrap());
    let left: Vec<u64> = QUEUE.iter().collect();
    assert_eq!(GOT.load(Ordering::SeqCst) + left.len(), PUT.load(Ordering::SeqCst));
    assert_eq!(SUM.load(Ordering::SeqCst), left.iter().sum::<u64>() as usize);
}
