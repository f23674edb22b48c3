//! Formatting a line that no worker could, on the thread that takes the output.

use std::{cell::RefCell, ops::ControlFlow};

use crate::{
    error::Error,
    grep::{
        core::Core,
        format::{Line, LineKind, LongMatches},
        lines,
        output::{LongLine, Matches},
    },
    mapping::Mapping,
    matcher::{Cursor, Reach},
    scan::Cancel,
    span::Span,
};

/// Formats and emits a long line. Says whether all of it was emitted.
pub(crate) fn emit_long(
    core: &Core<'_>,
    mapping: &Mapping,
    line: &LongLine,
    emit: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> Result<(ControlFlow<()>, bool), Error> {
    let LongLine { kind, ref range, number, ref matches } = *line;
    let matcher = core.matcher;
    let (mut flow, mut is_whole, mut failed) = (ControlFlow::Continue(()), true, None);
    // A match on several lines is judged by what is around them.
    let around = match matches {
        Matches::Unwanted | Matches::OnLine => range.clone(),
        Matches::From(_) => {
            let behind = matcher.longest().map_or(u64::MAX, |longest| range.end.saturating_add(longest as u64));
            range.start.saturating_sub(Reach::LOOK_BEHIND as u64)..behind.min(mapping.len() as u64)
        }
    };
    let before = (range.start - around.start) as usize;
    mapping.read_before_fault(around.start as usize..around.end as usize, |around| {
        let bytes = &around[before..before + (range.end - range.start) as usize];
        let end = core.end_of_matches(bytes, range.end) - range.start;
        let cache = RefCell::new(matcher.create_cache());
        let walk = |each: &mut dyn FnMut(Span) -> ControlFlow<()>| {
            let cache = &mut cache.borrow_mut();
            match *matches {
                Matches::Unwanted => {}
                Matches::OnLine => lines::each_match_in(matcher, cache, bytes, |m| {
                    !core.match_range.contains(range.start + m.start as u64) || each(m).is_continue()
                }),
                Matches::From(first) => {
                    let cursor = Cursor::new(before + (first - range.start) as usize);
                    matcher.each_match(cache, around, cursor, |m| {
                        let is_inside = m.start < before + end as usize;
                        is_inside && each(Span::new(m.start - before, m.end - before)).is_continue()
                    });
                }
            }
        };
        let matches = LongMatches::new(&walk);
        let line = Line { kind, bytes, offset: range.start, skipped: 0, number, matches: &[] };
        core.format.long_line(&line, &matches, &mut |piece| {
            if core.options.cancel.as_ref().is_some_and(Cancel::is_cancelled) {
                flow = ControlFlow::Break(());
            }
            if flow.is_break() || failed.is_some() || piece.is_empty() {
                is_whole &= piece.is_empty();
                return;
            }
            match mapping.check_intact(range.end as usize) {
                Ok(()) => flow = emit(piece),
                Err(error) => failed = Some(error),
            }
        });
        if kind == LineKind::Match && core.wants_matches {
            core.add_formatted(0, matches.count());
        }
    })?;
    failed.map_or(Ok((flow, is_whole)), Err)
}
