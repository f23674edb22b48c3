//! The threads of a pipeline: workers that take jobs from the queue, and the emitter.

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rayon::Scope;

use super::{
    queue::{Action, Job, Stage, State},
    stages::{Stages, checked, format},
};
use crate::{
    error::Error,
    scan::{
        cancel::Cancel,
        feed::{Feed, Signal},
    },
};

pub(super) struct Engine<'a, S: Stages> {
    stages: &'a S,
    state: Mutex<State<'a, S>>,
    cancel: Option<&'a Cancel>,
    signal: Arc<Signal>,
    max_workers: usize,
    max_slots: usize,
}

impl<'a, S: Stages> Engine<'a, S> {
    pub(super) fn new(
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
            state: Mutex::new(State::new(feed, seam)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<'a, S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_cancelled(&self) -> bool {
        self.cancel.is_some_and(Cancel::is_cancelled)
    }

    /// The emitter's side: hands over output in order until all is done. Returns the item in which it was stopped.
    pub(super) fn drive<'scope>(
        &'scope self,
        scope: &Scope<'scope>,
        emit: &mut dyn FnMut(&S::Output) -> ControlFlow<()>,
    ) -> Result<Option<usize>, Error> {
        // However this function is left, also by a panic in `emit`, the workers must learn of it.
        let _stop = StopOnDrop(self);
        let lend_a_hand = rayon::current_thread_index().is_some();
        loop {
            let seen = self.signal.count();
            // The lock is not held while the action is taken.
            let action = self.lock().next_action();
            match action {
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

    fn take_back(&self, output: S::Output) {
        self.lock().take_back(output);
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
        let (stage, size) = match checked(self.stages, self.stages.scan(worker, &item)) {
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
        let result = format(self.stages, worker, (&item, &mut plan), &mut output);
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
            let joined = checked(self.stages, self.stages.join(&mut seam, &item, found));
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

    /// What is carried at the end, once all workers have stopped. Passes a panic on: a worker may have panicked after
    /// the emitter had what it wanted.
    pub(super) fn into_seam(self) -> S::Seam {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(payload) = state.panic {
            resume_unwind(payload);
        }
        state.seam.expect("workers put the seam back before they return")
    }
}

struct StopOnDrop<'e, 'a, S: Stages>(&'e Engine<'a, S>);

impl<S: Stages> Drop for StopOnDrop<'_, '_, S> {
    fn drop(&mut self) {
        self.0.lock().stop = true;
    }
}
