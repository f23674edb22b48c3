//! The one error type of the crate.

use std::{
    borrow::Cow,
    fmt, io,
    path::{Path, PathBuf},
};

/// Why an operation failed, and where.
///
/// The type is opaque: what can be asked of it are the `is_*` predicates and [`Error::io_error`], so that new causes
/// can be told apart later without breaking callers. Its text says what was asked and what was allowed; with
/// [`Error::with_path`] it starts with the file's name.
///
/// # Examples
///
/// ```
/// let error = mapgrep::matcher::MatcherBuilder::new().build(["a(b"]).unwrap_err();
/// assert!(error.is_pattern());
/// assert!(error.to_string().contains("unclosed group"));
/// ```
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    path: Option<PathBuf>,
    pattern: Option<usize>,
}

#[derive(Debug)]
enum Kind {
    Io {
        doing: Cow<'static, str>,
        source: io::Error,
    },
    InvalidInput(String),
    /// As [`Kind::InvalidInput`], for a reason that can be asked for.
    Caused {
        doing: &'static str,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    Closed,
    ReadOnly(&'static str),
    OutOfRange(String),
    WrongSize {
        asked: usize,
        allowed: usize,
    },
    Truncated {
        at: u64,
    },
    Changed(String),
    Pattern(String),
    TerminatorInPattern(String),
    NulInPattern(String),
    PatternTooLarge(String),
    /// A regex with look-around or a backreference.
    PerlPattern(String),
    OutOfMemory(String),
}

impl Error {
    /// The same error, with the name of the file that it happened on.
    #[must_use]
    pub fn with_path(mut self, path: impl AsRef<Path>) -> Self {
        self.path = Some(path.as_ref().to_owned());
        self
    }

    /// The same error, about the pattern at this place in the list that was given.
    pub(crate) fn with_pattern_index(mut self, index: usize) -> Self {
        self.pattern = Some(index);
        self
    }

    /// Which of several patterns the error is about, counted from 0 in the order in which they were given. None where
    /// it is about all of them together, or about something else.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = mapgrep::matcher::MatcherBuilder::new().build(["fine", "a(b"]).unwrap_err();
    /// assert_eq!(error.pattern_index(), Some(1));
    /// ```
    pub fn pattern_index(&self) -> Option<usize> {
        self.pattern
    }

    /// The file it happened on, where that is known.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// True when the operating system refused an operation; [`Error::io_error`] has the cause.
    pub fn is_io(&self) -> bool {
        matches!(self.kind, Kind::Io { .. })
    }

    /// True when an argument is not acceptable, alone, with others, or for this file.
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.kind, Kind::InvalidInput(_) | Kind::Caused { .. })
    }

    /// True when the mapping has been closed.
    pub fn is_closed(&self) -> bool {
        matches!(self.kind, Kind::Closed)
    }

    /// True when a write, or a change of size, was asked of a mapping that does not allow it.
    pub fn is_read_only(&self) -> bool {
        matches!(self.kind, Kind::ReadOnly(_))
    }

    /// True when an index, a position or a range does not lie in a mapping.
    pub fn is_out_of_range(&self) -> bool {
        matches!(self.kind, Kind::OutOfRange(_))
    }

    /// True when a slice was assigned bytes of another length than its own.
    pub fn is_wrong_size(&self) -> bool {
        matches!(self.kind, Kind::WrongSize { .. })
    }

    /// True when the file became shorter while it was mapped; [`Error::offset`] says where its bytes end. Of a file
    /// whose descriptor was not kept that is the first page that was missed.
    pub fn is_truncated(&self) -> bool {
        matches!(self.kind, Kind::Truncated { .. })
    }

    /// True when a closure panicked over the bytes of a file that was being changed: what it had seen of them did not
    /// hold a moment later. The text has the message of the panic.
    pub fn is_changed(&self) -> bool {
        matches!(self.kind, Kind::Changed(_))
    }

    /// True when a pattern cannot be compiled.
    pub fn is_pattern(&self) -> bool {
        matches!(
            self.kind,
            Kind::Pattern(_)
                | Kind::TerminatorInPattern(_)
                | Kind::NulInPattern(_)
                | Kind::PatternTooLarge(_)
                | Kind::PerlPattern(_)
        )
    }

    /// True when a pattern has look-around or a backreference, which the default engine does not know, and
    /// [`Engine::Pcre2`](crate::matcher::Engine::Pcre2) does; [`is_pattern`](Error::is_pattern) is true then as well.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = mapgrep::matcher::MatcherBuilder::new().build([r"(a)\1"]).unwrap_err();
    /// assert!(error.is_perl_pattern());
    /// ```
    pub fn is_perl_pattern(&self) -> bool {
        matches!(self.kind, Kind::PerlPattern(_))
    }

    /// True when a pattern has a literal line terminator, and matches were confined to lines with
    /// [`by_line`](crate::matcher::MatcherBuilder::by_line); [`is_pattern`](Error::is_pattern) is true then as well.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = mapgrep::matcher::MatcherBuilder::new().by_line(true).build([r"a\nb"]).unwrap_err();
    /// assert!(error.is_terminator_in_pattern());
    /// ```
    pub fn is_terminator_in_pattern(&self) -> bool {
        matches!(self.kind, Kind::TerminatorInPattern(_))
    }

    /// True when a pattern can match nothing but a NUL byte, and such patterns were to be refused with
    /// [`refuse_nul`](crate::matcher::MatcherBuilder::refuse_nul); [`is_pattern`](Error::is_pattern) is true then as
    /// well.
    ///
    /// # Examples
    ///
    /// ```
    /// let error = mapgrep::matcher::MatcherBuilder::new().refuse_nul(true).build([r"a\x00"]).unwrap_err();
    /// assert!(error.is_nul_in_pattern());
    /// ```
    pub fn is_nul_in_pattern(&self) -> bool {
        matches!(self.kind, Kind::NulInPattern(_))
    }

    /// True when patterns would take more memory than is allowed to compile; [`is_pattern`](Error::is_pattern) is true
    /// then as well.
    pub fn is_pattern_too_large(&self) -> bool {
        matches!(self.kind, Kind::PatternTooLarge(_))
    }

    /// True when there is no memory for a line of a stream, or for one that has to be held as a whole.
    pub fn is_out_of_memory(&self) -> bool {
        matches!(self.kind, Kind::OutOfMemory(_))
    }

    /// The operating system's error, when it is the cause.
    pub fn io_error(&self) -> Option<&io::Error> {
        match &self.kind {
            Kind::Io { source, .. } => Some(source),
            _ => None,
        }
    }

    /// The offset in the file that the error is about, where there is one.
    pub fn offset(&self) -> Option<u64> {
        match self.kind {
            Kind::Truncated { at } => Some(at),
            _ => None,
        }
    }

    pub(crate) fn io(doing: impl Into<Cow<'static, str>>, source: io::Error) -> Self {
        Self::from_kind(Kind::Io { doing: doing.into(), source })
    }

    pub(crate) fn invalid_input(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::InvalidInput(message.into()))
    }

    /// Input that is not acceptable for a reason that callers may tell from others: it is the
    /// [`source`](std::error::Error::source).
    pub(crate) fn caused(doing: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::from_kind(Kind::Caused { doing, source: Box::new(source) })
    }

    pub(crate) fn closed() -> Self {
        Self::from_kind(Kind::Closed)
    }

    /// `doing` completes the sentence "the mapping is ...".
    pub(crate) fn read_only(doing: &'static str) -> Self {
        Self::from_kind(Kind::ReadOnly(doing))
    }

    pub(crate) fn out_of_range(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::OutOfRange(message.into()))
    }

    pub(crate) fn wrong_size(asked: usize, allowed: usize) -> Self {
        Self::from_kind(Kind::WrongSize { asked, allowed })
    }

    pub(crate) fn changed(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::Changed(message.into()))
    }

    pub(crate) fn truncated(at: u64) -> Self {
        Self::from_kind(Kind::Truncated { at })
    }

    pub(crate) fn pattern(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::Pattern(message.into()))
    }

    pub(crate) fn terminator_in_pattern(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::TerminatorInPattern(message.into()))
    }

    pub(crate) fn nul_in_pattern(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::NulInPattern(message.into()))
    }

    pub(crate) fn perl_pattern(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::PerlPattern(message.into()))
    }

    pub(crate) fn pattern_too_large(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::PatternTooLarge(message.into()))
    }

    pub(crate) fn out_of_memory(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::OutOfMemory(message.into()))
    }

    fn from_kind(kind: Kind) -> Self {
        Error { kind, path: None, pattern: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        match &self.kind {
            Kind::Io { doing, source } if doing.is_empty() => write!(f, "{source}"),
            Kind::Io { doing, source } => write!(f, "{doing}: {source}"),
            Kind::InvalidInput(message)
            | Kind::Pattern(message)
            | Kind::TerminatorInPattern(message)
            | Kind::NulInPattern(message)
            | Kind::PatternTooLarge(message)
            | Kind::PerlPattern(message)
            | Kind::OutOfMemory(message)
            | Kind::OutOfRange(message) => f.write_str(message),
            Kind::Caused { doing: "", source } => write!(f, "{source}"),
            Kind::Caused { doing, source } => write!(f, "{doing}: {source}"),
            Kind::Closed => f.write_str("the mapping is closed"),
            Kind::ReadOnly(doing) => write!(f, "the mapping is {doing}"),
            Kind::WrongSize { asked, allowed } => {
                write!(f, "cannot assign {asked} bytes to a slice of {allowed}: a mapping keeps its length")
            }
            Kind::Changed(message) => write!(f, "the file was changed while it was read: {message}"),
            Kind::Truncated { at } => write!(f, "truncated while mapped, at byte {at}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Io { source, .. } => Some(source),
            Kind::Caused { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    /// What a reader says. An error of this crate that came out of one is itself again.
    fn from(error: io::Error) -> Self {
        error.downcast::<Error>().unwrap_or_else(|error| Self::io("", error))
    }
}

impl From<Error> for io::Error {
    /// The error as those of std: with the kind that std has for it, and with this one inside. The operating system's
    /// own keep their kind.
    fn from(error: Error) -> Self {
        let kind = match &error.kind {
            Kind::Io { source, .. } => source.kind(),
            Kind::InvalidInput(_)
            | Kind::Caused { .. }
            | Kind::Pattern(_)
            | Kind::TerminatorInPattern(_)
            | Kind::NulInPattern(_)
            | Kind::PatternTooLarge(_)
            | Kind::PerlPattern(_)
            | Kind::Closed
            | Kind::OutOfRange(_)
            | Kind::WrongSize { .. } => io::ErrorKind::InvalidInput,
            Kind::OutOfMemory(_) => io::ErrorKind::OutOfMemory,
            Kind::ReadOnly(_) => io::ErrorKind::PermissionDenied,
            Kind::Truncated { .. } => io::ErrorKind::UnexpectedEof,
            Kind::Changed(_) => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}
