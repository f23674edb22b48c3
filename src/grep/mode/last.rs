//! Where the last selected lines are.
//!
//! Chunks are taken from the end to the start, and as soon as enough lines are selected no more is looked at. The last
//! lines in file order are then an ordinary search that begins where the first of them does.

use std::{marker::PhantomData, ops::ControlFlow};

use crate::{
    error::Error,
    grep::{
        core::Core,
        lines::{self, Counts},
    },
    matcher::Cache,
    scan::{
        Pool,
        ordered::{self, Joined, Stages},
        pieces::Pieces,
        window::Window,
    },
};

/// Where the last `count` of the selected lines begin in what is searched, or all of them when there are fewer; the
/// end of the search when there are none.
pub(crate) fn start_of_last(core: &Core<'_>, pieces: &Pieces<'_>, count: u64, pool: &Pool) -> Result<u64, Error> {
    let end = core.end();
    let stages = Last { core, windows: PhantomData };
    let (seam, cancel) = (LastSeam { left: count, start: end }, core.options.cancel.as_ref());
    let emit = &mut |_: &Vec<u8>| ControlFlow::Continue(());
    let ended = ordered::run(&stages, pieces.feed_backwards(), seam, pool, cancel, emit)?;
    Ok(ended.seam.start)
}

/// Runs `read` on the lines of a window, of whatever length.
pub(super) fn read_lines<T>(
    window: &Window<'_>,
    near: usize,
    mut read: impl FnMut(u64, &[u8]) -> T,
) -> Result<T, Error> {
    if let Some(done) = window.read_lines(near, &mut read)? {
        return Ok(done);
    }
    let lines = window.lines()?;
    window.read(lines.clone(), |bytes| read(lines.start, bytes))
}

/// Looks for the start of the last lines.
struct Last<'c, 'w> {
    core: &'c Core<'c>,
    windows: PhantomData<fn(Window<'w>)>,
}

struct LastSeam {
    /// How many more lines are wanted.
    left: u64,
    /// Where the first of those that were found begins.
    start: u64,
}

impl<'w> Stages for Last<'_, 'w> {
    type Item = Window<'w>;
    type Found = Counts;
    type Plan = ();
    type Seam = LastSeam;
    type Worker = Cache;
    type Output = Vec<u8>;

    fn worker(&self) -> Cache {
        self.core.matcher.create_cache()
    }

    fn failure(&self) -> Option<Error> {
        self.core.matcher.failure()
    }

    fn scan(&self, cache: &mut Cache, window: &Window<'w>) -> Result<Counts, Error> {
        window.read_ahead();
        let options = self.core.options;
        read_lines(window, options.chunk_size, |_, bytes| {
            lines::count(self.core.matcher, cache, bytes, options.invert, false, u64::MAX)
        })
    }

    fn join(&self, seam: &mut LastSeam, window: &Window<'w>, counts: Counts) -> Result<Joined<()>, Error> {
        let start = window.own().start;
        if let Some(file) = self.core.file {
            self.core.set_progress(file.end.saturating_sub(start));
            file.keeper.done_from(start);
        }
        if counts.lines == 0 {
            return Ok(Joined { plan: None, last: false });
        }
        // Where there are fewer lines than are wanted, the first of them is where the last window with one has it.
        let (matcher, options) = (self.core.matcher, self.core.options);
        let mut passed = counts.lines.saturating_sub(seam.left);
        seam.left = seam.left.saturating_sub(counts.lines);
        seam.start = read_lines(window, options.chunk_size, |start, bytes| {
            let mut found = 0;
            lines::select(matcher, &mut matcher.create_cache(), bytes, options.invert, |line| {
                found = line.start;
                let more = passed > 0;
                passed = passed.saturating_sub(1);
                more
            });
            start + found as u64
        })?;
        Ok(Joined { plan: None, last: seam.left == 0 })
    }

    fn format(&self, _: &mut Cache, _: &Window<'w>, (): &mut (), _: &mut Vec<u8>) -> Result<bool, Error> {
        Ok(false)
    }
}
