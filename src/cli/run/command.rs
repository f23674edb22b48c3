//! The command `mapgrep`, from its options to its exit status.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use anyhow::Context;

use crate::cli::{
    flags::{Options, options::Mode},
    print::json,
    process::{
        interrupt::{self, Interrupt},
        resources,
    },
    run::{
        haystack::Haystack,
        hints,
        indexes::Indexes,
        list,
        many::{Direct, Many},
        open::SMALL,
        patterns::{self, Patterns},
        search::{Outcome, Searcher},
        setup, unsearched,
        walk::Paths,
    },
    terminal::{
        log,
        messages::{self, Messages},
        stdout::Output,
    },
};
use mapgrep::scan::Pool;

/// Searches, and writes what is found to `stdout`, which is a terminal or not.
pub(crate) fn run(
    options: &Options,
    stdout: impl Write + Send + 'static,
    to_terminal: bool,
) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    log::show(options.messages.log);
    match options.mode() {
        Mode::Files => return list::files(options, stdout, to_terminal),
        Mode::Types => return list::types(options, stdout),
        _ => {}
    }
    let mut collected = patterns::collect(options)?;
    let (builder, matcher) = setup::matcher(options, &collected)?;
    let messages = Messages::new(!options.messages.no_messages);
    if !options.output.quiet {
        hint(options, &collected, to_terminal, &messages);
    }
    let paths = Paths::new(std::mem::take(&mut collected.paths), collected.took_stdin, options.shows_ignore_messages());
    ::log::debug!("matcher: {}", matcher.description());
    if options.messages.explain {
        messages::print(format_args!("matcher: {}", matcher.description()));
    }
    let mut output = Output::new(stdout);
    if nothing_can_match(options, &collected) {
        write_total(options, &Outcome::default(), &mut output);
        output.finish().context("cannot write to standard output")?;
        return Ok(ExitCode::from(1));
    }
    let single = paths.single(&options.files)?;
    let mut style = setup::style(options, single.is_none(), to_terminal);
    setup::complete_style(&mut style, options, (&builder, &matcher), &collected)?;
    // A small file is searched before a thread that waits for signals is there, and before others could help.
    let is_small = single.as_ref().is_some_and(|haystack| haystack.len.is_some_and(|len| len <= SMALL));
    // Before this there is nothing to be saved.
    let interrupt = interrupt_for(single.as_ref(), &output);
    let cancel = &interrupt.cancel;
    let from_stdin = single.as_ref().is_some_and(|haystack| haystack.is_stdin);
    let grep = setup::grep_builder(options, to_terminal && !from_stdin, cancel);
    let separator = setup::separator(options, &style);
    let separator = separator.as_deref();
    let patterns: Arc<[Vec<u8>]> = collected.patterns.into();
    let indexes = Indexes::new(options, (&builder, &matcher), Arc::clone(&patterns));
    let searcher = Searcher::new(options, (matcher, &grep), style, patterns, indexes.into(), &interrupt)?;
    let threads = if single.is_some() { usize::MAX } else { resources::most_threads() };
    let pool = if is_small { Pool::inline() } else { resources::pool(options.performance.threads, threads) };
    let outcome = match &single {
        Some(haystack) => {
            let buffering = setup::buffering(options, to_terminal);
            let mut sink = Direct { output: &mut output, separator, buffering };
            searcher.search(haystack, &pool, &mut sink).unwrap_or_else(|error| {
                messages.error(error);
                Outcome::default()
            })
        }
        None => {
            let stop_at_match = options.output.quiet && !options.wants_stats();
            let (searcher, pool, messages) = (&searcher, &pool, &messages);
            // Where many files are searched, what is found in each leaves together unless something else was said.
            let buffering = setup::buffering(options, false);
            let many = Many { searcher, pool, messages, separator, buffering, stop_at_match, cancel };
            search_many(options, &paths, &many, &mut output)?
        }
    };
    interrupt.search_has_ended();
    if !cancel.is_cancelled() {
        write_total(options, &outcome, &mut output);
    }
    write_summary(options, &outcome, started, &mut output);
    output.finish().context("cannot write to standard output")?;
    if cancel.is_cancelled() {
        if std::io::stderr().is_terminal() {
            messages.warn(interrupt::report(outcome.stopped_at.filter(|_| single.is_some())));
        }
        return Ok(ExitCode::from(interrupt::STATUS));
    }
    Ok(setup::exit_code(outcome.matched, options.output.quiet, messages.any_error()))
}

/// What follows when the search is interrupted. Of a single regular file an index may leave little to be searched: the
/// signals are watched once it is known that it does not.
fn interrupt_for<W: Write + Send + 'static>(single: Option<&Haystack>, output: &Output<W>) -> Arc<Interrupt> {
    let interrupt = Interrupt::unwatched(Some(output.rescue()));
    if single.is_none_or(|haystack| haystack.len.is_none()) {
        interrupt.watch();
    }
    Arc::new(interrupt)
}

/// Tells of what means something else than it seems to: the first such pattern, and a replacement.
fn hint(options: &Options, patterns: &Patterns, to_terminal: bool, messages: &Messages) {
    let is_regex = !options.patterns.fixed_strings;
    let mut hints = patterns.patterns.iter().filter_map(|pattern| hints::of_regex(str::from_utf8(pattern).ok()?));
    let replacement = options.format.replace.as_deref().filter(|_| to_terminal).and_then(hints::of_replacement);
    for hint in hints.next().filter(|_| is_regex).into_iter().chain(replacement) {
        messages.warn(hint);
    }
}

fn nothing_can_match(options: &Options, patterns: &Patterns) -> bool {
    let selection = &options.selection;
    let wants_none = selection.max_count == Some(0) || selection.last == Some(0);
    wants_none || (patterns.patterns.is_empty() && !selection.invert_match)
}

/// Searches the files of paths that are several, or directories. Says so where nothing was searched.
fn search_many<W: Write>(
    options: &Options,
    paths: &Paths,
    many: &Many<'_>,
    output: &mut Output<W>,
) -> anyhow::Result<Outcome> {
    let Many { messages, cancel, .. } = many;
    let (outcome, any) =
        many.search(paths.walk(&options.files, resources::helpers(many.pool.threads()), cancel)?, output)?;
    if !any && !cancel.is_cancelled() && !messages.any_error() {
        let why = unsearched::why(paths, &options.files, cancel);
        if paths.is_implicit() {
            messages.error(why);
        } else if !options.output.quiet {
            messages.warn(why);
        }
    }
    if !outcome.matched
        && let Some(note) = many.searcher.note_on_directories()
    {
        messages.warn(note);
    }
    Ok(outcome)
}

/// Writes the sum of the counts of all files, where it is wanted.
fn write_total<W: Write>(options: &Options, outcome: &Outcome, output: &mut Output<W>) {
    if options.output.total && !options.output.quiet {
        let _ = output.write(format!("{}\n", outcome.count).as_bytes());
    }
}

/// Writes what stands behind the output of all files.
fn write_summary<W: Write>(options: &Options, outcome: &Outcome, started: Instant, output: &mut Output<W>) {
    if options.mode() == Mode::Json {
        let _ = output.write(&json::summary(&outcome.stats, outcome.stopped_at, started.elapsed()));
    } else if options.messages.stats {
        let _ = output.write(outcome.stats.report(outcome.stopped_at, started.elapsed()).as_bytes());
    }
}
