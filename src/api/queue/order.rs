//! In which order a queue gives out what it holds.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// What an [`OrderedQueue`](super::OrderedQueue) keeps its items in. Other crates cannot
/// implement it.
pub trait Order<T>: Sealed<T> {}

pub trait Sealed<T> {
    fn push(&mut self, item: T);
    fn pop(&mut self) -> Option<T>;
    fn peek(&self) -> Option<&T>;
    /// Put back what was popped last.
    fn unpop(&mut self, item: T);
    fn len(&self) -> usize;
}

/// First in, first out.
#[derive(Debug)]
pub struct Fifo<T>(VecDeque<T>);

/// Last in, first out.
#[derive(Debug)]
pub struct Lifo<T>(Vec<T>);

/// Least first; equal ones in any order.
#[derive(Debug)]
pub struct Priority<T>(BinaryHeap<Reverse<T>>);

impl<T> Fifo<T> {
    pub(super) const fn new() -> Self {
        Fifo(VecDeque::new())
    }
}

impl<T> Lifo<T> {
    pub(super) const fn new() -> Self {
        Lifo(Vec::new())
    }
}

impl<T: Ord> Priority<T> {
    pub(super) const fn new() -> Self {
        Priority(BinaryHeap::new())
    }
}

impl<T> Order<T> for Fifo<T> {}
impl<T> Order<T> for Lifo<T> {}
impl<T: Ord> Order<T> for Priority<T> {}

impl<T> Sealed<T> for Fifo<T> {
    fn push(&mut self, item: T) {
        self.0.push_back(item);
    }
    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }
    fn peek(&self) -> Option<&T> {
        self.0.front()
    }
    fn unpop(&mut self, item: T) {
        self.0.push_front(item);
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Sealed<T> for Lifo<T> {
    fn push(&mut self, item: T) {
        self.0.push(item);
    }
    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }
    fn peek(&self) -> Option<&T> {
        self.0.last()
    }
    fn unpop(&mut self, item: T) {
        self.0.push(item);
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Ord> Sealed<T> for Priority<T> {
    fn push(&mut self, item: T) {
        self.0.push(Reverse(item));
    }
    fn pop(&mut self) -> Option<T> {
        self.0.pop().map(|Reverse(item)| item)
    }
    fn peek(&self) -> Option<&T> {
        self.0.peek().map(|Reverse(item)| item)
    }
    fn unpop(&mut self, item: T) {
        self.push(item);
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}
