//! The commands, as people use them: flags, walking, printing, colours, progress, exit codes.
//!
//! Only this module prints. It is public so that the binaries can be a few lines each; programs have no use for it.

mod flags;
mod index;
mod print;
mod process;
mod run;
mod terminal;

use std::{
    ffi::OsString,
    io::{IsTerminal, Write},
    process::ExitCode,
    time::Instant,
};

use anyhow::{Context, bail};
use termcolor::{BufferWriter, ColorChoice, WriteColor};

pub use self::{index::mapgrep_index, process::resources::Memory};
use crate::cli::{
    flags::{Args, Show, When, usage},
    print::{
        json,
        pattern_ids::PatternIds,
        standard::{Colors, Style},
    },
    process::{
        interrupt::{self, Interrupt},
        panics, resources,
    },
    run::{
        hints,
        indexes::Indexes,
        many::{self, Direct},
        patterns,
        search::{self, Outcome, Searcher},
        unsearched,
        walk::Paths,
    },
    terminal::{
        messages::{self, Messages},
        stdout::{self, Output},
    },
};
use crate::{
    grep::{Goal, GrepBuilder},
    matcher::{LineTerminator, MatcherBuilder},
    scan::{Cancel, Pool},
};

/// Runs `mapgrep` with these arguments, the first of which is the name of the program.
pub fn mapgrep(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    resources::share_heap();
    let args = match Args::parse_from_env(arguments) {
        Ok(args) => args,
        Err(error) => return usage::explain(&error),
    };
    match panics::quietly(|| run(&args)) {
        Ok(code) => code,
        Err(error) => {
            messages::print(format_args!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Runs `mapgrep` with what goes to standard output written to `output` instead, and without what is done for a process of its
/// own about panics. For tests and fuzzing.
#[doc(hidden)]
pub fn mapgrep_to(
    arguments: impl IntoIterator<Item = OsString>,
    output: impl Write + Send + 'static,
) -> anyhow::Result<ExitCode> {
    run_to(&Args::parse_from_env(arguments)?, output, false)
}

fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let stdout = stdout::stdout().context("cannot write to standard output")?;
    run_to(args, stdout, std::io::stdout().is_terminal())
}

/// Writes to `stdout`, which is a terminal or not.
fn run_to(args: &Args, stdout: impl Write + Send + 'static, to_terminal: bool) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let collected = patterns::collect(args)?;
    let mut matcher_builder = matcher_builder(args);
    let mut matcher = matcher_builder.build(&collected.patterns).map_err(|error| {
        let advice = "-F takes patterns as plain strings, of which there may be more";
        collected.named(if args.fixed_strings { error } else { error.advise(advice) })
    })?;
    if !matcher.is_by_line() && !matcher.crosses_lines() {
        // Lines that have nothing to do with each other are searched faster, and shown as they are without the flag.
        matcher = matcher_builder.by_line(true).build(&collected.patterns)?;
    }
    if (args.last.is_some() || args.reverse) && !matcher.is_by_line() {
        let flag = if args.reverse { "--reverse" } else { "--last" };
        bail!(
            "{flag} cannot be used with -U where a match may go over several lines; leave -U away to search line by line"
        );
    }
    let messages = Messages::new(!args.no_messages);
    if !args.fixed_strings && !args.quiet {
        collected
            .patterns
            .iter()
            .filter_map(|pattern| hints::of_regex(str::from_utf8(pattern).ok()?))
            .take(1)
            .for_each(|hint| messages.warn(hint));
    }
    let paths = Paths::new(collected.paths, collected.took_stdin);
    let wants_none = args.max_count == Some(0) || args.last == Some(0);
    let nothing_can_match = wants_none || (collected.patterns.is_empty() && !args.invert_match);
    if args.explain {
        messages::print(format_args!("matcher: {}", matcher.description()));
    }
    if nothing_can_match {
        return Ok(ExitCode::from(1));
    }
    let single = paths.single();
    let mut style = style(args, single.is_none(), to_terminal);
    style.multiline = !matcher.is_by_line();
    if let (Some(text), Goal::Lines) = (&args.replace, args.goal()) {
        let Some(text) = patterns::bytes(text) else { bail!("the text of -r is not valid UTF-8: {text:?}") };
        style.replacer = Some(matcher_builder.build_replacer(&collected.patterns, text)?);
    }
    if args.tells_patterns_apart() {
        let set = matcher_builder.build_set(&collected.patterns)?;
        let ids = PatternIds::new(set, collected.numbers);
        if args.explain {
            messages::print(format_args!("patterns: {}", ids.description()));
        }
        style.ids = Some(ids);
    }
    let is_single = single.is_some();
    let from_stdin = single.as_ref().is_some_and(|haystack| haystack.is_stdin);
    let mut output = Output::new(stdout);
    // A small file is searched before a thread that waits for signals is there, and before others could help.
    let is_small = single.as_ref().is_some_and(|haystack| haystack.len.is_some_and(|len| len <= search::SMALL));
    // Before this there is nothing to be saved.
    let interrupt = if is_small { Interrupt::unwatched() } else { interrupt::watch(Some(output.rescue())) };
    let cancel = interrupt.cancel.clone();
    let builder = grep_builder(args, to_terminal && !from_stdin, &cancel);
    let separator = separator(args, &style);
    let indexes = Indexes::new(args, &matcher_builder, &matcher);
    let searcher = Searcher::new(args, matcher, &builder, style, collected.patterns, indexes, &cancel)?;
    let threads = if single.is_some() { usize::MAX } else { resources::most_threads() };
    let pool = if is_small { Pool::inline() } else { Pool::new(args.threads).at_most(threads) };
    let outcome = match single {
        Some(haystack) => {
            let mut sink = Direct { output: &mut output, separator, flushes: to_terminal };
            searcher.search(&haystack, &pool, &mut sink).unwrap_or_else(|error| {
                messages.error(error);
                Outcome::default()
            })
        }
        None => {
            let stop_at_match = args.quiet && !args.wants_stats();
            let many = many::Many {
                searcher: &searcher,
                pool: &pool,
                messages: &messages,
                separator,
                stop_at_match,
                cancel: &cancel,
            };
            let (outcome, any) = many.search(paths.walk(args, &cancel)?, &mut output)?;
            if !any && !cancel.is_cancelled() && !messages.any_error() {
                let why = unsearched::why(&paths, args, &cancel);
                if paths.is_implicit() {
                    messages.error(why);
                } else if !args.quiet {
                    messages.warn(why);
                }
            }
            if !outcome.matched
                && let Some(note) = searcher.note_on_directories()
            {
                messages.warn(note);
            }
            outcome
        }
    };
    interrupt.search_has_ended();
    if args.show() == Show::Json {
        let _ = output.write(&json::summary(&outcome.stats, outcome.stopped_at, started.elapsed()));
    } else if args.stats {
        let _ = output.write(outcome.stats.report(outcome.stopped_at, started.elapsed()).as_bytes());
    }
    output.finish().context("cannot write to standard output")?;
    if cancel.is_cancelled() {
        if std::io::stderr().is_terminal() {
            messages.warn(interrupt::report(outcome.stopped_at.filter(|_| is_single)));
        }
        return Ok(ExitCode::from(interrupt::STATUS));
    }
    Ok(exit_code(outcome.matched, args.quiet, messages.any_error()))
}

fn matcher_builder(args: &Args) -> MatcherBuilder {
    let mut builder = MatcherBuilder::new();
    builder
        .by_line(!args.multiline)
        .dot_matches_newline(args.multiline && args.multiline_dotall)
        .line_terminator(args.terminator())
        .fixed_strings(args.fixed_strings)
        .case(args.case())
        .word(args.word_regexp)
        .whole_line(args.line_regexp)
        .longest(args.longest)
        .refuse_nul(!args.all_text())
        .merge(true);
    builder
}

fn grep_builder(args: &Args, numbers_by_default: bool, cancel: &Cancel) -> GrepBuilder {
    let (before, after) = args.context();
    let mut builder = GrepBuilder::new();
    builder
        .goal(args.goal())
        .invert(args.invert_match)
        .before_context(before)
        .after_context(after)
        .line_numbers(args.line_numbers(numbers_by_default))
        .max_count(args.max_count)
        .passthru(args.passthru)
        .last(args.last)
        .reverse(args.reverse)
        .cache(args.cache_policy())
        .cancel(cancel.clone());
    if let Some(range) = args.range.and_then(|range| range.fixed()) {
        builder.range(range);
    }
    if let Some(size) = args.chunk_size {
        builder.chunk_size(size);
    }
    builder
}

fn style(args: &Args, many_files: bool, to_terminal: bool) -> Style {
    let colors = match args.color {
        When::Always => true,
        When::Never => false,
        // The terminal may be one that has no colours, or the user may want none.
        When::Auto => to_terminal && BufferWriter::stdout(ColorChoice::Auto).buffer().supports_color(),
    };
    Style {
        file_names: args.file_names(many_files),
        heading: args.heading(to_terminal),
        byte_offset: args.byte_offset,
        column: args.column,
        only_matching: args.only_matching,
        trim: args.trim,
        max_columns: args.max_columns(),
        max_columns_preview: args.max_columns_preview,
        stats: args.stats,
        colors: colors.then(Colors::default),
        terminator: args.terminator(),
        multiline: false,
        replacer: None,
        ids: None,
        shows_pattern_numbers: args.pattern_ids,
    }
}

/// What stands between the lines of one file and those of the next.
fn separator(args: &Args, style: &Style) -> Option<&'static [u8]> {
    let (before, after) = args.context();
    match args.show() {
        Show::Lines if style.heading => Some(style.terminator.bytes()),
        Show::Lines if before > 0 || after > 0 => Some(match style.terminator {
            LineTerminator::Lf => b"--\n",
            LineTerminator::Crlf => b"--\r\n",
            LineTerminator::Nul => b"--\0",
        }),
        _ => None,
    }
}

fn exit_code(matched: bool, quiet: bool, errored: bool) -> ExitCode {
    match (matched, errored) {
        (true, false) => ExitCode::SUCCESS,
        (true, true) if quiet => ExitCode::SUCCESS,
        (_, true) => ExitCode::from(2),
        (false, false) => ExitCode::from(1),
    }
}
