//! Which lines are shown.

use crate::cli::flags::ranges::{ByteRange, LineRange};

/// Which lines of a file are shown.
#[derive(Debug, Default)]
pub(crate) struct SelectionOptions {
    pub(crate) invert_match: bool,
    pub(crate) max_count: Option<u64>,
    /// The search ends at the first line that is not selected behind one that is.
    pub(crate) stop_on_nonmatch: bool,
    pub(crate) context: Context,
    pub(crate) part: Part,
    /// Only the last lines that are selected, this many.
    pub(crate) last: Option<u64>,
    pub(crate) reverse: bool,
}

/// The lines that are shown besides those that are selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    Around(Around),
    /// All lines.
    All,
}

/// How many lines around each selected one are shown: `both`, unless a side has a number of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Around {
    pub(crate) before: Option<usize>,
    pub(crate) after: Option<usize>,
    pub(crate) both: Option<usize>,
}

/// The part of each file that is searched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Part {
    #[default]
    All,
    Bytes(ByteRange),
    Lines(LineRange),
}

impl SelectionOptions {
    /// Whether a file has to be there as a whole, or is searched from its end.
    pub(crate) fn needs_mapping(&self) -> bool {
        self.last.is_some() || self.reverse || self.part != Part::All
    }

    /// Takes a part, of which there is one kind only.
    pub(crate) fn take_part(&mut self, part: Result<Part, String>) -> Result<(), String> {
        let part = part?;
        match (self.part, part) {
            (Part::Bytes(_), Part::Lines(_)) => Err("'--lines' cannot be used with '--range'".to_owned()),
            (Part::Lines(_), Part::Bytes(_)) => Err("'--range' cannot be used with '--lines'".to_owned()),
            _ => {
                self.part = part;
                Ok(())
            }
        }
    }

    /// The flag that asks for more lines than are selected, if one does.
    pub(crate) fn context_flag(&self) -> Option<&'static str> {
        match self.context {
            Context::All => Some("--passthru"),
            Context::Around(Around { after: Some(1..), .. }) => Some("--after-context"),
            Context::Around(Around { before: Some(1..), .. }) => Some("--before-context"),
            Context::Around(Around { both: Some(1..), .. }) => Some("--context"),
            Context::Around(_) => None,
        }
    }
}

impl Default for Context {
    fn default() -> Self {
        Context::Around(Around::default())
    }
}

impl Context {
    /// How many lines are shown before each selected one, and how many after it; none where all lines are shown.
    pub(crate) fn sizes(self) -> (usize, usize) {
        let Context::Around(Around { before, after, both }) = self else { return (0, 0) };
        (before.or(both).unwrap_or(0), after.or(both).unwrap_or(0))
    }

    /// The numbers of lines, which take the place of showing all.
    pub(crate) fn around(&mut self) -> &mut Around {
        if *self == Context::All {
            *self = Context::default();
        }
        match self {
            Context::Around(around) => around,
            Context::All => unreachable!("it was replaced"),
        }
    }
}

impl Part {
    /// The range of bytes, where one was given.
    pub(crate) fn bytes(self) -> Option<ByteRange> {
        if let Part::Bytes(range) = self { Some(range) } else { None }
    }

    /// The range of lines, where one was given.
    pub(crate) fn lines(self) -> Option<LineRange> {
        if let Part::Lines(range) = self { Some(range) } else { None }
    }
}
