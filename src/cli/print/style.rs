//! What all lines of a search look like, and the names of files.

use std::path::Path;

use mapgrep::{
    grep::LineKind,
    matcher::{LineTerminator, Replacer},
};

use crate::cli::{
    flags::options::Separators,
    print::{color::Colors, control::visible, hyperlink::Hyperlinks, pattern_ids::PatternIds},
};

/// What every line of every file looks like.
#[derive(Debug)]
pub(crate) struct Style {
    /// Names come with each line, or above them.
    pub(crate) file_names: bool,
    pub(crate) heading: bool,
    pub(crate) byte_offset: bool,
    pub(crate) column: bool,
    pub(crate) only_matching: bool,
    /// A line for each match.
    pub(crate) per_match: bool,
    pub(crate) trim: bool,
    pub(crate) max_columns: Option<u64>,
    pub(crate) max_columns_preview: bool,
    /// Matches are counted for statistics.
    pub(crate) stats: bool,
    pub(crate) colors: Option<Colors>,
    pub(crate) hyperlinks: Option<Hyperlinks>,
    /// NUL ends names.
    pub(crate) null: bool,
    pub(crate) separators: Separators,
    /// Control characters are written as escapes: a terminal would obey them.
    pub(crate) makes_visible: bool,
    /// What lines end with that have no end of their own.
    pub(crate) terminator: LineTerminator,
    /// What is found may be several lines.
    pub(crate) multiline: bool,
    /// Matches are shown with something else in their place.
    pub(crate) replacer: Option<Replacer>,
    /// The patterns that match are shown.
    pub(crate) ids: Option<PatternIds>,
    /// Patterns that are counted come with their numbers.
    pub(crate) shows_pattern_numbers: bool,
}

impl Style {
    /// Appends the name of a file, coloured where colours are on.
    pub(crate) fn push_path(&self, path: &[u8], out: &mut Vec<u8>) {
        self.push_colored(|colors| &colors.path, path, out);
    }

    /// Whether lines are shown as they are, behind their names and numbers.
    pub(crate) fn is_plain(&self) -> bool {
        let Style { column, byte_offset, only_matching, trim, max_columns, colors, replacer, multiline, ids, .. } =
            self;
        let cuts = *only_matching || *trim || max_columns.is_some() || *multiline || ids.is_some();
        let changes = self.per_match || self.makes_visible || colors.is_some() || replacer.is_some();
        !(*column || *byte_offset || cuts || changes)
    }

    /// Whether something may stand before the text of a line, but for its number and the name of its file.
    pub(crate) fn has_fields(&self) -> bool {
        self.column || self.byte_offset || self.ids.is_some()
    }

    /// What stands between the fields of a line.
    pub(crate) fn separator(&self, kind: LineKind) -> &[u8] {
        match kind {
            LineKind::Match => &self.separators.match_field,
            _ => &self.separators.context_field,
        }
    }

    /// A name as the bytes that are shown of it.
    pub(crate) fn path_bytes(&self, path: &Path) -> Vec<u8> {
        let mut bytes = path_bytes(path);
        if let Some(separator) = self.separators.path {
            let is_separator = |byte: u8| byte == b'/' || (cfg!(windows) && byte == b'\\');
            bytes.iter_mut().filter(|byte| is_separator(**byte)).for_each(|byte| *byte = separator);
        }
        if self.makes_visible { visible(&bytes).into_owned() } else { bytes }
    }

    pub(crate) fn push_colored(&self, color: impl Fn(&Colors) -> &[u8], text: &[u8], out: &mut Vec<u8>) {
        match &self.colors {
            None => out.extend_from_slice(text),
            Some(colors) => {
                out.extend_from_slice(color(colors));
                out.extend_from_slice(text);
                out.extend_from_slice(&colors.reset);
            }
        }
    }
}

/// A name as the bytes that are shown of it.
#[cfg(unix)]
pub(crate) fn path_bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
pub(crate) fn path_bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}
