//! Whether streams pay, judged by the lines so far.

use super::program::Program;

/// How far apart lines with a match are where a prefilter of the regex engine is faster.
const FAR: usize = 1 << 10;

/// How much is left to the engine at first where too many lines had to be given to it, and at most.
const PAUSE: usize = 256 << 10;
const LONGEST_PAUSE: usize = 64 << 20;

/// What was seen of the text of late.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How far apart lines with a match were.
    distance: usize,
    /// How much is left to the engine before streams are tried again.
    pause: usize,
    next_pause: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Pace { distance: FAR, pause: 0, next_pause: PAUSE }
    }
}

impl Pace {
    /// Whether the lines that come next should be looked for by streams.
    pub(crate) fn is_for_streams(&self, program: &Program) -> bool {
        self.pause == 0 && (program.is_always_best || self.distance < FAR)
    }

    /// Whether few lines have a match.
    pub(crate) fn is_rare(&self) -> bool {
        self.distance >= FAR
    }

    /// So many lines of this many bytes have a match.
    pub(crate) fn went(&mut self, bytes: usize, lines: u64) {
        // A few bytes say little.
        let distance = bytes / usize::try_from(lines).unwrap_or(usize::MAX).saturating_add(1);
        let weight = bytes.min(8 * FAR);
        self.distance = (self.distance * (16 * FAR - weight) + distance.min(16 * FAR) * weight) / (16 * FAR);
    }

    /// The same of bytes that the engine went over.
    pub(crate) fn went_by_engine(&mut self, bytes: usize, lines: u64) {
        self.pause = self.pause.saturating_sub(bytes);
        self.went(bytes, lines);
    }

    /// Too many lines had to be given to the engine.
    pub(crate) fn gave_up(&mut self) {
        self.pause = self.next_pause;
        self.next_pause = (2 * self.next_pause).min(LONGEST_PAUSE);
    }
}
