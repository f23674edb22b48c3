//! Joining the parts of a long line in file order.

use std::ops::ControlFlow;

use super::{
    open::OpenLine,
    split::{Begin, PartFound, PartMatches, Parts},
};
use crate::{
    error::Error,
    grep::mode::line_mode::{LineMode, LineStep},
    scan::{seam::Matches, window::Part},
    span::FileMatch,
};

/// Takes the next part of the long line that is open.
pub(crate) fn join_part<M: LineMode>(
    mode: &M,
    parts: &Parts<'_>,
    step: &mut LineStep<'_, '_>,
    found: PartFound,
) -> Result<ControlFlow<()>, Error> {
    // A line that begins before the range is not searched.
    let Some(mut open) = step.seam.own.take() else { return Ok(ControlFlow::Continue(())) };
    let PartFound { part, matches } = found;
    let matcher = mode.core().matcher;
    match matches {
        PartMatches::Any(any) => open.any |= any,
        PartMatches::Unsearched => {
            // The match may have been on another line.
            open.any = open.any || parts.has_match(&mut matcher.create_cache(), step.window, &part)?;
        }
        PartMatches::Every(matches) => {
            let matches = reconcile(mode, parts, step, &mut open, &part, matches)?;
            if matches.len() > 0 && mode.join_matches(step, &mut open, part.range.clone(), matches)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
    }
    parts.settle(open.any && !part.ends);
    let upto = part.range.end;
    if !part.ends {
        return Ok(mode.join_open(step, open, upto));
    }
    let ends_in_terminator = step.window.read(upto - 1..upto, |bytes| bytes[0] == matcher.terminator())?;
    step.seam.newlines += u64::from(ends_in_terminator);
    mode.join_long_line(step, open, upto)
}

/// Brings the matches of a part in agreement with those before it, and leaves out what lies outside of the range.
fn reconcile<M: LineMode>(
    mode: &M,
    parts: &Parts<'_>,
    step: &LineStep<'_, '_>,
    open: &mut OpenLine,
    part: &Part,
    matches: Vec<FileMatch>,
) -> Result<Matches, Error> {
    let core = mode.core();
    open.any |= !matches.is_empty();
    let mut matches = Matches::reconcile(matches, open.match_end, &part.range, |end, each| {
        parts.walk(&mut core.matcher.create_cache(), step.window, part, Begin::Behind(end), each)
    })?;
    open.match_end = matches.end().or(open.match_end);
    if let Some(range) = core.match_range.bounds()
        && core.match_range.cuts(&(open.start..part.range.end))
    {
        matches.retain_within(range);
        open.any = open.matches > 0 || matches.len() > 0;
    }
    open.matches += matches.len() as u64;
    Ok(matches)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        grep::{
            Format, GrepBuilder, Line,
            core::{Core, MappedFile, Seam, Start},
            long::split::Wanted,
            mode::matches,
            order::{Step, section::Plan},
        },
        mapping::{MapOptions, Mapping},
        matcher::MatcherBuilder,
        scan::{CachePolicy, cache::CacheKeeper, chunk::Chunks, window::Window},
    };

    struct OnlyMatches;

    impl Format for OnlyMatches {
        fn only_matches(&self) -> bool {
            true
        }

        fn line(&self, _: &Line<'_>, _: &mut Vec<u8>) {}
    }

    fn memory(text: &[u8]) -> Mapping {
        let mut mapping = MapOptions::new().len(text.len()).map_anonymous().unwrap();
        mapping.guarded_mut(.., |bytes| bytes.copy_from_slice(text)).unwrap();
        mapping
    }

    /// How many parts are searched, how many matches the workers find in them, and how many the join leaves.
    fn parts(pattern: &str, text: &[u8], chunk: usize) -> (usize, usize, usize) {
        let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
        let grep = GrepBuilder::new().chunk_size(chunk).build(matcher).unwrap();
        let (mapping, terminator) = (memory(text), b'\n');
        let keeper = CacheKeeper::of_mapping(CachePolicy::Keep, &mapping, 0);
        let file = MappedFile { mapping: &mapping, end: text.len() as u64, keeper: &keeper };
        let core = Core::new(&grep.matcher, &grep.options, &grep.caches, &OnlyMatches, Some(file));
        let (mode, searched) = (matches::Matches::new(&core), Parts::new(&core, Wanted::Every));
        let (mut worker, mut seam) = (core.worker(), Seam::new(&core, Start::default(), None));
        let (mut parts, mut found, mut joined) = (0, 0, 0);
        for range in Chunks::new(text.len(), chunk) {
            let window = Window::of_whole(&mapping, range, terminator);
            let layout = window.layout(core.near).unwrap();
            let Some(part) = layout.head.or(layout.tail) else { continue };
            if part.range.start == 0 {
                seam.own = Some(OpenLine::new(0, 1));
            }
            parts += 1;
            let matches = searched.search(&mut worker, &window, part).unwrap();
            if let PartMatches::Every(matches) = &matches.matches {
                found += matches.len();
            }
            let mut step = Step { seam: &mut seam, window: &window, plan: &mut Plan::default() };
            let _ = join_part(&mode, &searched, &mut step, matches).unwrap();
            joined = seam.own.as_ref().map_or(joined, |open| open.matches as usize);
        }
        (parts, found, joined)
    }

    #[test]
    fn a_line_of_many_small_chunks_is_searched_in_as_many_parts() {
        let text = b"ab".repeat(10_000);
        for chunk in [1, 2, 3, 10, 1000, 4096] {
            // The last chunk that is full may have what is behind it as well.
            let chunks = text.len().div_ceil(chunk);
            for pattern in ["ab", "(?:ab){2}", r"a\b|ba?"] {
                let (parts, ..) = parts(pattern, &text, chunk);
                assert!((chunks - 1..=chunks).contains(&parts), "{pattern} in chunks of {chunk}: {parts}");
            }
            // Where a match may have any length there are no parts.
            let matcher = MatcherBuilder::new().by_line(true).build(["a.*b"]).unwrap();
            assert_eq!(matcher.longest(), None);
        }
    }

    /// No part agrees with the one before it. Each is walked over once by a worker and once more by the join at most,
    /// which is [`Matches::reconcile`]'s doing; here, that workers look for matches in their own part alone.
    #[test]
    fn matches_that_chain_over_all_parts_are_found_once_by_the_workers() {
        let text = b"a".repeat(20_000);
        for pattern in ["aaa", "aa", "a{7}", "aa|b"] {
            let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
            let wanted = matcher.find_iter(&mut matcher.create_cache(), &text).count();
            for chunk in [1, 2, 3, 10, 64, 1000, 4096] {
                let (parts, found, joined) = parts(pattern, &text, chunk);
                assert!(found <= wanted + parts, "{pattern} in chunks of {chunk}: {found} found for {wanted}");
                // What is in the last part goes with the line.
                assert!(joined <= wanted && joined + 2 * chunk + 1 >= wanted, "{pattern} in chunks of {chunk}");
            }
        }
    }
}
