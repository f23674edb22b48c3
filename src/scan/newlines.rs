//! Line ends: counting them as fast as memory allows, and finding lines by their numbers with all threads of a pool.

use std::ops::Range;

use super::{cache::CacheKeeper, cancel::Cancel, holes::Holes, pool::Pool, unordered::each_chunk};
pub use crate::simd::newlines::count;
use crate::{error::Error, mapping::Mapping};

/// How much of a file is counted in one step.
const STEP: usize = 4 << 20;

/// How many line ends there are in a part of a file, counted by all threads of a pool. When it is cancelled the number
/// means nothing.
///
/// # Errors
///
/// When the file was truncated.
pub(crate) fn count_in(
    mapping: &Mapping,
    range: Range<usize>,
    terminator: u8,
    pool: &Pool,
    cancel: Option<&Cancel>,
    keeper: &CacheKeeper<'_>,
) -> Result<u64, Error> {
    let counts = each_chunk(
        range,
        STEP,
        pool,
        cancel,
        || 0,
        |total, chunk| {
            *total += mapping.guarded(chunk.clone(), |bytes| count(bytes, terminator))?;
            keeper.done_with(chunk);
            Ok(true)
        },
    )?;
    Ok(counts.into_iter().sum())
}

/// The offset behind the `nth` terminator from an offset on, counted from 1; the offset itself for 0. None where there
/// are fewer terminators. All threads of the pool count.
///
/// # Errors
///
/// When the file was truncated.
///
/// # Complexity
///
/// Linear in the bytes up to there.
///
/// # Examples
///
/// ```
/// use mapgrep::{mapping::MapOptions, scan::{Pool, newlines}};
///
/// let mut text = MapOptions::new().len(12).map_anonymous()?;
/// text.write(b"one\ntwo\nthre")?;
/// let pool = Pool::default();
/// assert_eq!(newlines::after_nth(&text, 0, 2, b'\n', &pool)?, Some(8));
/// assert_eq!(newlines::after_nth(&text, 0, 3, b'\n', &pool)?, None);
/// # Ok::<(), mapgrep::Error>(())
/// ```
pub fn after_nth(mapping: &Mapping, from: usize, nth: u64, terminator: u8, pool: &Pool) -> Result<Option<u64>, Error> {
    const CHUNK: usize = 1 << 20;
    let holes = Holes::of(mapping, terminator);
    let (mut at, mut left) = (from, nth);
    // A few bytes are looked at by the calling thread.
    let mut batch = 64 << 10;
    while left > 0 && at < mapping.len() {
        if let Some(hole) = holes.around(at) {
            at = hole.end;
            continue;
        }
        let end = mapping.len().min(at.saturating_add(batch));
        let work = |counts: &mut Vec<(Range<usize>, u64)>, chunk: Range<usize>| {
            let found = mapping.guarded(chunk.clone(), |bytes| count(bytes, terminator))?;
            counts.push((chunk, found));
            Ok(true)
        };
        let mut counts: Vec<_> =
            each_chunk(at..end, CHUNK, pool, None, Vec::new, work)?.into_iter().flatten().collect();
        counts.sort_unstable_by_key(|(chunk, _)| chunk.start);
        for (chunk, found) in counts {
            if found >= left {
                let nth = |bytes: &[u8]| memchr::memchr_iter(terminator, bytes).nth(left as usize - 1);
                // Fewer than were counted, where the file was changed since.
                return Ok(mapping.guarded(chunk.clone(), nth)?.map(|found| (chunk.start + found) as u64 + 1));
            }
            left -= found;
        }
        at = end;
        batch = (4 * batch).min(64 << 20);
    }
    Ok((left == 0).then_some(at as u64))
}

/// Where the `nth` line from the end begins, counted from 1; the start of the file where there are fewer, and its end
/// for 0. A line end at the end of the file begins no line.
///
/// # Errors
///
/// When the file was truncated.
///
/// # Complexity
///
/// Linear in the bytes from there on.
///
/// # Examples
///
/// ```
/// use mapgrep::{mapping::MapOptions, scan::newlines};
///
/// let mut text = MapOptions::new().len(8).map_anonymous()?;
/// text.write(b"one\ntwo\n")?;
/// assert_eq!(newlines::start_of_nth_last(&text, 1, b'\n')?, 4);
/// # Ok::<(), mapgrep::Error>(())
/// ```
pub fn start_of_nth_last(mapping: &Mapping, nth: u64, terminator: u8) -> Result<u64, Error> {
    const CHUNK: usize = 256 << 10;
    let mut end = mapping.len();
    if nth == 0 || end == 0 {
        return Ok(end as u64);
    }
    // The one at the end of the file ends the last line, and is no border between two.
    let ends_with_one = mapping.guarded(end - 1..end, |last| last == [terminator])?;
    let mut left = nth + u64::from(ends_with_one);
    let holes = Holes::of(mapping, terminator);
    while end > 0 {
        if let Some(hole) = holes.around(end - 1) {
            end = hole.start;
            continue;
        }
        let start = end.saturating_sub(CHUNK);
        let found = mapping.guarded(start..end, |bytes| {
            let found = count(bytes, terminator);
            if found < left {
                return Err(found);
            }
            Ok(memchr::memrchr_iter(terminator, bytes).nth(left as usize - 1))
        })?;
        match found {
            Ok(Some(at)) => return Ok((start + at) as u64 + 1),
            // Fewer than were counted, where the file was changed since.
            Ok(None) => return Ok(start as u64),
            Err(found) => left -= found,
        }
        end = start;
    }
    Ok(0)
}
