//! Running a pipeline: with workers, or on the calling thread alone.

use std::{ops::ControlFlow, sync::Arc};

use super::{
    stages::{Output, Stages, checked, format},
    workers::Engine,
};
use crate::{
    error::Error,
    scan::{
        cancel::Cancel,
        feed::{Feed, Polled, Signal},
        pool::Pool,
    },
};

/// How a run ended.
///
/// # Examples
///
/// See [`run`].
#[derive(Debug)]
pub struct Ended<S> {
    /// What `join` carried at the end.
    pub seam: S,
    /// The number of the item, counted from 0, that was the first of which not all output was emitted, when the
    /// emitter had enough or the run was cancelled.
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
    let seam = engine.into_seam();
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
        let found = checked(stages, stages.scan(&mut worker, &item))?;
        let joined = checked(stages, stages.join(&mut seam, &item, found))?;
        if let Some(mut plan) = joined.plan {
            let mut more = true;
            while more {
                output.clear();
                let formatted = format(stages, &mut worker, (&item, &mut plan), &mut output);
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
