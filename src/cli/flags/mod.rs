//! The command line: each flag with its documentation. Parsing checks what was given and does nothing.

pub(crate) mod ranges;
pub(crate) mod usage;

use std::{
    ffi::OsString,
    num::{IntErrorKind, ParseIntError},
    path::PathBuf,
    str::FromStr,
};

use clap::{
    ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, ValueEnum,
    builder::{OsStringValueParser, TypedValueParser},
};

use crate::cli::flags::ranges::{ByteRange, LineRange, parse_lines, parse_range, parse_size};
use crate::{
    grep::Goal,
    matcher::{Case, LineTerminator},
    scan::CachePolicy,
};

/// Search files for lines that match a pattern, with all cores in each file.
///
/// Without PATH, standard input is searched, or the current directory when standard input is a terminal. Directories
/// are walked; hidden files, binary files, indexes and what .gitignore and similar files name are passed over. Output is in
/// file order, whatever the number of threads.
///
/// Standard input that is a regular file is searched from its offset on, mapped where that is of use (--last, --reverse, --range,
/// --lines, -U, -a, an index), and left at its end, or behind the last line that was wanted (-m, -q, -l). A file that is also the output is an error where its lines would be printed; in
/// directories it is passed over.
///
/// Exit status: 0 when a line was selected, 1 when none was, 2 when there was an error (with -q, 0 when a line was
/// selected in spite of it), 130 when it was interrupted.
#[derive(Debug, Parser)]
#[command(
    name = "mapgrep",
    version,
    max_term_width = 100,
    args_override_self = true,
    override_usage = "mapgrep [OPTIONS] PATTERN [PATH...]\n       mapgrep [OPTIONS] -e PATTERN... [PATH...]\n       mapgrep [OPTIONS] -f FILE... [PATH...]"
)]
pub(crate) struct Args {
    /// The pattern, unless -e or -f is given; then files and directories to search. "-" is standard input.
    #[arg(value_name = "PATTERN|PATH")]
    pub(crate) positional: Vec<OsString>,

    /// A pattern to search for; may be given many times. Also for patterns that begin with a dash.
    #[arg(short = 'e', long, value_name = "PATTERN", allow_hyphen_values = true)]
    regexp: Vec<OsString>,

    /// A file with one pattern per line; "-" is standard input. May be given many times.
    #[arg(short = 'f', long, value_name = "FILE")]
    file: Vec<PathBuf>,

    /// Take patterns as plain strings, which may have any bytes. Of strings that match at the same place, the first in the
    /// order in which they were given is the match; see --longest.
    #[arg(short = 'F', long)]
    pub(crate) fixed_strings: bool,

    /// With -F, of strings that match at the same place the longest is the match: what -o, --column, --count-matches and
    /// --pattern-ids tell. Which lines are selected does not depend on it.
    #[arg(long, requires = "fixed_strings")]
    pub(crate) longest: bool,

    /// Letters match both their cases.
    #[arg(short = 'i', long, overrides_with_all = ["case_sensitive", "smart_case"])]
    ignore_case: bool,

    /// Letters match their own case; the default.
    #[arg(short = 's', long, overrides_with_all = ["ignore_case", "smart_case"])]
    case_sensitive: bool,

    /// Letters match both cases unless the pattern has an upper-case one.
    #[arg(short = 'S', long, overrides_with_all = ["ignore_case", "case_sensitive"])]
    smart_case: bool,

    /// Only matches with no word character on either side.
    #[arg(short = 'w', long, overrides_with = "line_regexp")]
    pub(crate) word_regexp: bool,

    /// Only matches that are a whole line.
    #[arg(short = 'x', long, overrides_with = "word_regexp")]
    pub(crate) line_regexp: bool,

    /// Matches may go over several lines; all lines of a match are selected.
    #[arg(short = 'U', long)]
    pub(crate) multiline: bool,

    /// With -U, have "." match line ends too.
    #[arg(long)]
    pub(crate) multiline_dotall: bool,

    /// Lines end with \r\n or with \n alone; "^" and "$" match at both, and "." does not match \r. A \r alone ends no line,
    /// though where matches may go over several lines, "$" matches before it.
    #[arg(long, overrides_with = "null_data")]
    crlf: bool,

    /// Lines end with NUL and may contain \n, which "." matches. No file is taken for binary then.
    #[arg(long, overrides_with = "crlf")]
    pub(crate) null_data: bool,

    /// Select the lines that do not match.
    #[arg(short = 'v', long)]
    pub(crate) invert_match: bool,

    /// Show line numbers; the default on a terminal.
    #[arg(short = 'n', long, overrides_with = "no_line_number")]
    line_number: bool,

    /// Show no line numbers.
    #[arg(short = 'N', long, overrides_with = "line_number")]
    no_line_number: bool,

    /// Show how many lines are selected, for each file that has any; with -U, all lines of each match count.
    #[arg(short = 'c', long, overrides_with_all = ["count_matches", "count_by_pattern", "files_with_matches", "files_without_match", "json"])]
    count: bool,

    /// Show how many matches there are, for each file that has any.
    #[arg(long, overrides_with_all = ["count", "count_by_pattern", "files_with_matches", "files_without_match", "json"])]
    count_matches: bool,

    /// Show for each pattern on how many lines it matches, whether or not others match there too: "COUNT:PATTERN", in the
    /// order in which they were given, for each file. A pattern that is given again is not counted again; an empty one
    /// matches every line.
    #[arg(long, overrides_with_all = ["count", "count_matches", "files_with_matches", "files_without_match", "json"], conflicts_with_all = ["invert_match", "multiline"])]
    count_by_pattern: bool,

    /// With -c, --count-matches and --count-by-pattern, show counts of zero too.
    #[arg(long)]
    pub(crate) include_zero: bool,

    /// Show which patterns match, by their numbers: in front of each selected line, with commas between them, or with -o the
    /// one that found the match, which of several that match there is the first. With --count-by-pattern, in front of the
    /// count. The number of a pattern is its place among all that were given, from 1, where each line of a file given with
    /// -f is one, also an empty line. A pattern that is given again keeps the number that it had.
    #[arg(long, conflicts_with_all = ["invert_match", "multiline"])]
    pub(crate) pattern_ids: bool,

    /// Show only the names of files with selected lines.
    #[arg(short = 'l', long, overrides_with_all = ["count", "count_matches", "count_by_pattern", "files_without_match", "json"])]
    files_with_matches: bool,

    /// Show only the names of files without selected lines.
    #[arg(long, overrides_with_all = ["count", "count_matches", "count_by_pattern", "files_with_matches", "json"])]
    files_without_match: bool,

    /// Show a message in JSON for each line, and for the beginning and the end of each file with any; at the end one with
    /// statistics. What is said of how lines look does not count then.
    #[arg(long, overrides_with_all = ["count", "count_matches", "count_by_pattern", "files_with_matches", "files_without_match"])]
    json: bool,

    /// Show nothing; stop at the first selected line.
    #[arg(short = 'q', long)]
    pub(crate) quiet: bool,

    /// Show only what matches, each match on a line of its own. Matches do not overlap; of patterns that match at the same
    /// place, the first in the order in which they were given is shown, and with -F --longest the longest.
    #[arg(short = 'o', long)]
    pub(crate) only_matching: bool,

    /// Show TEXT in place of each match. In it, $1 or ${1} is what the first group of the pattern matched, $name or
    /// ${name} what the group of that name did, $0 the whole match, and $$ a dollar sign. With -U, lines are joined where the
    /// end of one is replaced. Files are not changed.
    #[arg(short = 'r', long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) replace: Option<OsString>,

    /// Show the offset of each line, or with -o of each match, in bytes from the start of the file. In UTF-16, which a byte
    /// order mark tells, this is the offset in the text as it is searched: in UTF-8 and without the mark.
    #[arg(short = 'b', long)]
    pub(crate) byte_offset: bool,

    /// Show the column of the first match in a line, in bytes, counted from 1. Implies -n.
    #[arg(long)]
    pub(crate) column: bool,

    /// Stop in each file after NUM selected lines. What is shown behind the last of them is context, whether or not it
    /// matches.
    #[arg(short = 'm', long, value_name = "NUM", value_parser = parse_number::<u64>, allow_negative_numbers = true)]
    pub(crate) max_count: Option<u64>,

    /// Show NUM lines after each selected one.
    #[arg(short = 'A', long, value_name = "NUM", value_parser = parse_number::<usize>, allow_negative_numbers = true, overrides_with = "passthru")]
    after_context: Option<usize>,

    /// Show NUM lines before each selected one.
    #[arg(short = 'B', long, value_name = "NUM", value_parser = parse_number::<usize>, allow_negative_numbers = true, overrides_with = "passthru")]
    before_context: Option<usize>,

    /// Show NUM lines before and after each selected one. -A and -B go before it.
    #[arg(short = 'C', long, value_name = "NUM", value_parser = parse_number::<usize>, allow_negative_numbers = true, overrides_with = "passthru")]
    context: Option<usize>,

    /// Show the lines that are not selected too, marked as context is. Of this and -A, -B and -C the last counts.
    #[arg(long, alias = "passthrough", overrides_with_all = ["after_context", "before_context", "context"])]
    pub(crate) passthru: bool,

    /// Show the name of the file with each line; the default when several files may be searched.
    #[arg(short = 'H', long, overrides_with = "no_filename")]
    with_filename: bool,

    /// Show no file names; the default for one file.
    #[arg(short = 'I', long, overrides_with = "with_filename")]
    no_filename: bool,

    /// Show the name of a file once, above its lines; the default on a terminal.
    #[arg(long, overrides_with = "no_heading")]
    heading: bool,

    /// Show the name of the file on each of its lines.
    #[arg(long, overrides_with = "heading")]
    no_heading: bool,

    /// When to use colours.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub(crate) color: When,

    /// Leave out the white space at the start of lines, with -o the matches in it.
    #[arg(long)]
    pub(crate) trim: bool,

    /// Leave out lines longer than NUM bytes, and say so; 0 is no limit.
    #[arg(short = 'M', long, value_name = "NUM", value_parser = parse_number::<u64>, allow_negative_numbers = true)]
    max_columns: Option<u64>,

    /// Show the beginning of lines that -M leaves out.
    #[arg(long)]
    pub(crate) max_columns_preview: bool,

    /// Search binary files as if they were text.
    #[arg(short = 'a', long, overrides_with = "binary")]
    pub(crate) text: bool,

    /// Search binary files in directories too; that a line matches is told, the line is not shown.
    #[arg(long, overrides_with = "text")]
    pub(crate) binary: bool,

    /// Search only the lines that start in these bytes of each file, or with -o (but not with -r, --trim or --pattern-ids) the
    /// matches: START..END, from 0, without END itself. Bytes are counted as by -b. Either may be left out. 64K and 64KiB are 64 times 1024 bytes, 64KB is 64 times 1000; M, G and T likewise; 1.5G
    /// is a number too. -1G is 1 GiB before the end of the file, and 10% a tenth of its length. Offsets and line numbers stay
    /// those of the file; context stays in the range. With -U, a match that begins in the range is shown to its end. The
    /// outputs of ranges that follow each other are that of one search, but with -U.
    #[arg(long, value_name = "START..END", value_parser = parse_range, allow_hyphen_values = true)]
    pub(crate) range: Option<ByteRange>,

    /// Search only these lines of each file: FIRST..LAST, counted from 1, with LAST itself. Either may be left out, and NUM is
    /// one line. -1 is the last line, so that -10.. are the last ten. Without -e and -f, and with one positional argument at
    /// most, that is a path, and the lines are shown as they are; with more, the first is the pattern. Line numbers stay
    /// those of the file; context stays in the range. With -U, a match that begins on these lines is shown to its end. With an
    /// index they are found at once, otherwise line ends are counted up to them.
    #[arg(long, value_name = "FIRST..LAST", value_parser = parse_lines, conflicts_with = "range", allow_hyphen_values = true)]
    pub(crate) lines: Option<LineRange>,

    /// Whether indexes, made by mapgrep-index, are used: "auto" uses those that can be relied on, and says when one cannot, but
    /// with -q or --no-messages; with "require" a file of 1 MiB or more that has none is an error, and so are -v,
    /// --passthru, --null-data and matches across lines, with which none is of use.
    #[arg(long, value_name = "HOW", value_enum, default_value_t = IndexUse::Auto)]
    pub(crate) index: IndexUse,

    /// Where indexes are, if not beside their files.
    #[arg(long, value_name = "DIR")]
    pub(crate) index_dir: Option<PathBuf>,

    /// Show the last NUM selected lines of each file, in file order. It is searched from its end on, as far as it has to be;
    /// a stream is read to its end into memory first, and so is a binary file in a directory, which ends with its first NUL. With
    /// -m, the first of these lines. Not with matches across lines.
    #[arg(long, value_name = "NUM", value_parser = parse_number::<u64>, allow_negative_numbers = true)]
    pub(crate) last: Option<u64>,

    /// Show the selected lines of each file from the last to the first, without context; with -m NUM, the last NUM. A stream
    /// is read to its end into memory first. Not with matches across lines.
    #[arg(long, conflicts_with_all = ["after_context", "before_context", "context", "passthru"])]
    pub(crate) reverse: bool,

    /// Whether what a search brings into the system's cache of files stays there or is dropped. What was there before
    /// stays.
    #[arg(long, value_name = "HOW", value_enum, default_value_t = PageCache::Keep)]
    cache: PageCache,

    /// Map files into memory, also those found in directories.
    #[arg(long, overrides_with = "no_mmap")]
    pub(crate) mmap: bool,

    /// Read files instead of mapping them.
    #[arg(long, overrides_with = "mmap")]
    pub(crate) no_mmap: bool,

    /// How many threads to use, up to 1024; 0, the default, is one for each core.
    #[arg(short = 'j', long, value_name = "NUM", default_value_t = 0, hide_default_value = true, value_parser = parse_threads)]
    pub(crate) threads: usize,

    /// Include or, with a leading "!", exclude files in directories whose path matches GLOB. May be given many times.
    #[arg(short = 'g', long, value_name = "GLOB", allow_hyphen_values = true, value_parser = OsStringValueParser::new().try_map(parse_glob))]
    pub(crate) glob: Vec<String>,

    /// Search hidden files and directories too.
    #[arg(short = '.', long)]
    pub(crate) hidden: bool,

    /// Do not pass over what .gitignore, .ignore and similar files name. Braces in these files are alternatives, as in -g; to
    /// git they are characters, unless they are escaped.
    #[arg(long)]
    pub(crate) no_ignore: bool,

    /// Pass over less: once is --no-ignore, twice --hidden too, three times --binary too.
    #[arg(short = 'u', long, action = ArgAction::Count)]
    pub(crate) unrestricted: u8,

    /// Follow symbolic links in directories.
    #[arg(short = 'L', long)]
    pub(crate) follow: bool,

    /// Descend at most NUM directories deep.
    #[arg(long, value_name = "NUM", value_parser = parse_number::<usize>, allow_negative_numbers = true)]
    pub(crate) max_depth: Option<usize>,

    /// Show no messages about files that cannot be opened or read, of which the exit status still tells, nor about indexes that
    /// cannot be relied on.
    #[arg(long)]
    pub(crate) no_messages: bool,

    /// Show statistics at the end, and where the search stopped if that was before the end: --range goes on from there.
    #[arg(long)]
    pub(crate) stats: bool,

    /// Tell on standard error how the search is run: the engine for the patterns, and the plan for each large file.
    #[arg(long)]
    pub(crate) explain: bool,

    /// Show progress on standard error: on a terminal, for a search of more than a second, unless
    /// lines are shown there.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    pub(crate) progress: When,

    /// How many bytes of a file a worker takes at once. For tests: results do not depend on it.
    #[arg(long, value_name = "BYTES", hide = true, value_parser = parse_size)]
    pub(crate) chunk_size: Option<usize>,

    /// -e and -f in the order in which they were given, which decides between matches that start at the same byte.
    #[arg(skip)]
    pub(crate) pattern_sources: Vec<PatternSource>,
}

/// Where patterns come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PatternSource {
    Text(OsString),
    File(PathBuf),
}

/// When to do something that a terminal may or may not want.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

/// What becomes of the parts of files that a search has brought into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PageCache {
    Keep,
    Drop,
}

/// Whether indexes are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IndexUse {
    Auto,
    Require,
    Never,
}

/// What is shown of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    Lines,
    Count,
    CountMatches,
    WithMatch,
    WithoutMatch,
    Json,
    CountByPattern,
}

impl Args {
    /// Parses the arguments of the process; on an error, or for `--help`, what clap has to say.
    pub(crate) fn parse_from_env(args: impl IntoIterator<Item = OsString>) -> Result<Args, clap::Error> {
        let matches = Args::command().try_get_matches_from(args)?;
        let mut args = Args::from_arg_matches(&matches)?;
        args.pattern_sources = args.ordered_sources(&matches);
        Ok(args)
    }

    fn ordered_sources(&self, matches: &ArgMatches) -> Vec<PatternSource> {
        let positions = |id| matches.indices_of(id).into_iter().flatten();
        let texts = positions("regexp").zip(self.regexp.iter().cloned().map(PatternSource::Text));
        let files = positions("file").zip(self.file.iter().cloned().map(PatternSource::File));
        let mut sources: Vec<_> = texts.chain(files).collect();
        sources.sort_by_key(|(position, _)| *position);
        sources.into_iter().map(|(_, source)| source).collect()
    }

    pub(crate) fn case(&self) -> Case {
        match (self.ignore_case, self.smart_case) {
            (true, _) => Case::Insensitive,
            (_, true) => Case::Smart,
            _ => Case::Sensitive,
        }
    }

    pub(crate) fn show(&self) -> Show {
        if self.files_with_matches {
            Show::WithMatch
        } else if self.files_without_match {
            Show::WithoutMatch
        } else if self.json {
            Show::Json
        } else if self.count_by_pattern {
            Show::CountByPattern
        } else if self.count_matches {
            // Lines that do not match hold no matches to count.
            if self.invert_match { Show::Count } else { Show::CountMatches }
        } else if self.count {
            if self.only_matching && !self.invert_match { Show::CountMatches } else { Show::Count }
        } else {
            Show::Lines
        }
    }

    /// What a search has to find out for what is shown.
    pub(crate) fn goal(&self) -> Goal {
        match (self.quiet, self.show(), self.wants_stats()) {
            // Statistics want every match counted.
            (true, _, true) | (_, Show::Count | Show::WithMatch | Show::WithoutMatch, true) => Goal::CountMatches,
            (true, _, _) | (_, Show::WithMatch | Show::WithoutMatch, _) => Goal::AnyLine,
            (_, Show::Count, _) => Goal::CountLines,
            (_, Show::CountMatches, _) => Goal::CountMatches,
            (_, Show::Lines | Show::Json | Show::CountByPattern, _) => Goal::Lines,
        }
    }

    /// Whether it matters which of the patterns matched.
    pub(crate) fn tells_patterns_apart(&self) -> bool {
        !self.quiet
            && match self.show() {
                Show::CountByPattern => true,
                Show::Lines | Show::Json => self.pattern_ids,
                _ => false,
            }
    }

    /// Whether there are statistics at the end.
    pub(crate) fn wants_stats(&self) -> bool {
        self.stats || self.show() == Show::Json
    }

    pub(crate) fn terminator(&self) -> LineTerminator {
        match (self.crlf, self.null_data) {
            (true, _) => LineTerminator::Crlf,
            (_, true) => LineTerminator::Nul,
            _ => LineTerminator::Lf,
        }
    }

    /// Whether every file is text.
    pub(crate) fn all_text(&self) -> bool {
        self.text || self.null_data
    }

    /// Lines of context before and after.
    pub(crate) fn context(&self) -> (usize, usize) {
        let both = self.context.unwrap_or(0);
        (self.before_context.unwrap_or(both), self.after_context.unwrap_or(both))
    }

    pub(crate) fn line_numbers(&self, by_default: bool) -> bool {
        if self.goal() != Goal::Lines || self.no_line_number {
            return false;
        }
        self.line_number || self.column || by_default || self.show() == Show::Json
    }

    pub(crate) fn file_names(&self, by_default: bool) -> bool {
        self.with_filename || (by_default && !self.no_filename)
    }

    pub(crate) fn heading(&self, by_default: bool) -> bool {
        self.heading || (by_default && !self.no_heading)
    }

    pub(crate) fn cache_policy(&self) -> CachePolicy {
        match self.cache {
            PageCache::Keep => CachePolicy::Keep,
            PageCache::Drop => CachePolicy::Drop,
        }
    }

    /// A file has to be had as a whole, or from its end.
    pub(crate) fn needs_mapping(&self) -> bool {
        self.last.is_some() || self.reverse || self.range.is_some() || self.lines.is_some()
    }

    pub(crate) fn max_columns(&self) -> Option<u64> {
        self.max_columns.filter(|&max| max > 0)
    }
}

/// A glob, which has to be text.
fn parse_glob(glob: OsString) -> Result<String, String> {
    glob.into_string().map_err(|glob| format!("a glob has to be valid UTF-8, and this is {glob:?}"))
}

/// A number of lines, bytes or directories.
pub(crate) fn parse_number<N: FromStr<Err = ParseIntError>>(text: &str) -> Result<N, String> {
    text.parse().map_err(|error: ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => "so large a number does not fit into 64 bits".to_owned(),
        _ => "this has to be a whole number, 0 or more".to_owned(),
    })
}

pub(crate) fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 0..=1024) => Ok(threads),
        _ => Err("the number of threads has to be from 0 to 1024".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Args {
        Args::parse_from_env(["mapgrep"].iter().chain(args).map(OsString::from)).unwrap()
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn of_flags_that_exclude_each_other_the_last_counts() {
        assert_eq!(parse(&["-i", "-s", "x"]).case(), Case::Sensitive);
        assert_eq!(parse(&["-i", "-S", "x"]).case(), Case::Smart);
        assert_eq!(parse(&["-c", "-l", "x"]).show(), Show::WithMatch);
        assert_eq!(parse(&["-l", "-c", "x"]).show(), Show::Count);
        assert!(!parse(&["-n", "-N", "x"]).line_numbers(true));
        assert!(parse(&["-N", "-n", "x"]).line_numbers(false));
        assert!(parse(&["-x", "-w", "x"]).word_regexp && !parse(&["-x", "-w", "x"]).line_regexp);
    }

    #[test]
    fn flags_may_be_given_twice() {
        assert!(parse(&["-i", "-i", "-n", "-n", "x"]).ignore_case);
        assert_eq!(parse(&["-m1", "-m2", "x"]).max_count, Some(2));
    }

    #[test]
    fn patterns_keep_their_order() {
        let sources = parse(&["-e", "a", "-f", "b", "-e", "-c"]).pattern_sources;
        let text = |s: &str| PatternSource::Text(s.into());
        assert_eq!(sources, [text("a"), PatternSource::File("b".into()), text("-c")]);
    }

    #[test]
    fn a_and_b_go_before_c_in_any_order() {
        assert_eq!(parse(&["-A1", "-C3", "x"]).context(), (3, 1));
        assert_eq!(parse(&["-C3", "-B2", "x"]).context(), (2, 3));
    }

    #[test]
    fn counting_follows_from_the_flags_together() {
        assert_eq!(parse(&["-c", "-o", "x"]).show(), Show::CountMatches);
        assert_eq!(parse(&["--count-matches", "-v", "x"]).show(), Show::Count);
        assert_eq!(parse(&["-q", "x"]).goal(), Goal::AnyLine);
        assert_eq!(parse(&["-q", "--stats", "x"]).goal(), Goal::CountMatches);
    }

    #[test]
    fn ranges_may_begin_with_a_dash() {
        assert!(Args::parse_from_env(["mapgrep", "--range", "5..1", "x"].map(OsString::from)).is_err());
        assert_eq!(parse(&["--range=..500M", "x"]).range, parse_range("..500M").ok());
        assert_eq!(parse(&["--range", "-1G..", "x"]).range, parse_range("-1G..").ok());
        assert_eq!(parse(&["--lines", "-10..", "x"]).lines, parse_lines("-10..").ok());
    }

    #[test]
    fn what_goes_from_the_end() {
        let args = parse(&["--last", "3", "--reverse", "--cache=drop", "x"]);
        assert_eq!((args.last, args.reverse, args.cache), (Some(3), true, PageCache::Drop));
        assert_eq!(parse(&["x"]).cache, PageCache::Keep);
        let error = |flag| {
            Args::parse_from_env(["mapgrep", "--reverse", flag, "x"].map(OsString::from)).unwrap_err().to_string()
        };
        for flag in ["-A1", "-B1", "-C1", "--passthru"] {
            assert!(error(flag).contains("cannot be used with"), "{}", error(flag));
        }
        assert_eq!(parse(&["--last=1", "-C2", "x"]).context(), (2, 2));
    }

    #[test]
    fn of_context_and_all_lines_the_last_counts() {
        let args = parse(&["-A1", "-C2", "--passthru", "x"]);
        assert_eq!((args.passthru, args.context()), (true, (0, 0)));
        let args = parse(&["--passthrough", "-A1", "x"]);
        assert_eq!((args.passthru, args.context()), (false, (0, 1)));
    }

    #[test]
    fn of_line_ends_the_last_counts() {
        assert_eq!(parse(&["x"]).terminator(), LineTerminator::Lf);
        assert_eq!(parse(&["--null-data", "--crlf", "x"]).terminator(), LineTerminator::Crlf);
        assert_eq!(parse(&["--crlf", "--null-data", "x"]).terminator(), LineTerminator::Nul);
        assert!(parse(&["--null-data", "x"]).all_text());
    }

    #[test]
    fn json_has_numbers_and_statistics() {
        let args = parse(&["--json", "x"]);
        assert!(args.show() == Show::Json && args.wants_stats() && args.line_numbers(false));
        assert!(!parse(&["--json", "-N", "x"]).line_numbers(true));
        assert_eq!(parse(&["--json", "-c", "x"]).show(), Show::Count);
        assert_eq!(parse(&["--json", "-q", "x"]).goal(), Goal::CountMatches);
        assert_eq!(parse(&["-l", "--json", "x"]).show(), Show::Json);
    }
}
