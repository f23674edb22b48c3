//! The one walk over a regex's syntax tree, for analyses that compute a value bottom-up.
//!
//! An [`Algebra`] says what the value of a leaf is, and how the values of parts make that of the whole. Parts are
//! folded when the algebra asks for them, in order: one that needs to know nothing of a part does not pay for it.

use regex_syntax::hir::{Class, Hir, HirKind};

/// How values are made of values.
pub(crate) trait Algebra: Sized {
    type Value;

    /// What matches the empty string everywhere.
    fn empty(&mut self) -> Self::Value;

    /// An assertion, which matches the empty string at some offsets.
    fn look(&mut self) -> Self::Value {
        self.empty()
    }

    fn literal(&mut self, bytes: &[u8]) -> Self::Value;

    fn class(&mut self, class: &Class) -> Self::Value;

    fn repetition(&mut self, times: Times, part: Part<'_>) -> Self::Value;

    fn concat(&mut self, parts: Parts<'_>) -> Self::Value;

    fn alternation(&mut self, parts: Parts<'_>) -> Self::Value;
}

/// How often a part is repeated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) min: u32,
    /// None for no limit.
    pub(crate) max: Option<u32>,
    pub(crate) greedy: bool,
}

/// A part of a tree whose value is not known yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'h>(&'h Hir);

/// Parts of a tree, from left to right.
#[derive(Clone, Debug)]
pub(crate) struct Parts<'h>(std::slice::Iter<'h, Hir>);

/// The value of a tree.
///
/// # Complexity
///
/// One call of the algebra for each node that it asks for. Groups have the value of what they enclose.
pub(crate) fn fold<A: Algebra>(hir: &Hir, algebra: &mut A) -> A::Value {
    match hir.kind() {
        HirKind::Empty => algebra.empty(),
        HirKind::Look(_) => algebra.look(),
        HirKind::Literal(literal) => algebra.literal(&literal.0),
        HirKind::Class(class) => algebra.class(class),
        HirKind::Capture(capture) => fold(&capture.sub, algebra),
        HirKind::Repetition(repetition) => {
            let times = Times { min: repetition.min, max: repetition.max, greedy: repetition.greedy };
            algebra.repetition(times, Part(&repetition.sub))
        }
        HirKind::Concat(parts) => algebra.concat(Parts(parts.iter())),
        HirKind::Alternation(parts) => algebra.alternation(Parts(parts.iter())),
    }
}

impl Part<'_> {
    pub(crate) fn fold<A: Algebra>(self, algebra: &mut A) -> A::Value {
        fold(self.0, algebra)
    }
}

impl<'h> Iterator for Parts<'h> {
    type Item = Part<'h>;

    fn next(&mut self) -> Option<Part<'h>> {
        self.0.next().map(Part)
    }
}
