//! The one error type of the crate.

use std::{
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
}

#[derive(Debug)]
enum Kind {
    Io { doing: &'static str, source: io::Error },
    InvalidInput(String),
    OutOfRange { start: u64, end: u64, len: u64 },
    Truncated { at: u64 },
    Pattern(String),
}

impl Error {
    /// The same error, with the name of the file that it happened on.
    #[must_use]
    pub fn with_path(mut self, path: impl AsRef<Path>) -> Self {
        self.path = Some(path.as_ref().to_owned());
        self
    }

    /// The file it happened on, where that is known.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// True when the operating system refused an operation; [`Error::io_error`] has the cause.
    pub fn is_io(&self) -> bool {
        matches!(self.kind, Kind::Io { .. })
    }

    /// True when an argument is not acceptable whatever the file holds.
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.kind, Kind::InvalidInput(_))
    }

    /// True when a range reaches past the end of a mapping.
    pub fn is_out_of_range(&self) -> bool {
        matches!(self.kind, Kind::OutOfRange { .. })
    }

    /// True when the file became shorter while it was mapped; [`Error::offset`] says where its bytes end.
    pub fn is_truncated(&self) -> bool {
        matches!(self.kind, Kind::Truncated { .. })
    }

    /// True when a pattern cannot be compiled.
    pub fn is_pattern(&self) -> bool {
        matches!(self.kind, Kind::Pattern(_))
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
            Kind::OutOfRange { start, .. } => Some(start),
            _ => None,
        }
    }

    pub(crate) fn io(doing: &'static str, source: io::Error) -> Self {
        Self::from_kind(Kind::Io { doing, source })
    }

    pub(crate) fn invalid_input(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::InvalidInput(message.into()))
    }

    pub(crate) fn out_of_range(start: u64, end: u64, len: u64) -> Self {
        Self::from_kind(Kind::OutOfRange { start, end, len })
    }

    pub(crate) fn truncated(at: u64) -> Self {
        Self::from_kind(Kind::Truncated { at })
    }

    pub(crate) fn pattern(message: impl Into<String>) -> Self {
        Self::from_kind(Kind::Pattern(message.into()))
    }

    fn from_kind(kind: Kind) -> Self {
        Error { kind, path: None }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        match &self.kind {
            Kind::Io { doing: "", source } => write!(f, "{source}"),
            Kind::Io { doing, source } => write!(f, "{doing}: {source}"),
            Kind::InvalidInput(message) | Kind::Pattern(message) => f.write_str(message),
            Kind::OutOfRange { start, end, len } => {
                write!(f, "range {start}..{end} is out of bounds of a mapping of {len} bytes")
            }
            Kind::Truncated { at } => write!(f, "truncated while searching, at byte {at}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
