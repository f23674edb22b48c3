//! What a pipeline does with an item, and what it makes of it.

use crate::error::Error;

/// What the stages of a pipeline do. The stages themselves are shared by all workers; what changes is handed to them.
///
/// # Examples
///
/// See [`run`](super::run).
pub trait Stages: Sync {
    /// One part of the input.
    type Item: Send;
    /// What the scan of an item found.
    type Found: Send;
    /// What is to be made of the findings.
    type Plan: Send;
    /// What is carried from item to item in file order.
    type Seam: Send;
    /// What a worker needs for itself, such as a regex engine's cache.
    type Worker: Send;
    /// What the emitter gets.
    type Output: Output;

    /// Makes what one worker needs.
    fn worker(&self) -> Self::Worker;

    /// Looks at one item; in parallel, in any order.
    ///
    /// # Errors
    ///
    /// One that ends the run, behind the output of all items before.
    fn scan(&self, worker: &mut Self::Worker, item: &Self::Item) -> Result<Self::Found, Error>;

    /// Decides what becomes of the findings of one item; in order, one at a time.
    ///
    /// # Errors
    ///
    /// As [`scan`](Stages::scan).
    fn join(&self, seam: &mut Self::Seam, item: &Self::Item, found: Self::Found) -> Result<Joined<Self::Plan>, Error>;

    /// Makes the next piece of output. Returns true while there is more to come.
    ///
    /// # Errors
    ///
    /// As [`scan`](Stages::scan). The output holds what comes before the error.
    fn format(
        &self,
        worker: &mut Self::Worker,
        item: &Self::Item,
        plan: &mut Self::Plan,
        output: &mut Self::Output,
    ) -> Result<bool, Error>;

    /// What went wrong in a stage that it could not tell of itself, such as an engine that gave up in the middle of a
    /// text. It is asked for after each stage, and what the stage made is dropped.
    fn failure(&self) -> Option<Error> {
        None
    }

    /// How many bytes of memory an item takes. They count until the item is done with.
    fn item_size(&self, _item: &Self::Item) -> usize {
        0
    }

    /// How many bytes of memory findings take. They count until the item is done with.
    fn found_size(&self, _found: &Self::Found) -> usize {
        0
    }

    /// Takes back a plan that is done with, for its buffers.
    fn recycle(&self, _worker: &mut Self::Worker, _plan: Self::Plan) {}
}

/// What a stage made, unless something went wrong in it that it could not tell.
pub(super) fn checked<S: Stages, T>(stages: &S, result: Result<T, Error>) -> Result<T, Error> {
    stages.failure().map_or(result, Err)
}

/// Makes the next piece of output, or none where something went wrong.
pub(super) fn format<S: Stages>(
    stages: &S,
    worker: &mut S::Worker,
    (item, plan): (&S::Item, &mut S::Plan),
    output: &mut S::Output,
) -> Result<bool, Error> {
    let formatted = stages.format(worker, item, plan, output);
    match stages.failure() {
        Some(error) => {
            output.clear();
            Err(error)
        }
        None => formatted,
    }
}

/// A piece of output, emptied and used again once it was emitted.
///
/// # Examples
///
/// See [`run`](super::run).
pub trait Output: Send + Default {
    /// How many bytes of memory its content takes.
    fn size(&self) -> usize;

    /// Empties it; the memory may be kept.
    fn clear(&mut self);
}

/// What `join` decided about one item.
///
/// # Examples
///
/// See [`run`](super::run).
#[derive(Debug)]
pub struct Joined<P> {
    /// What to format; nothing when the item contributes no output.
    pub plan: Option<P>,
    /// True when no later item is wanted.
    pub last: bool,
}

impl<T: Send> Output for Vec<T> {
    fn size(&self) -> usize {
        self.len() * size_of::<T>()
    }

    fn clear(&mut self) {
        self.clear();
    }
}
