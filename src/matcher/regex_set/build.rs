//! Building a set: which patterns are looked for by a literal, which by a shape, and which by an engine.

use std::sync::OnceLock;

use regex_automata::MatchKind as EngineKind;
use regex_syntax::hir::Hir;

use super::{
    confirm::{Confirming, compile},
    owned::OwnedLiterals,
    sequences::Sequences,
    set::{LAZY_DFA_CACHE_OF_ALL, NONE, Others, RegexSet},
};
use crate::{
    error::Error,
    matcher::{
        builder::MatcherBuilder,
        literals,
        parse::Case,
        set::Borders,
        syntax::{
            required::{self, Required},
            sequence::Sequence,
            translate,
        },
        terminator::LineTerminator,
    },
    span::PatternId,
};

impl MatcherBuilder {
    /// Compiles patterns that are told apart. Matches lie within one line, whether or not
    /// [`by_line`](MatcherBuilder::by_line) says so.
    ///
    /// # Errors
    ///
    /// Those of [`build`](MatcherBuilder::build) with `by_line`; and always with
    /// [`Engine::Pcre2`](crate::matcher::Engine::Pcre2).
    ///
    /// # Complexity
    ///
    /// As [`build`](MatcherBuilder::build); a million plain literals take about a second.
    pub fn build_set<P: AsRef<[u8]>>(&self, patterns: impl IntoIterator<Item = P>) -> Result<RegexSet, Error> {
        let patterns: Vec<P> = patterns.into_iter().collect();
        if self.options.is_pcre2() {
            return Err(Error::pattern("PCRE2 does not tell patterns apart: the default engine does"));
        }
        let mut apart = self.clone();
        apart.by_line(true).merge(false);
        if let Some(set) = apart.set_of_strings(&patterns)? {
            return Ok(set);
        }
        self.refuse_longest(patterns.len())?;
        let hirs = apart.options.parse(&patterns)?;
        // With case ignored, more patterns may have a literal, or be one.
        let (fold, all) = required::choose(&hirs, self.options.case != Case::Sensitive, required::LEAST_BITS);
        RegexSet::new(&hirs, all, fold, self.options.terminator)
    }

    /// A set of plain strings, which need no regexes, whatever has to be around them. None where something about them
    /// does.
    fn set_of_strings<P: AsRef<[u8]>>(&self, strings: &[P]) -> Result<Option<RegexSet>, Error> {
        let Some(ignore_case) = self.options.ignores_case_of_plain(strings) else { return Ok(None) };
        let borders = self.options.borders();
        // Without borders, an empty string would be seen at every place of every line.
        if borders == Borders::None && strings.iter().any(|string| string.as_ref().is_empty()) {
            return Ok(None);
        }
        let Some(literals) = literals::spellings(strings, ignore_case) else { return Ok(None) };
        Ok(Some(RegexSet {
            regexes: vec![],
            confirm: vec![NONE; strings.len()],
            literals: OwnedLiterals::new(literals, ignore_case, borders)?,
            longest: self.options.longest,
            shapes: None,
            others: None,
            terminator: self.options.terminator,
        }))
    }
}

impl RegexSet {
    fn new(
        hirs: &[Hir],
        required: Vec<Option<Required>>,
        fold: bool,
        terminator: LineTerminator,
    ) -> Result<Self, Error> {
        let (mut regexes, mut confirm) = (vec![], vec![]);
        let mut owned: Vec<(Vec<u8>, PatternId)> = vec![];
        let mut others = vec![];
        let (shapes, has_shapes) = shapes(hirs, &required);
        for (index, (hir, required)) in hirs.iter().zip(required).enumerate() {
            let id = PatternId::new(index);
            let needs_regex = has_shapes[index] || required.as_ref().is_some_and(|required| !required.is_all);
            confirm.push(if needs_regex { regexes.len() as u32 } else { NONE });
            if needs_regex {
                let also = required.as_ref().map_or(vec![], |required| required.also.clone());
                regexes.push(Confirming::new(translate::for_one_line(hir.clone(), terminator), also, terminator)?);
            }
            match required {
                _ if has_shapes[index] => {}
                Some(required) => owned.extend(required.literals.into_iter().map(|literal| (literal, id))),
                None => others.push(id),
            }
        }
        required::without_longer(&mut owned, |id| confirm[id.index()] != NONE);
        let others = match others.is_empty() {
            true => None,
            false => {
                let hirs: Vec<&Hir> = others.iter().map(|id| &hirs[id.index()]).collect();
                let compile = |hirs: &[&Hir]| compile(hirs, LAZY_DFA_CACHE_OF_ALL, EngineKind::All, terminator);
                let regex = compile(&hirs)?;
                let has_crlf_end = hirs.iter().any(|hir| translate::has_crlf_end(hir, terminator));
                let one_line = |hir: &Hir| translate::for_one_line(hir.clone(), terminator);
                let hirs: Vec<Hir> = hirs.into_iter().map(one_line).collect();
                let one_line = has_crlf_end.then(|| compile(&hirs.iter().collect::<Vec<_>>())).transpose()?;
                Some(Others { regex, one_line, hirs, first: OnceLock::new(), ids: others })
            }
        };
        let literals = OwnedLiterals::new(owned, fold, Borders::None)?;
        Ok(RegexSet { regexes, confirm, literals, longest: false, shapes, others, terminator })
    }
}

/// A search for the shapes of the patterns that are more than a literal, and which patterns it is for. If all such are
/// too many, then for those that have no literal.
fn shapes(hirs: &[Hir], required: &[Option<Required>]) -> (Option<Sequences>, Vec<bool>) {
    /// With more patterns, there are too many shapes in any case.
    const MANY: usize = 1000;
    for without_literal in [false, true] {
        let wants_shapes = |required: &Option<Required>| match required {
            Some(required) => !without_literal && !required.is_all,
            None => true,
        };
        let wanting = (0..hirs.len()).filter(|&index| wants_shapes(&required[index]));
        if wanting.clone().count() > MANY {
            continue;
        }
        let of: Vec<(PatternId, Vec<Sequence>)> =
            wanting.filter_map(|index| Some((PatternId::new(index), Sequence::of(&hirs[index])?))).collect();
        if let Some(shapes) = Sequences::new(&of) {
            let mut has_shapes = vec![false; hirs.len()];
            of.iter().for_each(|(id, _)| has_shapes[id.index()] = true);
            return (Some(shapes), has_shapes);
        }
    }
    (None, vec![false; hirs.len()])
}
