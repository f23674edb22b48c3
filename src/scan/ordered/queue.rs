//! The items under way: how far each has come, how much memory they take, and what is to be done next.

use std::{any::Any, collections::VecDeque};

use super::stages::{Output, Stages};
use crate::{
    error::Error,
    scan::feed::{Feed, Polled, Signal},
};

/// How many bytes of output may wait for the emitter before no more is made, and how many of findings and output before
/// no further item is begun. What is being made when the limit is passed still comes on top: one piece, or the findings
/// of one item, for each worker.
const MAX_WAITING: usize = 8 << 20;

/// How many bytes of items may be under way before no further one is begun: windows of a stream are in memory, and
/// those with long lines are large.
const MAX_ITEMS: usize = 64 << 20;

pub(super) struct State<'a, S: Stages> {
    pub(super) feed: Feed<'a, S::Item>,
    /// No more items will be taken from the feed.
    pub(super) exhausted: bool,
    /// Everyone is to return as soon as possible.
    pub(super) stop: bool,
    /// The items under way, in file order.
    pub(super) slots: VecDeque<Slot<S>>,
    /// The number of the item in the first slot, counted from 0 over the whole run.
    pub(super) first: usize,
    /// The number of the item that is joined next.
    pub(super) to_join: usize,
    /// Missing while a worker joins.
    pub(super) seam: Option<S::Seam>,
    pub(super) workers: usize,
    /// Bytes of output in all slots.
    pub(super) waiting: usize,
    /// Bytes of findings in all slots.
    pub(super) held: usize,
    /// Bytes of items in all slots.
    pub(super) items: usize,
    pub(super) spare_outputs: Vec<S::Output>,
    pub(super) spare_workers: Vec<S::Worker>,
    pub(super) panic: Option<Box<dyn Any + Send>>,
}

pub(super) struct Slot<S: Stages> {
    pub(super) stage: Stage<S>,
    pub(super) outputs: VecDeque<S::Output>,
    /// Bytes of findings, until they are done with.
    pub(super) held: usize,
    /// Bytes of the item, until it is done with.
    pub(super) item: usize,
}

pub(super) enum Stage<S: Stages> {
    /// In a worker's hands.
    Busy,
    Found(S::Item, S::Found),
    Ready(S::Item, S::Plan),
    Finished,
    Failed(Error),
}

pub(super) enum Job<S: Stages> {
    Scan(usize, S::Item),
    Format(usize, S::Item, S::Plan, S::Output),
}

/// What the emitter does next.
pub(super) enum Action<O> {
    /// The output is of the item with this number.
    Emit(usize, O),
    Fail(Error),
    Panic(Box<dyn Any + Send>),
    Done,
    Idle,
}

impl<'a, S: Stages> State<'a, S> {
    pub(super) fn new(feed: Feed<'a, S::Item>, seam: S::Seam) -> Self {
        State {
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
        }
    }

    pub(super) fn slot(&mut self, number: usize) -> Option<&mut Slot<S>> {
        self.slots.get_mut(number.checked_sub(self.first)?)
    }

    /// Sets what became of an item, unless the item was dropped because the run ends before it.
    pub(super) fn set(&mut self, number: usize, stage: Stage<S>) {
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

    /// What the emitter does next.
    pub(super) fn next_action(&mut self) -> Action<S::Output> {
        if let Some(payload) = self.panic.take() {
            return Action::Panic(payload);
        }
        let Some(front) = self.slots.front_mut() else {
            return if self.exhausted { Action::Done } else { Action::Idle };
        };
        if let Some(output) = front.outputs.pop_front() {
            return Action::Emit(self.first, output);
        }
        if let Stage::Failed(_) = front.stage {
            let Stage::Failed(error) = std::mem::replace(&mut front.stage, Stage::Finished) else { unreachable!() };
            return Action::Fail(error);
        }
        Action::Idle
    }

    /// Takes output back that was emitted.
    pub(super) fn take_back(&mut self, mut output: S::Output) {
        self.waiting -= output.size();
        output.clear();
        self.spare_outputs.push(output);
        self.retire();
    }

    /// Notes how much memory the findings of an item take.
    pub(super) fn hold(&mut self, number: usize, size: usize) {
        if let Some(slot) = self.slot(number) {
            let before = std::mem::replace(&mut slot.held, size);
            self.held = self.held - before + size;
        }
    }

    pub(super) fn put_output(&mut self, number: usize, mut output: S::Output) {
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
    pub(super) fn end_after(&mut self, number: usize) {
        self.exhausted = true;
        let keep = (number + 1).saturating_sub(self.first);
        for slot in self.slots.drain(keep.min(self.slots.len())..) {
            self.waiting -= slot.outputs.iter().map(Output::size).sum::<usize>();
            self.held -= slot.held;
            self.items -= slot.item;
        }
    }

    /// Forgets the items at the front that are finished and whose output was emitted.
    pub(super) fn retire(&mut self) {
        while let Some(Slot { stage: Stage::Finished, outputs, .. }) = self.slots.front()
            && outputs.is_empty()
        {
            self.slots.pop_front();
            self.first += 1;
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.exhausted && self.slots.is_empty()
    }

    /// True when there is something for the emitter to do.
    pub(super) fn wants_emitter(&self) -> bool {
        match self.slots.front() {
            Some(front) => !front.outputs.is_empty() || matches!(front.stage, Stage::Failed(_)),
            None => self.exhausted,
        }
    }

    /// True when the output of slot `index` may be made now.
    pub(super) fn may_format(&self, index: usize) -> bool {
        match &self.slots[index] {
            Slot { stage: Stage::Ready(..), outputs, .. } => {
                self.waiting < MAX_WAITING || (index == 0 && outputs.is_empty())
            }
            _ => false,
        }
    }

    pub(super) fn may_scan(&self, max_slots: usize) -> bool {
        !self.exhausted
            && self.slots.len() < max_slots
            && self.waiting + self.held < MAX_WAITING
            && self.items < MAX_ITEMS
    }

    /// How many jobs could be started now; an estimate, since items may turn out to be fewer.
    pub(super) fn jobs(&self, max_slots: usize) -> usize {
        if self.stop {
            return 0;
        }
        let formats = (0..self.slots.len()).filter(|&index| self.may_format(index)).count();
        let scans = if self.may_scan(max_slots) { self.feed.ready(max_slots - self.slots.len()) } else { 0 };
        formats + scans
    }

    pub(super) fn take_job(&mut self, stages: &S, max_slots: usize, signal: &Signal) -> Option<Job<S>> {
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
