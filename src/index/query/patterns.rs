//! `Query`: what a line must contain for patterns to match on it.

use std::fmt;

use super::{
    condition::Condition,
    require::{Extractor, Required},
};
use crate::{error::Error, matcher::MatcherBuilder};

/// A condition that every line with a match of some patterns meets, with ASCII letters in lower case.
///
/// The condition is necessary, not sufficient: a line that does not meet it has no match, a line that meets it may have
/// one. It is made of literals of at least three bytes, which is what an index can look up. [`Display`](fmt::Display)
/// gives a short text of it, for people.
///
/// # Examples
///
/// ```
/// use mapgrep::{index::Query, matcher::{Case, MatcherBuilder}};
///
/// let mut builder = MatcherBuilder::new();
/// builder.by_line(true);
/// let query = Query::new(&builder, &["error: [a-z]+ (?:at|in) line [0-9]+"])?;
/// assert_eq!(query.to_string(), r#""error: " and (" at line " or " in line ")"#);
///
/// // What Unicode takes for another case of `s` is not an ASCII letter.
/// let query = Query::new(builder.case(Case::Insensitive), &["Session"])?;
/// assert_eq!(query.to_string(), r#""session" or "\u{17f}""#);
/// assert!(Query::new(&builder, &["[a-z]+"])?.is_anything());
/// # Ok::<(), mapgrep::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    pub(crate) condition: Condition,
}

impl Query {
    /// The condition of these patterns with the options of `builder`. Without patterns, no line matches.
    ///
    /// # Errors
    ///
    /// As [`MatcherBuilder::build`], except for patterns that are too large: they are not compiled.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the patterns, except for sorting the literals. The number of literals is limited by the
    /// length of the patterns, too; beyond the limit the condition becomes weaker.
    ///
    /// # Examples
    ///
    /// See [`Query`].
    pub fn new<P: AsRef<[u8]>>(builder: &MatcherBuilder, patterns: &[P]) -> Result<Self, Error> {
        if builder.options.is_pcre2() {
            // Nothing is known of what they need.
            return Ok(Query { condition: Condition::Anything });
        }
        let bytes = patterns.iter().map(|pattern| pattern.as_ref().len()).sum();
        let mut extractor = Extractor::new(bytes);
        let required = match builder.options.ignores_case_of_plain(patterns) {
            Some(ignore_case) => {
                patterns.iter().map(|pattern| extractor.plain(pattern.as_ref(), ignore_case)).collect()
            }
            None => builder.options.parse(patterns)?.iter().map(|hir| extractor.pattern(hir)).collect(),
        };
        Ok(Query { condition: Required::any(required).into_condition() })
    }

    /// The condition of lines that contain these bytes in any case of ASCII letters. Any line may contain fewer than
    /// three bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::index::Query;
    ///
    /// assert_eq!(Query::literal("Needle").to_string(), r#""needle""#);
    /// assert!(Query::literal(b"\0\xFF").is_anything());
    /// ```
    pub fn literal(bytes: impl AsRef<[u8]>) -> Self {
        Query { condition: Condition::literal(bytes.as_ref()) }
    }

    /// The condition that meets all of these. Of none, any line may match.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::index::Query;
    ///
    /// let query = Query::all(["foo", "bar"].map(Query::literal));
    /// assert_eq!(query.to_string(), r#""foo" and "bar""#);
    /// assert_eq!(Query::all([query, Query::literal("foobar")]), Query::literal("foobar"));
    /// ```
    pub fn all(queries: impl IntoIterator<Item = Query>) -> Self {
        Query { condition: Condition::all(queries.into_iter().map(|query| query.condition)) }
    }

    /// The condition that meets at least one of these. Of none, no line matches.
    ///
    /// # Examples
    ///
    /// ```
    /// use mapgrep::index::Query;
    ///
    /// assert_eq!(Query::any(["foo", "bar"].map(Query::literal)).to_string(), r#""bar" or "foo""#);
    /// assert!(Query::any(["foo", ""].map(Query::literal)).is_anything());
    /// ```
    pub fn any(queries: impl IntoIterator<Item = Query>) -> Self {
        Query { condition: Condition::any(queries.into_iter().map(|query| query.condition)) }
    }

    /// Whether any line may match: then an index is of no help.
    pub fn is_anything(&self) -> bool {
        self.condition == Condition::Anything
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)
    }
}
