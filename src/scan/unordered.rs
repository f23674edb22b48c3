//! Work on the parts of a file whose order does not matter, with all threads.

use std::{
    ops::Range,
    sync::{Mutex, PoisonError},
};

use super::{cancel::Cancel, chunk::Chunks, pool::Pool};
use crate::error::Error;

/// Runs `work` on all chunks of a range, until it says that there is no more to do, and returns what each thread has
/// made of its share. When it is cancelled, only a part has been worked on.
///
/// # Errors
///
/// The first error of `work`. The chunks that are left are not begun then.
pub(crate) fn each_chunk<S: Send>(
    range: Range<usize>,
    size: usize,
    pool: &Pool,
    cancel: Option<&Cancel>,
    start: impl Fn() -> S + Sync,
    work: impl Fn(&mut S, Range<usize>) -> Result<bool, Error> + Sync,
) -> Result<Vec<S>, Error> {
    let chunks = Mutex::new(Chunks::within(range.clone(), size));
    let ended = Mutex::new((vec![], None));
    let run = || {
        let lock = || chunks.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = start();
        // The lock is held for as long as it takes to get the next chunk.
        while !cancel.is_some_and(Cancel::is_cancelled)
            && let Some(chunk) = { lock().next() }
        {
            let worked = work(&mut state, chunk);
            if !matches!(worked, Ok(true)) {
                *lock() = Chunks::within(0..0, size);
            }
            if let Err(error) = worked {
                ended.lock().unwrap_or_else(PoisonError::into_inner).1.get_or_insert(error);
            }
        }
        ended.lock().unwrap_or_else(PoisonError::into_inner).0.push(state);
    };
    let crew = if pool.threads() == 1 || range.len() <= size { None } else { pool.crew() };
    match crew {
        None => run(),
        Some(crew) => {
            let run = &run;
            crew.in_place_scope(|scope| {
                for _ in 0..crew.threads() {
                    scope.spawn(move |_| run());
                }
            });
        }
    }
    match ended.into_inner().unwrap_or_else(PoisonError::into_inner) {
        (_, Some(error)) => Err(error),
        (states, None) => Ok(states),
    }
}
