//! Values that each greenlet has for itself.
//!
//! gevent: `gevent.local`. A `std::thread_local!` is such a value, too, for a
//! greenlet is a thread to std; a [`Local`] is one that need not be a `static`.

use core::any::Any;
use core::cell::RefCell;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::BTreeMap;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::rc::Rc;

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// How often values that destructors of values have made are dropped in their turn, as POSIX
/// has it for the keys of threads.
const ROUNDS: u32 = 4;

type Values = BTreeMap<u64, Rc<dyn Any>>;

std::thread_local! {
    /// Without a destructor of its own: those of the values may use it.
    static VALUES: ManuallyDrop<RefCell<Values>> =
        const { ManuallyDrop::new(RefCell::new(BTreeMap::new())) };
    /// Touched with the first value.
    static END: End = const { End };
}

/// Drops the values of the greenlet that ends.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        for _ in 0..ROUNDS {
            let values = VALUES.with(|values| values.take());
            if values.is_empty() {
                break;
            }
            values.into_values().for_each(drop_quietly);
        }
    }
}

/// Drop a value where nobody could catch a panic of its destructor, which would end the
/// process; the panic hook has reported it.
fn drop_quietly(value: Rc<dyn Any>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        // Dropping a payload may panic as well.
        core::mem::forget(payload);
    }
}

/// Put in the caller's value; gives back the one before.
fn replace(id: u64, value: Rc<dyn Any>) -> Option<Rc<dyn Any>> {
    // Where thread-locals end already, values that are made late are not dropped.
    let _ = END.try_with(|_| ());
    VALUES.with(|values| values.borrow_mut().insert(id, value))
}

/// A value of which each greenlet, and each OS thread, has one: made when it
/// first asks, dropped when it ends. (One that outlives its `Local` is dropped
/// then, too.) Destructors of values may use this and other `Local`s, and may wait: a value
/// that they make is dropped in its turn, as far as four rounds do. What they panic with is
/// reported and goes no further.
///
/// gevent: `gevent.local.local`, whose attributes are such values.
///
/// ```
/// use geventrs::local::Local;
/// use std::cell::Cell;
/// use std::sync::Arc;
///
/// let count = Arc::new(Local::new(|| Cell::new(0)));
/// let add = |n: u32| {
///     let count = count.clone();
///     move || {
///         (0..n).for_each(|_| count.with(|c| c.set(c.get() + 1)));
///         count.with(Cell::get)
///     }
/// };
/// let (a, b) = (geventrs::spawn(add(1)), geventrs::spawn(add(5)));
/// assert_eq!((a.get().unwrap(), b.get().unwrap()), (1, 5));
/// assert_eq!(count.with(Cell::get), 0);
/// ```
pub struct Local<T: 'static> {
    id: u64,
    first: Box<dyn Fn() -> T + Send + Sync>,
    _value: PhantomData<fn() -> T>,
}

impl<T: 'static> Local<T> {
    /// One whose values begin as `first` makes them.
    pub fn new(first: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Local { id, first: Box::new(first), _value: PhantomData }
    }

    /// Calls `f` with the caller's value.
    pub fn with<R>(&self, f: impl FnOnce(&T) -> R) -> R {
        f(&self.value())
    }

    fn value(&self) -> Rc<T> {
        let known = VALUES.with(|values| values.borrow().get(&self.id).cloned());
        let value = known.unwrap_or_else(|| {
            let first: Rc<dyn Any> = Rc::new((self.first)());
            // (One that `first` itself has set gives way to it.)
            drop(replace(self.id, first.clone()));
            first
        });
        match value.downcast() {
            Ok(value) => value,
            Err(_) => unreachable!("an id is used once, for one type"),
        }
    }

    /// Gives the caller another value.
    ///
    /// ```
    /// let name = geventrs::local::Local::new(|| "unknown");
    /// name.set("root");
    /// assert_eq!(name.get(), "root");
    /// ```
    pub fn set(&self, value: T) {
        drop(replace(self.id, Rc::new(value)));
    }

    /// A copy of the caller's value.
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// Drops the caller's value; it is made anew when asked for.
    ///
    /// ```
    /// let name = geventrs::local::Local::new(|| "unknown");
    /// name.set("root");
    /// name.clear();
    /// assert_eq!(name.get(), "unknown");
    /// ```
    pub fn clear(&self) {
        let old = VALUES.with(|values| values.borrow_mut().remove(&self.id));
        drop(old);
    }
}

impl<T: 'static> core::fmt::Debug for Local<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Local").field("id", &self.id).finish_non_exhaustive()
    }
}
