//! Where a mapped file turns out to be binary.

use super::{lines, search::Grep};
use crate::{
    error::Error,
    mapping::Mapping,
    scan::{Cancel, cache::CacheKeeper, piece::Piece, pieces::Pieces, window::Window},
};

/// How many bytes at the start of a mapped file are looked at to tell whether it is binary.
const HEAD_BYTES: usize = 64 << 10;

/// The offset of the first NUL near the start of the text, which begins at `origin`.
pub(super) fn nul_at_start(mapping: &Mapping, origin: u64) -> Result<Option<u64>, Error> {
    let start = mapping.len().min(origin as usize);
    let head = start..mapping.len().min(start.saturating_add(HEAD_BYTES));
    let nul = mapping.guarded(head, |bytes| memchr::memchr(0, bytes))?;
    Ok(nul.map(|at| (start + at) as u64))
}

/// The first selected line with a NUL in the pieces of a file, and that NUL.
///
/// # Complexity
///
/// Linear in the pieces up to that line: a search for NUL, and one for matches in the lines that have one.
pub(super) fn first_line_with_nul(
    grep: &Grep,
    mapping: &Mapping,
    pieces: &Pieces<'_>,
    keeper: &CacheKeeper<'_>,
) -> Result<Option<(u64, u64)>, Error> {
    const STEP: u64 = 4 << 20;
    let terminator = grep.matcher.terminator();
    let mut cache = grep.matcher.create_cache();
    for range in pieces.ranges() {
        let piece = Piece { range: range.clone(), within: range.clone(), newlines: 0 };
        let window = Window::of_piece(mapping, piece, terminator);
        let (mut at, end) = (range.start as u64, range.end as u64);
        while at < end && !grep.options.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
            let step = at..end.min(at + STEP);
            let Some(nul) = window.first_nul(step.clone())? else {
                keeper.done_with(step.start as usize..step.end as usize);
                at = step.end;
                continue;
            };
            let line = window.line_start(nul)?..window.after_terminator(nul, end)?.unwrap_or(end);
            let mut is_selected = false;
            window.read(line.clone(), |bytes| {
                lines::select(&grep.matcher, &mut cache, bytes, grep.options.invert, |_| {
                    is_selected = true;
                    false
                });
            })?;
            if is_selected {
                return Ok(Some((line.start, nul)));
            }
            at = line.end;
        }
    }
    Ok(None)
}
