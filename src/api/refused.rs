//! What the compiler refuses, so that safe code cannot break the rules. Each example is
//! a test that it does not compile, beside one that does.
//!
//! A greenlet may go on on another OS thread, so what it takes along must be `Send`:
//!
//! ```compile_fail,E0277
//! let shared = std::rc::Rc::new(1);
//! geventrs::spawn(move || *shared);
//! ```
//! ```
//! let shared = std::sync::Arc::new(1);
//! geventrs::spawn(move || *shared).join(None);
//! ```
//!
//! and so must what it returns:
//!
//! ```compile_fail,E0277
//! geventrs::spawn(|| std::rc::Rc::new(1));
//! ```
//!
//! It may outlive its maker, so it borrows nothing:
//!
//! ```compile_fail,E0373
//! let text = String::from("mine");
//! geventrs::spawn(|| text.len());
//! ```
//! ```
//! let text = String::from("mine");
//! geventrs::spawn(move || text.len()).join(None);
//! ```
//!
//! A handle lends the value to whoever shares it, so it is shared only where the value
//! may be:
//!
//! ```compile_fail,E0277
//! fn share<T: Sync>(_: &T) {}
//! share(&geventrs::spawn(|| std::cell::Cell::new(1)));
//! ```
//! ```
//! fn share<T: Sync>(_: &T) {}
//! fn give<T: Send>(_: T) {}
//! share(&geventrs::spawn(|| 1));
//! give(geventrs::spawn(|| std::cell::Cell::new(1)));
//! ```
//!
//! A recursive lock is released where it was taken:
//!
//! ```compile_fail,E0277
//! static LOCK: geventrs::lock::RLock = geventrs::lock::RLock::new();
//! let guard = LOCK.acquire();
//! geventrs::spawn(move || drop(guard));
//! ```
//! ```
//! static LOCK: geventrs::lock::Semaphore = geventrs::lock::Semaphore::new(1);
//! let permit = LOCK.acquire();
//! geventrs::spawn(move || drop(permit)).join(None);
//! ```
//!
//! What a lock guards does not outlive the guard:
//!
//! ```compile_fail,E0597
//! static LOCK: geventrs::lock::Mutex<u32> = geventrs::lock::Mutex::new(1);
//! let inside: &u32 = { let guard = LOCK.lock(); &*guard };
//! assert_eq!(*inside, 1);
//! ```
//!
//! Objects are shared where what they hold may be sent:
//!
//! ```compile_fail,E0277
//! fn share<T: Sync>(_: &T) {}
//! share(&geventrs::queue::Queue::<std::rc::Rc<u32>>::new());
//! ```
//! ```
//! fn share<T: Sync>(_: &T) {}
//! share(&geventrs::queue::Queue::<std::cell::Cell<u32>>::new());
//! share(&geventrs::event::AsyncResult::<u32>::new());
//! ```
//!
//! An async result lends its value to all, so that must be `Sync`:
//!
//! ```compile_fail,E0277
//! fn share<T: Sync>(_: &T) {}
//! share(&geventrs::event::AsyncResult::<std::cell::Cell<u32>>::new());
//! ```
//!
//! A time-out is its greenlet's:
//!
//! ```compile_fail,E0277
//! use geventrs::timeout::Timeout;
//! let limit = Timeout::new(std::time::Duration::from_secs(1)).start();
//! geventrs::spawn(move || drop(limit));
//! ```
//! ```
//! use geventrs::timeout::Timeout;
//! let limit = Timeout::new(std::time::Duration::from_secs(1)).start();
//! geventrs::spawn(|| ()).join(None);
//! drop(limit);
//! ```
