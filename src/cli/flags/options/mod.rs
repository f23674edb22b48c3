//! What can be asked for, theme by theme. Flags set it.

mod files;
mod selection;

use std::{ffi::OsString, path::PathBuf};

use grep_printer::{HyperlinkFormat, UserColorSpec};

pub(crate) use self::{
    files::{FileOptions, NoIgnore, Sort, SortBy, TypeChange},
    selection::{Context, Part, SelectionOptions},
};
use crate::cli::flags::when::When;
use mapgrep::{
    grep::Goal,
    matcher::{Case, LineTerminator},
    scan::CachePolicy,
};

/// What was asked for, theme by theme.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The pattern, unless there are others, and paths.
    pub(crate) positional: Vec<OsString>,
    pub(crate) patterns: PatternOptions,
    pub(crate) text: TextOptions,
    pub(crate) selection: SelectionOptions,
    pub(crate) output: OutputOptions,
    pub(crate) format: FormatOptions,
    pub(crate) files: FileOptions,
    pub(crate) index: IndexOptions,
    pub(crate) performance: PerformanceOptions,
    pub(crate) messages: MessageOptions,
    pub(crate) other: OtherOptions,
}

impl Options {
    /// # Errors
    ///
    /// When flags were given that say nothing together.
    pub(crate) fn check(&self) -> Result<(), String> {
        let not_with = |one: &str, other: &str| Err(format!("'{one}' cannot be used with '{other}'"));
        let apart = match self.output.mode {
            Mode::CountByPattern => Some("--count-by-pattern"),
            _ => self.output.pattern_ids.then_some("--pattern-ids"),
        };
        let of_all = self.output.total;
        match (apart, self.output.mode) {
            _ if self.other.shown.is_some() => Ok(()),
            (Some(flag), _) if self.selection.invert_match => not_with(flag, "--invert-match"),
            (Some(flag), _) if self.patterns.multiline => not_with(flag, "--multiline"),
            (_, Mode::CountByPattern) if of_all => not_with("--total", "--count-by-pattern"),
            (_, Mode::FilesWithMatches) if of_all => not_with("--total", "--files-with-matches"),
            (_, Mode::FilesWithoutMatch) if of_all => not_with("--total", "--files-without-match"),
            (_, Mode::Json) if of_all => not_with("--total", "--json"),
            _ if self.patterns.longest && !self.patterns.fixed_strings => {
                Err("'--longest' needs '--fixed-strings'".to_owned())
            }
            _ => match self.selection.context_flag() {
                Some(context) if self.selection.reverse => not_with("--reverse", context),
                _ => Ok(()),
            },
        }
    }

    /// What is shown of a file. Which matches are counted depends on which lines are selected.
    pub(crate) fn mode(&self) -> Mode {
        // Lines that do not match hold no matches to count.
        let has_matches = !self.selection.invert_match;
        match self.output.mode {
            Mode::CountMatches if !has_matches => Mode::Count,
            Mode::Count if has_matches && self.format.only_matching => Mode::CountMatches,
            mode => mode,
        }
    }

    /// What a search has to find out for what is shown.
    pub(crate) fn goal(&self) -> Goal {
        use Mode::{
            Count, CountByPattern, CountMatches, Files, FilesWithMatches, FilesWithoutMatch, Generated, Json, Lines,
            Types,
        };
        match (self.output.quiet, self.mode(), self.wants_stats()) {
            // Statistics want every match counted.
            (true, _, true) | (_, Count | FilesWithMatches | FilesWithoutMatch, true) => Goal::CountMatches,
            (true, _, _) | (_, FilesWithMatches | FilesWithoutMatch, _) => Goal::AnyLine,
            (_, Count, _) => Goal::CountLines,
            (_, CountMatches, _) => Goal::CountMatches,
            (_, Lines | Json | CountByPattern | Files | Types | Generated(_), _) => Goal::Lines,
        }
    }

    /// Whether it matters which of the patterns matched.
    pub(crate) fn tells_patterns_apart(&self) -> bool {
        !self.output.quiet
            && match self.mode() {
                Mode::CountByPattern => true,
                Mode::Lines | Mode::Json => self.output.pattern_ids,
                _ => false,
            }
    }

    /// Whether there are statistics at the end.
    pub(crate) fn wants_stats(&self) -> bool {
        self.messages.stats || self.mode() == Mode::Json
    }

    /// Whether lines are numbered; `by_default` where no flag says so.
    pub(crate) fn line_numbers(&self, by_default: bool) -> bool {
        let by_default = self.shows_column() || self.format.vimgrep || by_default || self.mode() == Mode::Json;
        self.goal() == Goal::Lines && self.format.line_number.unwrap_or(by_default)
    }

    /// Whether the column of the first match is shown.
    pub(crate) fn shows_column(&self) -> bool {
        self.format.column.unwrap_or(self.format.vimgrep)
    }

    /// Whether binary files in directories are searched to their end.
    pub(crate) fn searches_binary(&self) -> bool {
        self.text.binary == BinaryFiles::Search
    }

    /// Whether it is told what is wrong with ignore files.
    pub(crate) fn shows_ignore_messages(&self) -> bool {
        !(self.messages.no_messages || self.messages.no_ignore_messages)
    }

    /// Whether messages are shown that are no errors.
    pub(crate) fn shows_notes(&self) -> bool {
        !(self.output.quiet || self.messages.no_messages)
    }
}

/// What is searched for.
#[derive(Debug, Default)]
pub(crate) struct PatternOptions {
    /// Where patterns come from, in the order in which they were given. It decides between matches that start at the
    /// same byte.
    pub(crate) sources: Vec<PatternSource>,
    pub(crate) fixed_strings: bool,
    pub(crate) longest: bool,
    pub(crate) case: Case,
    pub(crate) boundary: Boundary,
    pub(crate) multiline: bool,
    pub(crate) multiline_dotall: bool,
    /// Classes, case and words are those of ASCII.
    pub(crate) no_unicode: bool,
    pub(crate) regex_size_limit: Option<usize>,
    pub(crate) dfa_size_limit: Option<usize>,
    pub(crate) engine: Engine,
}

/// Which engine runs the patterns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Engine {
    #[default]
    Default,
    Pcre2,
    /// The default one, and PCRE2 for what that one does not know.
    Auto,
}

/// Where patterns come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PatternSource {
    Text(OsString),
    File(PathBuf),
}

/// What has to be around a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Boundary {
    #[default]
    Any,
    /// No word character on either side.
    Word,
    /// The line's start and its end.
    Line,
}

/// How the bytes of a file are understood.
#[derive(Debug, Default)]
pub(crate) struct TextOptions {
    pub(crate) terminator: LineTerminator,
    pub(crate) binary: BinaryFiles,
    pub(crate) encoding: Encoding,
    /// The program that makes of a file what is searched.
    pub(crate) pre: Option<PathBuf>,
    /// The files that it makes something of.
    pub(crate) pre_globs: Vec<String>,
    /// Compressed files are decompressed.
    pub(crate) search_zip: bool,
}

/// How text is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As a byte order mark says, and UTF-8 without one.
    #[default]
    Auto,
    /// Bytes are what is searched, also those of a mark.
    None,
    Of(&'static encoding_rs::Encoding),
}

/// What is done with files that have a NUL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BinaryFiles {
    /// Those that were named are searched as with `Search`, and those in directories up to the NUL.
    #[default]
    Auto,
    /// All are searched; that a line matches is told, and the line is not shown.
    Search,
    /// They are text.
    Text,
}

impl TextOptions {
    /// Whether every file is text.
    pub(crate) fn is_all_text(&self) -> bool {
        self.binary == BinaryFiles::Text || self.terminator == LineTerminator::Nul
    }
}

/// What is shown of a file.
#[derive(Debug, Default)]
pub(crate) struct OutputOptions {
    pub(crate) mode: Mode,
    pub(crate) include_zero: bool,
    /// The sum of the counts is shown, and no file's own.
    pub(crate) total: bool,
    pub(crate) pattern_ids: bool,
    pub(crate) quiet: bool,
}

/// The kinds of output. Nothing is printed of any of them with `quiet`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Lines,
    Count,
    CountMatches,
    CountByPattern,
    FilesWithMatches,
    FilesWithoutMatch,
    Json,
    /// The names of the files that would be searched.
    Files,
    /// The types of files.
    Types,
    /// The manual page, or completions.
    Generated(Kind),
}

/// How lines look. `None` is the default, which depends on the terminal and on the number of files.
#[derive(Debug, Default)]
pub(crate) struct FormatOptions {
    pub(crate) line_number: Option<bool>,
    pub(crate) file_name: Option<bool>,
    pub(crate) heading: Option<bool>,
    pub(crate) only_matching: bool,
    pub(crate) replace: Option<OsString>,
    pub(crate) byte_offset: bool,
    /// `--no-column` is said even where another flag implies columns.
    pub(crate) column: Option<bool>,
    pub(crate) color: UseColor,
    /// What was said of colours, in the order in which it was.
    pub(crate) colors: Vec<UserColorSpec>,
    /// Names of files are links for the terminal.
    pub(crate) hyperlinks: HyperlinkFormat,
    /// The program that tells the name of this machine.
    pub(crate) hostname_bin: Option<PathBuf>,
    /// A line for each match, in the form that vim reads.
    pub(crate) vimgrep: bool,
    /// NUL ends the names of files.
    pub(crate) null: bool,
    pub(crate) separators: Separators,
    pub(crate) buffering: Buffering,
    pub(crate) trim: bool,
    pub(crate) max_columns: Option<u64>,
    pub(crate) max_columns_preview: bool,
}

/// What stands between the parts of the output.
#[derive(Clone, Debug)]
pub(crate) struct Separators {
    /// Between lines that do not follow each other, where context is shown; none is no line between them.
    pub(crate) context: Option<Vec<u8>>,
    /// Between the fields of selected lines.
    pub(crate) match_field: Vec<u8>,
    /// Between the fields of lines of context.
    pub(crate) context_field: Vec<u8>,
    /// Between the directories of a path, if not what the system has.
    pub(crate) path: Option<u8>,
}

impl Default for Separators {
    fn default() -> Self {
        Separators {
            context: Some(b"--".to_vec()),
            match_field: b":".to_vec(),
            context_field: b"-".to_vec(),
            path: None,
        }
    }
}

/// When output leaves the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Buffering {
    /// Each line at once on a terminal, and many together elsewhere.
    #[default]
    Auto,
    Line,
    Block,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum UseColor {
    #[default]
    Auto,
    Always,
    /// With the sequences of ANSI on every system.
    Ansi,
    Never,
}

/// Which indexes are used.
#[derive(Debug, Default)]
pub(crate) struct IndexOptions {
    pub(crate) use_index: IndexUse,
    /// Where they are, if not beside their files.
    pub(crate) directory: Option<PathBuf>,
}

/// Whether indexes are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum IndexUse {
    #[default]
    Auto,
    Require,
    Never,
}

/// How a search uses the machine.
#[derive(Debug, Default)]
pub(crate) struct PerformanceOptions {
    pub(crate) page_cache: PageCache,
    pub(crate) map: MapFiles,
    /// 0 is one for each core.
    pub(crate) threads: usize,
    pub(crate) chunk_size: Option<usize>,
}

/// What becomes of the pages of files that a search has brought into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PageCache {
    #[default]
    Keep,
    Drop,
}

/// Which files are mapped into memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum MapFiles {
    /// Those that were named.
    #[default]
    Named,
    /// Those in directories too.
    All,
    None,
}

impl PageCache {
    pub(crate) fn policy(self) -> CachePolicy {
        match self {
            PageCache::Keep => CachePolicy::Keep,
            PageCache::Drop => CachePolicy::Drop,
        }
    }
}

/// What a search tells about itself.
#[derive(Debug, Default)]
pub(crate) struct MessageOptions {
    pub(crate) no_messages: bool,
    pub(crate) no_ignore_messages: bool,
    pub(crate) stats: bool,
    pub(crate) explain: bool,
    /// What is logged is shown, as far as it is as important as this.
    pub(crate) log: Option<log::Level>,
    pub(crate) progress: When,
}

/// What is asked for besides a search.
#[derive(Debug, Default)]
pub(crate) struct OtherOptions {
    /// What is shown in place of a search. The first that was asked for counts.
    pub(crate) shown: Option<Shown>,
    pub(crate) no_config: bool,
    pub(crate) config: Config,
}

impl OtherOptions {
    pub(crate) fn show(&mut self, what: Shown) {
        self.shown.get_or_insert(what);
    }
}

/// What can be shown in place of the result of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    Summary,
    Help,
    Version,
    /// The version, and what this build has.
    Build,
    /// The version of PCRE2.
    Pcre2,
}

/// Whose files of flags are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Config {
    #[default]
    Own,
    /// That of ripgrep too, where there is no own one.
    Ripgrep,
}

/// What can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Man,
    Bash,
    Zsh,
    Fish,
    PowerShell,
}
