//! Asking a search to stop, from anywhere.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use super::feed::Signal;

/// A request to stop that any thread can make, of any number of searches at once. Clones are the same token.
///
/// A search that is cancelled ends as if its sink had had enough: it returns `Ok`, and what was delivered stays
/// delivered, in order and without a gap. It stops soon: workers finish the chunk that they are at, and a search that
/// waits for a stream is woken. What cannot be interrupted is a single step: a read that blocks on the calling thread,
/// one line of any length, and the way to the next match of a pattern of unbounded length.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::{mapping::MapOptions, matcher::MatcherBuilder, scan::{Cancel, Scanner}};
///
/// let mut memory = MapOptions::new().len(12).map_anonymous()?;
/// memory.set_slice(.., b"abcabcabcabc")?;
/// let cancel = Cancel::new();
/// let mut scanner = Scanner::new(MatcherBuilder::new().build(["b"])?);
/// scanner.cancel(cancel.clone());
/// assert_eq!(scanner.count(&memory)?, 4);
///
/// // A program would do this in another thread, or where it handles Ctrl-C.
/// cancel.cancel();
/// assert_eq!(scanner.count(&memory)?, 0);
/// assert!(cancel.is_cancelled());
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    /// Who cancels this one cancels its children.
    parent: Option<Cancel>,
    /// What the searches wait for that are under way.
    waiting: Mutex<Vec<Weak<Signal>>>,
}

impl Cancel {
    /// A token that nobody has used.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks all searches that have this token to stop, those too that have not begun. There is no way back.
    ///
    /// It takes locks, so it is not for a signal handler itself, but for a thread that such a handler wakes.
    ///
    /// # Examples
    ///
    /// See [`Cancel`].
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        for signal in self.waiting().iter().filter_map(Weak::upgrade) {
            signal.raise();
        }
    }

    /// Whether somebody has asked.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst) || self.0.parent.as_ref().is_some_and(Cancel::is_cancelled)
    }

    /// A token that is cancelled with this one, or alone.
    pub(super) fn child(&self) -> Cancel {
        Cancel(Arc::new(Shared { parent: Some(self.clone()), ..Shared::default() }))
    }

    /// Has `signal` raised when the token is cancelled, for as long as somebody holds the signal. Whoever looks at the
    /// token after this call, and waits for the signal then, misses nothing.
    pub(super) fn wake(&self, signal: &Arc<Signal>) {
        let mut waiting = self.waiting();
        waiting.retain(|signal| signal.strong_count() > 0);
        waiting.push(Arc::downgrade(signal));
        drop(waiting);
        if let Some(parent) = &self.0.parent {
            parent.wake(signal);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Weak<Signal>>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancel").field("cancelled", &self.is_cancelled()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_cancelled_with_its_parent_and_not_the_other_way_round() {
        let parent = Cancel::new();
        let (one, two) = (parent.child(), parent.child());
        one.cancel();
        assert!(one.is_cancelled() && !two.is_cancelled() && !parent.is_cancelled());
        parent.clone().cancel();
        assert!(two.is_cancelled() && parent.is_cancelled());
    }

    #[test]
    fn those_who_wait_are_woken_and_those_who_have_left_are_forgotten() {
        let parent = Cancel::new();
        let child = parent.child();
        for _ in 0..100 {
            child.wake(&Arc::default());
        }
        assert_eq!((child.waiting().len(), parent.waiting().len()), (1, 1));
        let signal = Arc::default();
        child.wake(&signal);
        let seen = signal.count();
        std::thread::scope(|scope| {
            scope.spawn(|| signal.wait_past(seen));
            parent.cancel();
        });
    }
}
