//! Which bytes of a needle a search looks for, as far as it has learnt from haystacks.

use super::probes::Probes;

/// Which bytes of a needle are searched for, and what that has cost. It may outlive a search, so that the next one
/// begins with what this one has learnt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuning {
    pub(super) probes: Probes,
    /// The probed bytes.
    pub(super) bytes: [u8; Probes::COUNT],
    /// What was spent since the last sample.
    pub(super) debt: usize,
    /// What may be spent before the next.
    pub(super) allowance: usize,
    /// False after a sample.
    pub(super) is_guess: bool,
}

impl Tuning {
    /// About what a sample costs.
    const ALLOWANCE: usize = 80;

    /// The probes must be of the needle.
    #[inline]
    pub(crate) fn new(needle: &[u8], probes: Probes, is_guess: bool) -> Self {
        let bytes = probes.offsets.map(|offset| needle.get(offset).copied().unwrap_or(0));
        Tuning { probes, bytes, debt: 0, allowance: Self::ALLOWANCE, is_guess }
    }

    /// Whether the probes are of this needle, or could be.
    #[inline]
    pub(crate) fn is_of(&self, needle: &[u8]) -> bool {
        let probed = self.probes.offsets.iter().zip(self.bytes);
        probed.into_iter().all(|(&offset, byte)| needle.get(offset) == Some(&byte))
    }

    /// True while nothing was learnt: no choice of bytes has turned out to be a bad one yet.
    #[inline]
    pub(crate) fn is_guess(&self) -> bool {
        self.is_guess
    }

    /// Makes another choice.
    pub(super) fn change(&mut self, needle: &[u8], probes: Probes) {
        *self = Tuning { allowance: self.allowance.saturating_mul(4), ..Tuning::new(needle, probes, false) };
    }
}
