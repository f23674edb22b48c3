//! Query: what has to stand on a line for patterns to match there.

use std::fmt;

use super::{
    needs::Needs,
    require::{Required, Requirer},
};
use crate::{error::Error, matcher::MatcherBuilder};

/// What has to stand on a line, with ASCII letters in lower case, for some patterns to match there.
///
/// This is necessary, and not enough: a line without it does not match, a line with it may. It is made of literals, of
/// at least three bytes each, since these are what an index knows. Its text, as of [`Display`](fmt::Display), is for
/// people, and short.
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
    pub(crate) needs: Needs,
}

impl Query {
    /// What these patterns need, with the options of a builder. With none at all, no line matches.
    ///
    /// # Errors
    ///
    /// As [`MatcherBuilder::build`], but for patterns that are too large: they are not compiled.
    ///
    /// # Complexity
    ///
    /// Linear in the length of the patterns, but for sorting what many of them need. How many literals that may be is
    /// limited by the length of the patterns too; beyond that, less is asked of a line than the patterns need.
    ///
    /// # Examples
    ///
    /// See [`Query`].
    pub fn new<P: AsRef<[u8]>>(builder: &MatcherBuilder, patterns: &[P]) -> Result<Self, Error> {
        let bytes = patterns.iter().map(|pattern| pattern.as_ref().len()).sum();
        let mut requirer = Requirer::new(bytes);
        let required = match builder.ignores_case_of_plain(patterns) {
            Some(ignore_case) => patterns.iter().map(|pattern| requirer.plain(pattern.as_ref(), ignore_case)).collect(),
            None => builder.parse(patterns)?.iter().map(|hir| requirer.pattern(hir)).collect(),
        };
        Ok(Query { needs: Required::any(required).into_needs() })
    }

    /// What a line needs on which these bytes stand, whatever the case of ASCII letters. Fewer than three bytes may
    /// stand on any line.
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
        Query { needs: Needs::literal(bytes.as_ref()) }
    }

    /// What a line needs that needs all of this. With nothing in it, any line may match.
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
        Query { needs: Needs::all(queries.into_iter().map(|query| query.needs)) }
    }

    /// What a line needs that needs one of these at least. With none at all, no line matches.
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
        Query { needs: Needs::any(queries.into_iter().map(|query| query.needs)) }
    }

    /// Whether any line may match, so that an index is of no help.
    pub fn is_anything(&self) -> bool {
        self.needs == Needs::Anything
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.needs.fmt(f)
    }
}
