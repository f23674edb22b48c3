//! Ordered, bounded, cancellable parallel execution: the pipeline behind [`Scanner`](crate::scan::Scanner) and
//! [`Grep`](crate::grep::Grep). Programs need it for work of their own on many items, such as a search of many files; to search
//! one file, they do not.
//!
//! A search is a pipeline over a sequence of items (chunks of a file, windows of a stream):
//!
//! 1. `scan` looks at one item; in parallel, in any order;
//! 2. `join` sees the findings in file order, one after the other, and decides what becomes of them; it is cheap;
//! 3. `format` turns an item and that decision into output; in parallel, and in pieces, so that an item whose output
//!    is far larger than itself does not fill the memory;
//! 4. `emit` takes the output in file order, on the thread that called [`run`].
//!
//! Nothing but "stop" flows back; a [`Cancel`] may say it too, at any time. Items are dispatched in ascending order and only while few of them are under way and
//! little output waits, which is what bounds the memory whatever a file holds. Workers never block: one that finds
//! nothing to do returns its thread to the pool, and whoever makes work available again spawns it anew. The caller,
//! when it is itself a worker of a rayon pool, lends a hand instead of waiting, so that a pool of one thread is enough.

use std::{
    any::Any,
    collections::VecDeque,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rayon::Scope;

pub use super::feed::Feed;
use super::{
    cancel::Cancel,
    feed::{Polled, Signal},
    pool::Pool,
};
use crate::error::Error;

/// How many bytes of output may wait for the emitter before no more is made, and how many of findings and output before
/// no further item is begun. What is being made when the limit is passed still comes on top: one piece, or the findings
/// of one item, for each worker.
const MAX_WAITING: usize = 8 << 20;

/// How many bytes of items may be under way before no further one is begun: windows of a stream are in memory, and those
/// with long lines are large.
const MAX_ITEMS: usize = 64 << 20;

/// What the stages of a pipeline do. The stages themselves are shared by all workers; what changes is handed to them.
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

/// A piece of output, emptied and used again once it was emitted.
pub trait Output: Send + Default {
    /// How many bytes of memory its content takes.
    fn size(&self) -> usize;

    /// Empties it; the memory may be kept.
    fn clear(&mut self);
}

/// What `join` decided about one item.
#[derive(Debug)]
pub struct Joined<P> {
    /// What to format; nothing when the item contributes no output.
    pub plan: Option<P>,
    /// True when no later item is wanted.
    pub last: bool,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended<S> {
    /// What `join` carried at the end.
    pub seam: S,
    /// The number of the item, counted from 0, that was the first of which not all output was emitted, when the emitter had
    /// enough or the run was cancelled.
    pub stopped_in: Option<usize>,
}

/// Runs a pipeline and returns what `join` carried at its end.
///
/// Only "stop" flows back: the emitter breaks, or `cancel` is cancelled. Nothing more is emitted then.
///
/// # Errors
///
/// Those of the feed and of the stages. Everything before the error has been emitted.
///
/// # Panics
///
/// A panic in any stage reaches the caller, after all workers have stopped.
///
/// # Complexity
///
/// Memory for `2 * threads + 2` items, and for 8 MiB of output that waits.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::{Error, scan::{Pool, ordered::{self, Feed, Joined, Output, Stages}}};
///
/// /// Tells the length of each word, and sums up all of them.
/// struct Lengths;
///
/// #[derive(Default)]
/// struct Text(String);
///
/// impl Output for Text {
///     fn size(&self) -> usize {
///         self.0.len()
///     }
///
///     fn clear(&mut self) {
///         self.0.clear();
///     }
/// }
///
/// impl Stages for Lengths {
///     type Item = &'static str;
///     type Found = usize;
///     type Plan = usize;
///     type Seam = usize;
///     type Worker = ();
///     type Output = Text;
///
///     fn worker(&self) {}
///
///     fn scan(&self, _: &mut (), word: &&'static str) -> Result<usize, Error> {
///         Ok(word.len())
///     }
///
///     fn join(&self, total: &mut usize, _: &&'static str, len: usize) -> Result<Joined<usize>, Error> {
///         *total += len;
///         Ok(Joined { plan: Some(len), last: false })
///     }
///
///     fn format(&self, _: &mut (), word: &&'static str, len: &mut usize, out: &mut Text) -> Result<bool, Error> {
///         out.0 += &format!("{word}: {len}\n");
///         Ok(false)
///     }
/// }
///
/// let words = Feed::direct(["one", "three"].into_iter().map(Ok));
/// let mut shown = String::new();
/// let ended = ordered::run(&Lengths, words, 0, &Pool::new(2), None, &mut |text: &Text| {
///     shown += &text.0;
///     ControlFlow::Continue(())
/// })?;
/// assert_eq!((shown.as_str(), ended.seam), ("one: 3\nthree: 5\n", 8));
/// # Ok::<(), mapgrep::Error>(())
/// ```
pub fn run<S: Stages>(
    stages: &S,
    feed: Feed<'_, S::Item>,
    seam: S::Seam,
    pool: &Pool,
    cancel: Option<&Cancel>,
    emit: &mut dyn FnMut(&S::Output) -> ControlFlow<()>,
) -> Result<Ended<S::Seam>, Error> {
    let is_alone = feed.blocks() || (pool.threads() == 1 && !feed.is_prefetched());
    let Some(crew) = (if is_alone { None } else { pool.crew() }) else {
        return run_inline(stages, feed, seam, cancel, emit);
    };
    let engine = Engine::new(stages, feed, seam, crew.threads(), cancel);
    let result = crew.in_place_scope(|scope| engine.drive(scope, emit));
    let state = engine.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    // A worker may have panicked after the emitter had what it wanted.
    if let Some(payload) = state.panic {
        resume_unwind(payload);
    }
    let seam = state.seam.expect("workers put the seam back before they return");
    result.map(|stopped_in| Ended { seam, stopped_in })
}

/// The same pipeline on the calling thread alone.
fn run_inline<S: Stages>(
    stages: &S,
    mut feed: Feed<'_, S::Item>,
    mut seam: S::Seam,
    cancel: Option<&Cancel>,
    emit: &mut dyn FnMut(&S::Output) -> ControlFlow<()>,
) -> Result<Ended<S::Seam>, Error> {
    let is_cancelled = || cancel.is_some_and(Cancel::is_cancelled);
    let signal = Arc::new(Signal::default());
    if feed.is_prefetched() {
        feed.wake(&signal);
        if let Some(cancel) = cancel {
            cancel.wake(&signal);
        }
    }
    let mut worker = stages.worker();
    let mut output = S::Output::default();
    for number in 0.. {
        let polled = loop {
            let seen = signal.count();
            if is_cancelled() {
                return Ok(Ended { seam, stopped_in: Some(number) });
            }
            match feed.poll() {
                Polled::Pending => signal.wait_past(seen),
                polled => break polled,
            }
        };
        let Polled::Item(item) = polled else { break };
        let item = item?;
        let found = stages.scan(&mut worker, &item)?;
        let joined = stages.join(&mut seam, &item, found)?;
        if let Some(mut plan) = joined.plan {
            let mut more = true;
            while more {
                output.clear();
                let formatted = stages.format(&mut worker, &item, &mut plan, &mut output);
                // What a stage makes that knows of the token itself may be half done then.
                let stopped = is_cancelled() || (output.size() > 0 && emit(&output).is_break());
                if stopped {
                    return Ok(Ended { seam, stopped_in: Some(number) });
                }
                more = formatted?;
            }
            stages.recycle(&mut worker, plan);
        }
        if joined.last {
            break;
        }
    }
    Ok(Ended { seam, stopped_in: None })
}

struct Engine<'a, S: Stages> {
    stages: &'a S,
    state: Mutex<State<'a, S>>,
    cancel: Option<&'a Cancel>,
    signal: Arc<Signal>,
    max_workers: usize,
    max_slots: usize,
}

struct State<'a, S: Stages> {
    feed: Feed<'a, S::Item>,
    /// No more items will be taken from the feed.
    exhausted: bool,
    /// Everyone is to return as soon as possible.
    stop: bool,
    /// The items under way, in file order.
    slots: VecDeque<Slot<S>>,
    /// The number of the item in the first slot, counted from 0 over the whole run.
    first: usize,
    /// The number of the item that is joined next.
    to_join: usize,
    /// Missing while a worker joins.
    seam: Option<S::Seam>,
    workers: usize,
    /// Bytes of output in all slots.
    waiting: usize,
    /// Bytes of findings in all slots.
    held: usize,
    /// Bytes of items in all slots.
    items: usize,
    spare_outputs: Vec<S::Output>,
    spare_workers: Vec<S::Worker>,
    panic: Option<Box<dyn Any + Send>>,
}

struct Slot<S: Stages> {
    stage: Stage<S>,
    outputs: VecDeque<S::Output>,
    /// Bytes of findings, until they are done with.
    held: usize,
    /// Bytes of the item, until it is done with.
    item: usize,
}

enum Stage<S: Stages> {
    /// In a worker's hands.
    Busy,
    Found(S::Item, S::Found),
    Ready(S::Item, S::Plan),
    Finished,
    Failed(Error),
}

enum Job<S: Stages> {
    Scan(usize, S::Item),
    Format(usize, S::Item, S::Plan, S::Output),
}

/// What the emitter does next.
enum Action<O> {
    /// The output is of the item with this number.
    Emit(usize, O),
    Fail(Error),
    Panic(Box<dyn Any + Send>),
    Done,
    Idle,
}

impl<'a, S: Stages> Engine<'a, S> {
    fn new(
        stages: &'a S,
        mut feed: Feed<'a, S::Item>,
        seam: S::Seam,
        threads: usize,
        cancel: Option<&'a Cancel>,
    ) -> Self {
        let signal = Arc::new(Signal::default());
        feed.wake(&signal);
        if let Some(cancel) = cancel {
            cancel.wake(&signal);
        }
        Engine {
            stages,
            cancel,
            signal,
            max_workers: threads,
            // Enough that no worker waits while another is at work on a slower chunk, and few enough that the
            // findings of a file in which every line matches stay small.
            max_slots: 2 * threads + 2,
            state: Mutex::new(State {
                feed,
                exhausted: false,
                stop: false,
                slots: VecDeque::new(),
                first: 0,
                to_join: 0,
                seam: Some(seam),
                workers: 0,
                waiting: 0,
                held: 0,
                items: 0,
                spare_outputs: vec![],
                spare_workers: vec![],
                panic: None,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<'a, S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(Cancel::is_cancelled)
    }

    /// The emitter's side: hands over output in order until all is done. Returns the item in which it was stopped.
    fn drive<'scope>(
        &'scope self,
        scope: &Scope<'scope>,
        emit: &mut dyn FnMut(&S::Output) -> ControlFlow<()>,
    ) -> Result<Option<usize>, Error> {
        // However this function is left, also by a panic in `emit`, the workers must learn of it.
        let _stop = StopOnDrop(self);
        let lend_a_hand = rayon::current_thread_index().is_some();
        loop {
            let seen = self.signal.count();
            match self.next_action() {
                Action::Panic(payload) => resume_unwind(payload),
                // Asked after the output was taken: what a stage makes that knows of the token itself may be half done.
                Action::Emit(number, _) if self.is_cancelled() => return Ok(Some(number)),
                _ if self.is_cancelled() => return Ok(Some(self.lock().first)),
                Action::Emit(_, output) => {
                    let flow = emit(&output);
                    self.take_back(output);
                    if flow.is_break() {
                        return Ok(Some(self.lock().first));
                    }
                    self.spawn_workers(scope, 0);
                }
                Action::Fail(error) => return Err(error),
                Action::Done => return Ok(None),
                Action::Idle => {
                    self.spawn_workers(scope, 0);
                    if !(lend_a_hand && self.work_once(scope)) {
                        self.signal.wait_past(seen);
                    }
                }
            }
        }
    }

    fn next_action(&self) -> Action<S::Output> {
        let mut state = self.lock();
        if let Some(payload) = state.panic.take() {
            return Action::Panic(payload);
        }
        let exhausted = state.exhausted;
        let Some(front) = state.slots.front_mut() else {
            return if exhausted { Action::Done } else { Action::Idle };
        };
        if let Some(output) = front.outputs.pop_front() {
            return Action::Emit(state.first, output);
        }
        if let Stage::Failed(_) = front.stage {
            let Stage::Failed(error) = std::mem::replace(&mut front.stage, Stage::Finished) else { unreachable!() };
            return Action::Fail(error);
        }
        Action::Idle
    }

    fn take_back(&self, mut output: S::Output) {
        let mut state = self.lock();
        state.waiting -= output.size();
        output.clear();
        state.spare_outputs.push(output);
        state.retire();
    }

    /// Spawns as many workers as there is work for, less those that will be found at work anyway.
    fn spawn_workers<'scope>(&'scope self, scope: &Scope<'scope>, at_hand: usize) {
        let wanted = {
            let mut state = self.lock();
            let jobs = state.jobs(self.max_slots).saturating_sub(at_hand);
            let wanted = jobs.min(self.max_workers - state.workers);
            state.workers += wanted;
            wanted
        };
        for _ in 0..wanted {
            scope.spawn(move |scope| self.work(scope));
        }
    }

    fn work<'scope>(&'scope self, scope: &Scope<'scope>) {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.work_until_idle(scope)));
        if let Err(payload) = outcome {
            let mut state = self.lock();
            state.workers -= 1;
            state.stop = true;
            state.panic.get_or_insert(payload);
            drop(state);
            self.signal.raise();
        }
    }

    fn work_until_idle<'scope>(&'scope self, scope: &Scope<'scope>) {
        let spare = self.lock().spare_workers.pop();
        let mut worker = spare.unwrap_or_else(|| self.stages.worker());
        loop {
            let mut state = self.lock();
            let Some(job) = self.take_job(&mut state) else {
                state.workers -= 1;
                state.spare_workers.push(worker);
                return;
            };
            drop(state);
            self.run_job(scope, &mut worker, job);
        }
    }

    fn take_job(&self, state: &mut State<'a, S>) -> Option<Job<S>> {
        // The emitter may be busy for long with what it has, and is not waited for.
        if self.is_cancelled() { None } else { state.take_job(self.stages, self.max_slots, &self.signal) }
    }

    /// One job on the calling thread; false when there is none.
    fn work_once<'scope>(&'scope self, scope: &Scope<'scope>) -> bool {
        let mut state = self.lock();
        let Some(job) = self.take_job(&mut state) else { return false };
        let spare = state.spare_workers.pop();
        drop(state);
        let mut worker = spare.unwrap_or_else(|| self.stages.worker());
        self.run_job(scope, &mut worker, job);
        self.lock().spare_workers.push(worker);
        true
    }

    fn run_job<'scope>(&'scope self, scope: &Scope<'scope>, worker: &mut S::Worker, job: Job<S>) {
        match job {
            Job::Scan(number, item) => self.scan(worker, number, item),
            Job::Format(number, item, plan, output) => self.format(worker, number, item, plan, output),
        }
        // This worker takes one job itself.
        self.spawn_workers(scope, 1);
    }

    fn scan(&self, worker: &mut S::Worker, number: usize, item: S::Item) {
        let (stage, size) = match self.stages.scan(worker, &item) {
            Ok(found) => {
                let size = self.stages.found_size(&found);
                (Stage::Found(item, found), size)
            }
            Err(error) => (Stage::Failed(error), 0),
        };
        let mut state = self.lock();
        state.set(number, stage);
        state.hold(number, size);
        self.join_what_is_next(state);
    }

    fn format(&self, worker: &mut S::Worker, number: usize, item: S::Item, mut plan: S::Plan, mut output: S::Output) {
        let result = self.stages.format(worker, &item, &mut plan, &mut output);
        let stage = match result {
            Ok(true) => Stage::Ready(item, plan),
            Ok(false) => {
                self.stages.recycle(worker, plan);
                Stage::Finished
            }
            Err(error) => Stage::Failed(error),
        };
        let mut state = self.lock();
        state.put_output(number, output);
        state.set(number, stage);
        state.retire();
        let wake = state.wants_emitter();
        drop(state);
        if wake {
            self.signal.raise();
        }
    }

    /// Joins findings in file order for as long as the next ones are there. One worker at a time does it; another that
    /// comes meanwhile leaves its findings to it.
    fn join_what_is_next<'e>(&'e self, mut state: MutexGuard<'e, State<'a, S>>) {
        loop {
            let number = state.to_join;
            if !matches!(state.slot(number).map(|slot| &slot.stage), Some(Stage::Found(..))) {
                break;
            }
            let Some(mut seam) = state.seam.take() else { break };
            let slot = state.slot(number).expect("the slot that was just looked at");
            let Stage::Found(item, found) = std::mem::replace(&mut slot.stage, Stage::Busy) else { unreachable!() };
            drop(state);
            let joined = self.stages.join(&mut seam, &item, found);
            state = self.lock();
            state.seam = Some(seam);
            state.to_join += 1;
            match joined {
                Ok(joined) => {
                    if joined.last {
                        state.end_after(number);
                    }
                    state.set(number, joined.plan.map_or(Stage::Finished, |plan| Stage::Ready(item, plan)));
                }
                Err(error) => state.set(number, Stage::Failed(error)),
            }
        }
        state.retire();
        let wake = state.wants_emitter();
        drop(state);
        if wake {
            self.signal.raise();
        }
    }
}

impl<S: Stages> State<'_, S> {
    fn slot(&mut self, number: usize) -> Option<&mut Slot<S>> {
        self.slots.get_mut(number.checked_sub(self.first)?)
    }

    /// Sets what became of an item, unless the item was dropped because the run ends before it.
    fn set(&mut self, number: usize, stage: Stage<S>) {
        if matches!(stage, Stage::Failed(_)) {
            self.end_after(number);
        }
        let is_done = matches!(stage, Stage::Failed(_) | Stage::Finished);
        if is_done {
            self.hold(number, 0);
        }
        if let Some(slot) = self.slot(number) {
            slot.stage = stage;
            let item = if is_done { std::mem::take(&mut slot.item) } else { 0 };
            self.items -= item;
        }
    }

    /// Notes how much memory the findings of an item take.
    fn hold(&mut self, number: usize, size: usize) {
        if let Some(slot) = self.slot(number) {
            let before = std::mem::replace(&mut slot.held, size);
            self.held = self.held - before + size;
        }
    }

    fn put_output(&mut self, number: usize, mut output: S::Output) {
        let size = output.size();
        match self.slot(number) {
            Some(slot) if size > 0 => {
                slot.outputs.push_back(output);
                self.waiting += size;
            }
            _ => {
                output.clear();
                self.spare_outputs.push(output);
            }
        }
    }

    /// Drops all items behind `number`, and takes no more.
    fn end_after(&mut self, number: usize) {
        self.exhausted = true;
        let keep = (number + 1).saturating_sub(self.first);
        for slot in self.slots.drain(keep.min(self.slots.len())..) {
            self.waiting -= slot.outputs.iter().map(Output::size).sum::<usize>();
            self.held -= slot.held;
            self.items -= slot.item;
        }
    }

    /// Forgets the items at the front that are finished and whose output was emitted.
    fn retire(&mut self) {
        while let Some(Slot { stage: Stage::Finished, outputs, .. }) = self.slots.front()
            && outputs.is_empty()
        {
            self.slots.pop_front();
            self.first += 1;
        }
    }

    fn is_done(&self) -> bool {
        self.exhausted && self.slots.is_empty()
    }

    /// True when there is something for the emitter to do.
    fn wants_emitter(&self) -> bool {
        match self.slots.front() {
            Some(front) => !front.outputs.is_empty() || matches!(front.stage, Stage::Failed(_)),
            None => self.exhausted,
        }
    }

    /// True when the output of slot `index` may be made now.
    fn may_format(&self, index: usize) -> bool {
        match &self.slots[index] {
            Slot { stage: Stage::Ready(..), outputs, .. } => {
                self.waiting < MAX_WAITING || (index == 0 && outputs.is_empty())
            }
            _ => false,
        }
    }

    fn may_scan(&self, max_slots: usize) -> bool {
        !self.exhausted
            && self.slots.len() < max_slots
            && self.waiting + self.held < MAX_WAITING
            && self.items < MAX_ITEMS
    }

    /// How many jobs could be started now; an estimate, since items may turn out to be fewer.
    fn jobs(&self, max_slots: usize) -> usize {
        if self.stop {
            return 0;
        }
        let formats = (0..self.slots.len()).filter(|&index| self.may_format(index)).count();
        let scans = if self.may_scan(max_slots) { self.feed.ready(max_slots - self.slots.len()) } else { 0 };
        formats + scans
    }

    fn take_job(&mut self, stages: &S, max_slots: usize, signal: &Signal) -> Option<Job<S>> {
        if self.stop {
            return None;
        }
        if let Some(index) = (0..self.slots.len()).find(|&index| self.may_format(index)) {
            let Stage::Ready(item, plan) = std::mem::replace(&mut self.slots[index].stage, Stage::Busy) else {
                unreachable!()
            };
            let output = self.spare_outputs.pop().unwrap_or_default();
            return Some(Job::Format(self.first + index, item, plan, output));
        }
        if !self.may_scan(max_slots) {
            return None;
        }
        let number = self.first + self.slots.len();
        match self.feed.poll() {
            Polled::Item(Ok(item)) => {
                let size = stages.item_size(&item);
                self.items += size;
                self.slots.push_back(Slot { stage: Stage::Busy, outputs: VecDeque::new(), held: 0, item: size });
                Some(Job::Scan(number, item))
            }
            Polled::Item(Err(error)) => {
                self.slots.push_back(Slot { stage: Stage::Busy, outputs: VecDeque::new(), held: 0, item: 0 });
                self.set(number, Stage::Failed(error));
                signal.raise();
                None
            }
            Polled::Pending => None,
            Polled::End => {
                self.exhausted = true;
                if self.is_done() {
                    signal.raise();
                }
                None
            }
        }
    }
}

struct StopOnDrop<'e, 'a, S: Stages>(&'e Engine<'a, S>);

impl<S: Stages> Drop for StopOnDrop<'_, '_, S> {
    fn drop(&mut self) {
        self.0.lock().stop = true;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// What happens to the item with a number.
    #[derive(Clone, Copy, PartialEq)]
    enum Fault {
        None,
        FailsToScan(usize),
        FailsToFormat(usize),
        PanicsInFormat(usize),
        PanicsInJoin(usize),
    }

    /// Formats each number as that many bytes of itself, in pieces of one byte.
    struct Numbers(Fault);

    impl Stages for Numbers {
        type Item = usize;
        type Found = usize;
        type Plan = (usize, usize);
        type Seam = usize;
        type Worker = ();
        type Output = Vec<u8>;

        fn worker(&self) {}

        fn scan(&self, (): &mut (), &item: &usize) -> Result<usize, Error> {
            // Later items are often done first.
            std::thread::sleep(Duration::from_micros(if item % 3 == 0 { 300 } else { 0 }));
            if self.0 == Fault::FailsToScan(item) { Err(Error::truncated(item as u64)) } else { Ok(item) }
        }

        /// Decides what becomes of the findings of one item; in order, one at a time.
        ///
        /// # Errors
        ///
        /// As [`scan`](Stages::scan).
        fn join(&self, seam: &mut usize, _: &usize, found: usize) -> Result<Joined<(usize, usize)>, Error> {
            assert!(self.0 != Fault::PanicsInJoin(found), "join of {found}");
            assert_eq!(*seam, found, "items are joined in order");
            *seam += 1;
            Ok(Joined { plan: Some((found, found % 5)), last: false })
        }

        fn format(
            &self,
            (): &mut (),
            &item: &usize,
            plan: &mut (usize, usize),
            output: &mut Vec<u8>,
        ) -> Result<bool, Error> {
            assert!(output.is_empty(), "output is used again without having been emptied");
            assert!(self.0 != Fault::PanicsInFormat(item), "format of {item}");
            output.push(item as u8);
            if self.0 == Fault::FailsToFormat(item) {
                return Err(Error::truncated(item as u64));
            }
            plan.1 = plan.1.saturating_sub(1);
            Ok(plan.1 > 0)
        }

        fn found_size(&self, _: &usize) -> usize {
            3 << 20
        }
    }

    fn run_numbers(fault: Fault, count: usize, threads: usize, stop_after: usize) -> (Vec<u8>, Result<usize, Error>) {
        let mut emitted = vec![];
        let feed = Feed::direct((0..count).map(Ok));
        let result = run(&Numbers(fault), feed, 0, &Pool::new(threads), None, &mut |output: &Vec<u8>| {
            emitted.extend_from_slice(output);
            if emitted.len() >= stop_after { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (emitted, result.map(|ended| ended.seam))
    }

    fn expected(count: usize) -> Vec<u8> {
        (0..count).flat_map(|item| vec![item as u8; (item % 5).max(1)]).collect()
    }

    #[test]
    fn output_comes_in_order_whatever_the_number_of_threads() {
        for threads in 1..=8 {
            let (emitted, result) = run_numbers(Fault::None, 100, threads, usize::MAX);
            assert_eq!(emitted, expected(100));
            assert_eq!(result.unwrap(), 100);
        }
    }

    #[test]
    fn what_comes_before_an_error_is_emitted_and_nothing_else() {
        for threads in [1, 2, 4] {
            for round in 0..20 {
                for fault in [Fault::FailsToScan(round), Fault::FailsToFormat(round)] {
                    let (emitted, result) = run_numbers(fault, 40, threads, usize::MAX);
                    let mut before = expected(round);
                    // What the stage has left in its output belongs to it.
                    before.extend(matches!(fault, Fault::FailsToFormat(_)).then_some(round as u8));
                    assert_eq!(emitted, before);
                    assert_eq!(result.unwrap_err().offset(), Some(round as u64));
                }
            }
        }
    }

    #[test]
    fn a_panic_of_a_worker_reaches_the_caller() {
        for fault in [Fault::PanicsInFormat(7), Fault::PanicsInJoin(7)] {
            for threads in [1, 2, 4] {
                let caught = catch_unwind(|| run_numbers(fault, 40, threads, usize::MAX));
                let message = *caught.unwrap_err().downcast::<String>().unwrap();
                assert!(message.ends_with("of 7"), "{message}");
            }
        }
    }

    #[test]
    fn a_stop_ends_the_run_where_it_was_asked_for() {
        for threads in [1, 2, 4] {
            for stop_after in 1..30 {
                let (emitted, result) = run_numbers(Fault::None, 1_000, threads, stop_after);
                assert!(result.is_ok());
                assert_eq!(emitted, &expected(1_000)[..stop_after]);
            }
        }
    }

    #[test]
    fn a_panic_after_the_stop_is_not_lost() {
        let finished = |fault| {
            catch_unwind(|| {
                let feed = Feed::direct((0..8).map(Ok));
                let wait = || {
                    // The workers have come to the item that panics by now.
                    std::thread::sleep(Duration::from_millis(30));
                    ControlFlow::Break(())
                };
                run(&Numbers(fault), feed, 0, &Pool::new(4), None, &mut |_: &Vec<u8>| wait()).map(|_| ())
            })
        };
        assert!(finished(Fault::None).is_ok());
        assert!(finished(Fault::PanicsInFormat(1)).is_err());
    }

    #[test]
    fn a_cancelled_run_emits_a_prefix_and_returns_what_was_carried() {
        for threads in [1, 2, 4] {
            for cancel_after in 1..30 {
                let (cancel, mut emitted) = (Cancel::new(), vec![]);
                let feed = Feed::direct((0..1_000_000).map(Ok));
                let mut emit = |output: &Vec<u8>| {
                    emitted.extend_from_slice(output);
                    if emitted.len() == cancel_after {
                        cancel.cancel();
                    }
                    ControlFlow::Continue(())
                };
                let carried = run(&Numbers(Fault::None), feed, 0, &Pool::new(threads), Some(&cancel), &mut emit);
                assert!((1..100).contains(&carried.unwrap().seam));
                assert_eq!(emitted, &expected(100)[..cancel_after]);
            }
        }
    }

    #[test]
    fn a_run_that_was_cancelled_before_it_began_looks_at_nothing() {
        let cancel = Cancel::new();
        cancel.cancel();
        for threads in [1, 3] {
            let feed = Feed::direct((0..9).map(|_| -> Result<usize, Error> { panic!("an item was asked for") }));
            let carried =
                run(&Numbers(Fault::None), feed, 7, &Pool::new(threads), Some(&cancel), &mut |_: &Vec<u8>| {
                    panic!("something was emitted")
                });
            assert_eq!(carried.unwrap().seam, 7);
        }
    }

    /// Reading from a pipe that says nothing is what the items stand for.
    #[test]
    fn a_run_that_waits_for_its_input_is_woken() {
        let (sender, items) = std::sync::mpsc::channel::<usize>();
        for _ in 0..3 {
            sender.send(0).unwrap();
        }
        let cancel = Cancel::new();
        let feed = Feed::prefetched(items.into_iter().enumerate().map(|(number, _)| Ok(number)), 2, |_| 0);
        let mut emitted = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                cancel.cancel();
            });
            let carried = run(&Numbers(Fault::None), feed, 0, &Pool::new(2), Some(&cancel), &mut |output: &Vec<u8>| {
                emitted += output.len();
                ControlFlow::Continue(())
            });
            assert!(carried.is_ok());
        });
        assert!(emitted <= 4);
        drop(sender);
    }
}
