//! Waiting for several things: all of them, some of them, one after another.

use super::exception::Exception;
use super::handle::Greenlet;
use super::observers::Observer;
use core::time::Duration;
use std::sync::Arc;

/// Something that can be waited for, as gevent's `wait` and `joinall` take it:
/// a [`Greenlet`], an [`Event`](crate::event::Event), an
/// [`AsyncResult`](crate::event::AsyncResult), a
/// [`Semaphore`](crate::lock::Semaphore), a
/// [`ThreadResult`](crate::threadpool::ThreadResult), and pointers to these.
/// Other crates cannot implement it.
///
/// ```
/// use geventrs::Waitable;
/// let (number, text) = (geventrs::spawn(|| 1), geventrs::spawn(|| "two"));
/// let both: [&dyn Waitable; 2] = [&number, &text];
/// assert_eq!(geventrs::joinall(&both, None), [0, 1]);
/// ```
pub trait Waitable: Sealed {
    /// Whether waiting would return at once.
    ///
    /// ```
    /// use geventrs::Waitable;
    /// let g = geventrs::spawn(|| ());
    /// assert!(!Waitable::ready(&g));
    /// # g.join(None);
    /// ```
    fn ready(&self) -> bool;

    /// Waits for at most `timeout`; whether it is ready then.
    ///
    /// Where this trait is in scope it is what `wait` of an `Arc` or a `Box` means, since the pointer
    /// is asked before what it points to: an `Arc<Semaphore>` says whether there is a unit,
    /// [`Semaphore::wait`](crate::lock::Semaphore::wait) how many there are.
    ///
    /// ```
    /// use geventrs::{lock::Semaphore, Waitable};
    /// use std::sync::Arc;
    /// let semaphore = Arc::new(Semaphore::new(2));
    /// assert!(semaphore.wait(None)); // a `bool`
    /// assert_eq!(Semaphore::wait(&semaphore, None), 2);
    /// ```
    ///
    /// ```
    /// use geventrs::Waitable;
    /// let g = geventrs::spawn(|| ());
    /// assert!(g.wait(None));
    /// ```
    fn wait(&self, timeout: Option<Duration>) -> bool;
}

/// What the crate itself asks of a [`Waitable`].
pub trait Sealed {
    /// Tell `observer`, once, when it is ready; at once if it is.
    #[doc(hidden)]
    fn observe(&self, observer: &Arc<Observer>, index: usize);
    /// Tell it no more.
    #[doc(hidden)]
    fn forget(&self, observer: &Arc<Observer>, index: usize);
}

impl<T> Waitable for Greenlet<T> {
    fn ready(&self) -> bool {
        Greenlet::ready(self)
    }
    fn wait(&self, timeout: Option<Duration>) -> bool {
        self.join(timeout)
    }
}

impl<T> Sealed for Greenlet<T> {
    fn observe(&self, observer: &Arc<Observer>, index: usize) {
        self.packet.about.observers().add(observer, index, || Greenlet::ready(self));
    }
    fn forget(&self, observer: &Arc<Observer>, index: usize) {
        self.packet.about.observers().remove(observer, index);
    }
}

macro_rules! through_pointer {
    ($($pointer:ty),*) => {$(
        impl<W: Waitable + ?Sized> Waitable for $pointer {
            fn ready(&self) -> bool {
                (**self).ready()
            }
            fn wait(&self, timeout: Option<Duration>) -> bool {
                (**self).wait(timeout)
            }
        }

        impl<W: Waitable + ?Sized> Sealed for $pointer {
            fn observe(&self, observer: &Arc<Observer>, index: usize) {
                (**self).observe(observer, index);
            }
            fn forget(&self, observer: &Arc<Observer>, index: usize) {
                (**self).forget(observer, index);
            }
        }
    )*};
}

through_pointer!(&W, Arc<W>, Box<W>);

/// Waits until all of `objects` are ready, for at most `timeout` in all.
/// Returns the positions of those that are ready, in ascending order: all of
/// them, unless the time-out came first.
///
/// gevent: `gevent.joinall`, which returns the greenlets themselves; its `count`
/// has [`wait`]. A slice of `&dyn` [`Waitable`] mixes greenlets with different
/// values.
///
/// ```
/// use std::time::Duration;
/// let naps = [1, 400].map(|ms| geventrs::spawn(move || geventrs::sleep(Duration::from_millis(ms))));
/// assert_eq!(geventrs::joinall(&naps, Some(Duration::from_millis(100))), [0]);
/// assert_eq!(geventrs::joinall(&naps, None), [0, 1]);
/// ```
pub fn joinall<W: Waitable>(objects: &[W], timeout: Option<Duration>) -> Vec<usize> {
    let deadline = super::deadline(timeout);
    for object in objects.iter().filter(|o| !o.ready()) {
        if !object.wait(super::left(deadline)) {
            break;
        }
    }
    (0..objects.len()).filter(|&i| objects[i].ready()).collect()
}

/// As [`joinall`], but returns at the first greenlet that has ended without a value,
/// with why. The others go on.
///
/// gevent: `gevent.joinall(raise_error=True)`.
///
/// # Errors
/// Why that greenlet has no value.
///
/// ```
/// use std::time::Duration;
/// let tasks = [
///     geventrs::spawn(|| geventrs::sleep(Duration::from_secs(60))),
///     geventrs::spawn(|| panic!("no luck")),
/// ];
/// assert_eq!(geventrs::try_joinall(&tasks, None).unwrap_err().to_string(), "no luck");
/// ```
pub fn try_joinall<T>(
    greenlets: &[Greenlet<T>],
    timeout: Option<Duration>,
) -> Result<Vec<usize>, Exception> {
    for index in iwait(greenlets, timeout) {
        if let Some(exception) = greenlets[index].exception() {
            return Err(exception.clone());
        }
    }
    Ok((0..greenlets.len()).filter(|&i| greenlets[i].ready()).collect())
}

/// Waits until `count` of `objects` are ready (`None`: all), for at most
/// `timeout`. Returns the positions of those that are, in the order in which
/// they got ready, and no more than `count`.
///
/// gevent: `gevent.wait`; without objects it returns at once, where gevent's
/// waits for the end of everything.
///
/// ```
/// use std::time::Duration;
/// let naps = [300, 1, 20].map(|ms| geventrs::spawn(move || geventrs::sleep(Duration::from_millis(ms))));
/// assert_eq!(geventrs::wait(&naps, None, Some(2)), [1, 2]);
/// ```
pub fn wait<W: Waitable>(
    objects: &[W],
    timeout: Option<Duration>,
    count: Option<usize>,
) -> Vec<usize> {
    iwait(objects, timeout).take(count.unwrap_or(usize::MAX)).collect()
}

/// Yields the positions of `objects` as they get ready. Ends when all have been
/// yielded, or `timeout`, counted from now, has passed.
///
/// gevent: `gevent.iwait`. Its `count` is [`Iterator::take`].
///
/// ```
/// use std::time::Duration;
/// let naps = [40, 1].map(|ms| geventrs::spawn(move || geventrs::sleep(Duration::from_millis(ms))));
/// let order: Vec<usize> = geventrs::iwait(&naps, None).collect();
/// assert_eq!(order, [1, 0]);
/// ```
pub fn iwait<W: Waitable>(objects: &[W], timeout: Option<Duration>) -> IWait<'_, W> {
    let observer = Arc::new(Observer::default());
    for (index, object) in objects.iter().enumerate() {
        object.observe(&observer, index);
    }
    IWait { objects, observer, left: objects.len(), deadline: super::deadline(timeout) }
}

/// What [`iwait`] returns.
pub struct IWait<'a, W: Waitable> {
    objects: &'a [W],
    observer: Arc<Observer>,
    left: usize,
    deadline: u64,
}

impl<W: Waitable> Iterator for IWait<'_, W> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.left == 0 {
            return None;
        }
        let index = self.observer.next(self.deadline)?;
        self.left -= 1;
        Some(index)
    }
}

impl<W: Waitable> Drop for IWait<'_, W> {
    fn drop(&mut self) {
        if self.left > 0 {
            for (index, object) in self.objects.iter().enumerate() {
                object.forget(&self.observer, index);
            }
        }
    }
}

impl<W: Waitable> core::fmt::Debug for IWait<'_, W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("IWait").field("left", &self.left).finish_non_exhaustive()
    }
}

/// Kills all of `greenlets`, at the same time, and waits until they have ended,
/// for at most `timeout` in all. Returns whether they have. See
/// [`Greenlet::kill`].
///
/// gevent: `gevent.killall`.
///
/// ```
/// use std::time::Duration;
/// let naps: Vec<_> =
///     (0..100).map(|_| geventrs::spawn(|| geventrs::sleep(Duration::from_secs(60)))).collect();
/// geventrs::yield_now();
/// assert!(geventrs::killall(&naps, None));
/// ```
pub fn killall<T>(greenlets: &[Greenlet<T>], timeout: Option<Duration>) -> bool {
    // Oneself last, or the others would live on.
    let (me, others): (Vec<_>, Vec<_>) =
        greenlets.iter().partition(|g| g.packet.about.is_current());
    others.iter().chain(&me).for_each(|g| g.kill_nowait());
    let deadline = super::deadline(timeout);
    others.iter().all(|g| g.join(super::left(deadline))) && me.is_empty()
}
