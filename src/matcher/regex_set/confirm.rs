//! One regex out of thousands, run on the few lines that have its literal.
//!
//! Most regexes of a long list are run a few times or never. So nothing is compiled before the first run; what is
//! compiled then is an NFA alone, in microseconds, for the backtracker; and the meta engine, which takes a hundred
//! times as long to compile and runs three times as fast, takes over from there only for regexes that are run often.

use std::sync::{Mutex, OnceLock, PoisonError};

use memchr::memchr_iter;
use regex_automata::{
    Input, MatchKind, PatternID,
    meta::{self, Regex},
    nfa::thompson::{
        self, WhichCaptures,
        backtrack::{self, BoundedBacktracker},
    },
    util::look::LookMatcher,
};
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::{
    error::Error,
    matcher::{
        regex::engine::{NFA_SIZE_LIMIT, refused},
        syntax::required::byte_bits,
        terminator::LineTerminator,
    },
    span::Span,
};

/// How much memory the states of the meta engine of one regex may take for each worker. There may be thousands of
/// regexes.
const LAZY_DFA_CACHE: usize = 256 << 10;

/// How many runs of the backtracker go before the meta engine is compiled.
const RUNS_BEFORE_META: u8 = 64;

/// For how many regexes a worker keeps a cache of the meta engine at most.
const MOST_META_CACHES: usize = 1024;

/// How much memory the backtracker may take to note where it has been. It does not search lines that would take more.
const VISITED_BYTES: usize = 16 << 10;

/// A regex that is compiled when it is run.
#[derive(Debug)]
pub(crate) struct Confirming {
    hir: Hir,
    /// Every match contains it. It is short, and may be empty.
    also: Vec<u8>,
    /// The place of its rarest byte.
    rarest: usize,
    terminator: LineTerminator,
    light: OnceLock<BoundedBacktracker>,
    meta: OnceLock<Regex>,
}

/// What runs of several [`Confirming`] change: one for each worker.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    /// For each regex.
    slots: Vec<Slot>,
    /// How many of them have a cache of the meta engine.
    metas: usize,
    backtrack: Option<backtrack::Cache>,
    /// It has tables that take longer to make than a small regex to compile.
    compiler: Option<Box<Mutex<thompson::Compiler>>>,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    runs: u8,
    meta: Option<Box<meta::Cache>>,
}

impl Clone for Caches {
    fn clone(&self) -> Self {
        Caches { slots: self.slots.clone(), metas: self.metas, backtrack: self.backtrack.clone(), compiler: None }
    }
}

impl Confirming {
    /// Every match of the regex contains `also`, which is looked for first; it may be empty.
    ///
    /// # Errors
    ///
    /// When the regex is too large. One that cannot be is not compiled yet.
    pub(crate) fn new(hir: Hir, also: Vec<u8>, terminator: LineTerminator) -> Result<Self, Error> {
        let rarest = (0..also.len()).max_by_key(|&at| byte_bits(also[at])).unwrap_or(0);
        let meta = OnceLock::new();
        if most_bytes(&hir) > NFA_SIZE_LIMIT / 2 {
            let _ = meta.set(compile(&[&hir], LAZY_DFA_CACHE, MatchKind::LeftmostFirst, terminator)?);
        }
        Ok(Confirming { hir, also, rarest, terminator, light: OnceLock::new(), meta })
    }

    pub(crate) fn hir(&self) -> &Hir {
        &self.hir
    }

    /// Whether there is a match. `index` is the place of the regex among those that share the caches.
    pub(crate) fn is_match(&self, caches: &mut Caches, index: usize, input: &Input<'_>) -> bool {
        self.find_end(caches, index, input).is_some()
    }

    /// The end of some match.
    pub(crate) fn find_end(&self, caches: &mut Caches, index: usize, input: &Input<'_>) -> Option<usize> {
        let input = input.clone().earliest(true);
        let with_meta = |regex: &Regex, cache: &mut meta::Cache| Some(regex.search_half_with(cache, &input)?.offset());
        self.search(caches, index, &input, with_meta, |found| found.end)
    }

    /// The first match.
    pub(crate) fn find(&self, caches: &mut Caches, index: usize, input: &Input<'_>) -> Option<Span> {
        let with_meta = |regex: &Regex, cache: &mut meta::Cache| {
            regex.search_with(cache, input).map(|found| Span::new(found.start(), found.end()))
        };
        self.search(caches, index, input, with_meta, |found| found)
    }

    /// Searches with the meta engine, or with the backtracker where that is enough, if there may be a match at all.
    fn search<T>(
        &self,
        caches: &mut Caches,
        index: usize,
        input: &Input<'_>,
        with_meta: impl FnOnce(&Regex, &mut meta::Cache) -> Option<T>,
        with_light: impl FnOnce(Span) -> T,
    ) -> Option<T> {
        if !self.may_match(&input.haystack()[input.get_range()]) {
            return None;
        }
        let slot = caches.slot(index);
        if slot.meta.is_none() && slot.runs < RUNS_BEFORE_META {
            slot.runs += 1;
        }
        let is_frequent = slot.runs == RUNS_BEFORE_META && caches.metas < MOST_META_CACHES;
        if caches.slots[index].meta.is_none()
            && !is_frequent
            && self.meta.get().is_none()
            && let Ok(found) = self.backtrack(caches, input)
        {
            return found.map(with_light);
        }
        let regex = self.meta.get_or_init(|| {
            compile(&[&self.hir], LAZY_DFA_CACHE, MatchKind::LeftmostFirst, self.terminator).expect("a small regex")
        });
        if caches.slots[index].meta.is_some() || caches.metas < MOST_META_CACHES {
            let slot = &mut caches.slots[index];
            caches.metas += usize::from(slot.meta.is_none());
            return with_meta(regex, slot.meta.get_or_insert_with(|| Box::new(regex.create_cache())));
        }
        match self.backtrack(caches, input) {
            Ok(found) => found.map(with_light),
            Err(TooLong) => with_meta(regex, &mut regex.create_cache()),
        }
    }

    /// Whether there is what every match contains. To make a searcher for it would take longer than a line.
    fn may_match(&self, text: &[u8]) -> bool {
        let Some(&byte) = self.also.get(self.rarest) else { return true };
        let is_here =
            |at: usize| at.checked_sub(self.rarest).is_some_and(|start| text[start..].starts_with(&self.also));
        memchr_iter(byte, text).any(is_here)
    }

    fn backtrack(&self, caches: &mut Caches, input: &Input<'_>) -> Result<Option<Span>, TooLong> {
        let compiler = &mut caches.compiler;
        let light = self.light.get_or_init(|| {
            let compiler = compiler
                .get_or_insert_with(|| Box::new(Mutex::new(thompson::Compiler::new())))
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            let mut looks = LookMatcher::new();
            looks.set_line_terminator(self.terminator.byte());
            let config = thompson::Config::new().utf8(false).which_captures(WhichCaptures::Implicit);
            let nfa = compiler.configure(config.look_matcher(looks)).build_from_hir(&self.hir).expect("a small regex");
            let config = BoundedBacktracker::config().visited_capacity(VISITED_BYTES);
            BoundedBacktracker::builder().configure(config).build_from_nfa(nfa).expect("implicit captures")
        });
        let cache = caches.backtrack.get_or_insert_with(|| light.create_cache());
        light.reset_cache(cache);
        let mut slots = [None; 2];
        let found = light.try_search_slots(cache, input, &mut slots).map_err(|_| TooLong)?;
        let [start, end] = slots.map(|slot| slot.map_or(0, |at| at.get()));
        Ok(found.map(|_: PatternID| Span::new(start, end)))
    }
}

/// There is more to search than the backtracker can.
struct TooLong;

impl Caches {
    fn slot(&mut self, index: usize) -> &mut Slot {
        if self.slots.len() <= index {
            self.slots.resize_with(index + 1, Slot::default);
        }
        &mut self.slots[index]
    }
}

/// An engine that tells which pattern matched.
pub(crate) fn compile(
    hirs: &[&Hir],
    cache: usize,
    kind: MatchKind,
    terminator: LineTerminator,
) -> Result<Regex, Error> {
    let config = Regex::config()
        .utf8_empty(false)
        .line_terminator(terminator.byte())
        .nfa_size_limit(Some(NFA_SIZE_LIMIT))
        .hybrid_cache_capacity(cache)
        .match_kind(kind)
        .which_captures(WhichCaptures::Implicit);
    Regex::builder().configure(config).build_many_from_hir(hirs).map_err(|e| refused(&e))
}

/// More bytes than the NFA of a regex takes.
fn most_bytes(hir: &Hir) -> usize {
    /// Bytes of a state, with its transitions.
    const STATE: usize = 64;
    /// States of a range of characters: up to seven sequences of up to four bytes.
    const RANGE: usize = 28;
    let of_all = |subs: &[Hir]| subs.iter().map(most_bytes).fold(STATE, usize::saturating_add);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE,
        HirKind::Literal(literal) => (literal.0.len() + 1).saturating_mul(STATE),
        HirKind::Class(Class::Unicode(class)) => (class.ranges().len() + 1) * RANGE * STATE,
        HirKind::Class(Class::Bytes(class)) => (class.ranges().len() + 1) * STATE,
        HirKind::Capture(capture) => most_bytes(&capture.sub).saturating_add(2 * STATE),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).saturating_add(1) as usize;
            most_bytes(&repetition.sub).saturating_add(2 * STATE).saturating_mul(times)
        }
        HirKind::Concat(subs) | HirKind::Alternation(subs) => of_all(subs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hir(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new().utf8(false).multi_line(true).build().parse(pattern).unwrap()
    }

    #[test]
    fn both_engines_find_the_same() {
        let text = b"ab user17 x latency=170ms, abab\xFF\x80b user17 a";
        for pattern in [
            r"user17\b.*latency=17\d+ms",
            "a|ab",
            "(?:ab)+?",
            r"\bb\b",
            "^ab",
            "a$",
            r"[^\x00-\x7F]b",
            "[ab]{3,}",
            "x{60}",
        ] {
            let hir = hir(pattern);
            let one = Confirming::new(hir, vec![], LineTerminator::Lf).unwrap();
            for from in 0..=text.len() {
                let input = Input::new(text).range(from..);
                let (mut caches, mut often) = (Caches::default(), Caches::default());
                *often.slot(3) = Slot { runs: RUNS_BEFORE_META, meta: None };
                let found = [one.find(&mut caches, 3, &input), one.find(&mut often, 3, &input)];
                assert_eq!(found[0], found[1], "{pattern} from {from}");
                assert!(often.metas == 1);
                let fresh = Confirming::new(one.hir.clone(), vec![], LineTerminator::Lf).unwrap();
                assert_eq!(fresh.find(&mut Caches::default(), 0, &input), found[0], "{pattern} from {from}");
                assert_eq!(fresh.is_match(&mut Caches::default(), 0, &input), found[0].is_some());
            }
        }
    }

    #[test]
    fn a_regex_is_not_compiled_where_something_else_lacks_that_every_match_contains() {
        let one =
            Confirming::new(hir(r"user17\b.*latency=17\d+ms"), b"latency=17".to_vec(), LineTerminator::Lf).unwrap();
        let mut caches = Caches::default();
        for line in ["user17 latency=16", "user17 latency=1", "=17 user17", "latency=17"] {
            let input = Input::new(line).range(1.min(line.len() - 1)..);
            assert!(!one.is_match(&mut caches, 0, &input), "{line}");
        }
        assert!(one.light.get().is_none());
        assert!(one.is_match(&mut caches, 0, &Input::new("user17 == latency=171ms")));
        assert!(one.light.get().is_some());
    }

    #[test]
    fn a_long_line_is_left_to_the_meta_engine() {
        let one = Confirming::new(hir("b[0-9]+c"), vec![], LineTerminator::Lf).unwrap();
        let mut text = vec![b'a'; 1 << 20];
        text.extend_from_slice(b"b17c");
        assert_eq!(one.find(&mut Caches::default(), 0, &Input::new(&text)), Some(Span::new(1 << 20, (1 << 20) + 4)));
        assert!(one.meta.get().is_some());
    }

    #[test]
    fn no_more_caches_of_the_meta_engine_than_there_is_room_for() {
        let all: Vec<_> = (0..MOST_META_CACHES + 20)
            .map(|i| Confirming::new(hir(&format!("w{i}[a-z]")), vec![], LineTerminator::Lf).unwrap())
            .collect();
        let mut caches = Caches::default();
        for _ in 0..RUNS_BEFORE_META + 3 {
            for (index, one) in all.iter().enumerate() {
                let text = format!("w{index}x");
                assert!(one.is_match(&mut caches, index, &Input::new(&text)));
            }
        }
        assert_eq!(caches.metas, MOST_META_CACHES);
    }

    #[test]
    fn what_cannot_be_compiled_is_refused_at_once() {
        let error = Confirming::new(hir(r"(?:\w{1000}){1000}"), vec![], LineTerminator::Lf).unwrap_err();
        assert!(error.to_string().contains("more than the 100 MiB"), "{error}");
    }

    #[test]
    fn no_regex_is_larger_than_was_reckoned() {
        for pattern in [
            r"\w",
            r"\W{3}",
            "abc|d[a-z]",
            r"\d+\s*x",
            "(?i)straße",
            ".{5}",
            "[^a]",
            r"\bx\b",
            "(?:)",
            r"(?-u:\xFF)[a-c]",
        ] {
            let hir = hir(pattern);
            let config = thompson::Config::new().utf8(false).which_captures(WhichCaptures::Implicit);
            let reverse = config.clone().which_captures(WhichCaptures::None).reverse(true);
            for config in [config, reverse] {
                let nfa = thompson::Compiler::new().configure(config).build_from_hir(&hir).unwrap();
                // The prefix that begins a search anywhere is no part of it.
                assert!(
                    nfa.memory_usage() < most_bytes(&hir) + 2048,
                    "{pattern}: {} {}",
                    nfa.memory_usage(),
                    most_bytes(&hir)
                );
            }
        }
    }
}
