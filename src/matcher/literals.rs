//! Several literals at once: an Aho-Corasick automaton, with packed SIMD search in front of it for few patterns.

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};

use crate::{
    error::Error,
    span::{PatternId, Span},
};

#[derive(Clone, Debug)]
pub(super) struct Literals {
    automaton: AhoCorasick,
    /// The pattern that each literal came from: an alternation such as `foo|bar` is one pattern of two literals.
    owners: Vec<PatternId>,
}

impl Literals {
    pub(super) fn new(literals: &[(Vec<u8>, PatternId)]) -> Result<Self, Error> {
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(literals.iter().map(|(bytes, _)| bytes))
            .map_err(|e| Error::pattern(format!("cannot build the automaton of {} literals: {e}", literals.len())))?;
        Ok(Literals { automaton, owners: literals.iter().map(|(_, id)| *id).collect() })
    }

    pub(super) fn find_at(&self, haystack: &[u8], at: usize) -> Option<(Span, PatternId)> {
        let found = self.automaton.find(Input::new(haystack).span(at..haystack.len()))?;
        Some((Span::new(found.start(), found.end()), self.owners[found.pattern().as_usize()]))
    }

    pub(super) fn description(&self) -> String {
        let automaton = match self.automaton.kind() {
            AhoCorasickKind::DFA => "DFA",
            AhoCorasickKind::ContiguousNFA => "contiguous NFA",
            _ => "NFA",
        };
        format!(
            "{} literals of {} to {} bytes: Aho-Corasick ({automaton}, leftmost-first)",
            self.automaton.patterns_len(),
            self.automaton.min_pattern_len(),
            self.automaton.max_pattern_len(),
        )
    }
}
