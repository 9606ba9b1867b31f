//! Values of greenlets, one after another.

use super::super::handle::Greenlet;
use super::super::spawn::spawn;
use super::Group;
use crate::lock::Semaphore;
use crate::queue::Queue;
use std::sync::Arc;
use std::thread;

/// What [`Group::imap`] and [`Group::imap_unordered`] return. Dropped, it lets
/// the greenlets that were started go on, and starts no more.
pub struct IMap<T: Send + 'static> {
    results: Arc<Queue<Greenlet<T>>>,
    ahead: Option<Arc<Semaphore>>,
    feeder: Greenlet<()>,
}

impl<T: Send + 'static> IMap<T> {
    pub(super) fn start<I, F>(
        group: Group,
        items: I,
        maxsize: Option<usize>,
        f: F,
        ordered: bool,
    ) -> Self
    where
        I: Iterator<Item: Send + 'static> + Send + 'static,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
    {
        assert!(maxsize != Some(0), "imap must be allowed a value ahead");
        let results = Arc::new(Queue::new());
        let ahead = maxsize.map(|n| Arc::new(Semaphore::new(n)));
        let feed = Feed { group, results: results.clone(), ahead: ahead.clone(), ordered };
        IMap { results, ahead, feeder: spawn(move || feed.run(items, f)) }
    }
}

impl<T: Send + 'static> Iterator for IMap<T> {
    type Item = thread::Result<T>;

    fn next(&mut self) -> Option<thread::Result<T>> {
        let greenlet = self.results.get().ok()?;
        if let Some(ahead) = &self.ahead {
            ahead.release();
        }
        Some(greenlet.get())
    }
}

impl<T: Send + 'static> Drop for IMap<T> {
    fn drop(&mut self) {
        self.feeder.kill_nowait();
    }
}

impl<T: Send + 'static> core::fmt::Debug for IMap<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("IMap").field("there", &self.results.len()).finish_non_exhaustive()
    }
}

/// The greenlet that starts the others.
struct Feed<T: Send + 'static> {
    group: Group,
    results: Arc<Queue<Greenlet<T>>>,
    ahead: Option<Arc<Semaphore>>,
    ordered: bool,
}

impl<T: Send + 'static> Feed<T> {
    fn run<I, F>(self, items: I, f: F)
    where
        I: Iterator<Item: Send + 'static>,
        F: Fn(I::Item) -> T + Send + Sync + 'static,
    {
        let f = Arc::new(f);
        // The results end when the last greenlet has: with its share of this.
        let end = Arc::new(End(self.results.clone()));
        for item in items {
            if let Some(ahead) = &self.ahead {
                ahead.acquire().forget();
            }
            let f = f.clone();
            let greenlet = self.group.spawn(move || f(item));
            if self.ordered {
                put(&self.results, greenlet);
            } else {
                let (packet, end) = (greenlet.packet.clone(), end.clone());
                packet.about.at_end(Box::new(move || put(&end.0, greenlet)));
            }
        }
    }
}

fn put<T: Send>(results: &Queue<Greenlet<T>>, greenlet: Greenlet<T>) {
    // It is shut down when nobody will look any more.
    drop(results.put(greenlet));
}

/// No more results are to come when this is dropped.
struct End<T: Send + 'static>(Arc<Queue<Greenlet<T>>>);

impl<T: Send + 'static> Drop for End<T> {
    fn drop(&mut self) {
        self.0.shutdown(false);
    }
}
