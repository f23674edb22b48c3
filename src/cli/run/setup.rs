//! From flags to what the library takes: the builders of a matcher and of a search, and how lines look.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use termcolor::{ColorChoice, StandardStream, WriteColor};

use crate::cli::{
    flags::{
        Options,
        options::{Boundary, Buffering, Context, Engine, Mode, UseColor},
    },
    print::{color::Colors, hyperlink::Hyperlinks, pattern_ids::PatternIds, style::Style},
    run::{
        explain::pattern_error,
        patterns::{Patterns, bytes},
    },
    terminal::messages,
};
use mapgrep::{
    grep::{Goal, GrepBuilder},
    matcher::{self, Matcher, MatcherBuilder, pcre2_version},
    scan::Cancel,
};

/// A matcher for patterns, and the builder that made it.
///
/// # Errors
///
/// When a pattern is wrong, with the file and the line that it was read from; and where the flags ask for a search from
/// the end whose matches may cross lines.
pub(crate) fn matcher(options: &Options, patterns: &Patterns) -> anyhow::Result<(MatcherBuilder, Matcher)> {
    let mut builder = matcher_builder(options);
    let build = |builder: &MatcherBuilder| {
        let built = builder.build(&patterns.patterns);
        built.map_err(|error| patterns.named(error.pattern_index(), pattern_error(&error, options)))
    };
    let mut matcher = match options.patterns.engine {
        Engine::Default => build(&builder)?,
        Engine::Pcre2 => build(builder.engine(matcher::Engine::Pcre2))?,
        Engine::Auto => match build(&builder) {
            Err(error) if pcre2_version().is_some() => build(builder.engine(matcher::Engine::Pcre2))
                .map_err(|other| anyhow!("no engine takes the pattern; the default one: {error}\n{other}"))?,
            built => built?,
        },
    };
    if !matcher.is_by_line() && !matcher.crosses_lines() {
        // Lines that have nothing to do with each other are searched faster, and shown as they are without the flag.
        matcher = builder.by_line(true).build(&patterns.patterns)?;
    }
    let selection = &options.selection;
    if options.patterns.engine == Engine::Pcre2 && options.tells_patterns_apart() {
        bail!("--pattern-ids and --count-by-pattern cannot be used with -P: PCRE2 does not tell patterns apart");
    }
    if (selection.last.is_some() || selection.reverse) && !matcher.is_by_line() {
        let flag = if selection.reverse { "--reverse" } else { "--last" };
        bail!(
            "{flag} cannot be used with -U where a match may go over several lines; leave -U away to search line by \
             line"
        );
    }
    Ok((builder, matcher))
}

fn matcher_builder(options: &Options) -> MatcherBuilder {
    let patterns = &options.patterns;
    let mut builder = MatcherBuilder::new();
    builder
        .by_line(!patterns.multiline)
        .dot_matches_newline(patterns.multiline && patterns.multiline_dotall)
        .line_terminator(options.text.terminator)
        .fixed_strings(patterns.fixed_strings)
        .case(patterns.case)
        .word(patterns.boundary == Boundary::Word)
        .whole_line(patterns.boundary == Boundary::Line)
        .longest(patterns.longest)
        .unicode(!patterns.no_unicode)
        .size_limit(patterns.regex_size_limit)
        .dfa_size_limit(patterns.dfa_size_limit)
        .refuse_nul(!options.text.is_all_text())
        .merge(true);
    builder
}

/// The builder of a search; `numbers_by_default` says whether lines are numbered where no flag does.
pub(crate) fn grep_builder(options: &Options, numbers_by_default: bool, cancel: &Cancel) -> GrepBuilder {
    let selection = &options.selection;
    let (before, after) = selection.context.sizes();
    let mut builder = GrepBuilder::new();
    builder
        .goal(options.goal())
        .invert_match(selection.invert_match)
        .before_context(before)
        .after_context(after)
        .line_numbers(options.line_numbers(numbers_by_default))
        .max_count(selection.max_count)
        .passthru(selection.context == Context::All)
        .last(selection.last)
        .reverse(selection.reverse)
        .page_cache(options.performance.page_cache.policy())
        .cancel(cancel.clone());
    if let Some(range) = selection.part.bytes().and_then(|range| range.fixed()) {
        builder.range(range);
    }
    if let Some(size) = options.performance.chunk_size {
        builder.chunk_size(size);
    }
    builder
}

/// How lines and names look, but for what depends on the patterns.
pub(crate) fn style(options: &Options, many_files: bool, to_terminal: bool) -> Style {
    let format = &options.format;
    let colors = match format.color {
        UseColor::Always | UseColor::Ansi => {
            if cfg!(windows) && to_terminal {
                obeys_colors(ColorChoice::AlwaysAnsi);
            }
            true
        }
        UseColor::Never => false,
        UseColor::Auto => to_terminal && obeys_colors(ColorChoice::Auto),
    };
    Style {
        file_names: format.file_name.unwrap_or(many_files || format.vimgrep),
        heading: format.heading.unwrap_or(to_terminal) && !format.vimgrep,
        byte_offset: format.byte_offset,
        column: options.shows_column(),
        only_matching: format.only_matching,
        per_match: format.vimgrep,
        trim: format.trim,
        max_columns: format.max_columns.filter(|&max| max > 0),
        max_columns_preview: format.max_columns_preview,
        stats: options.messages.stats,
        hyperlinks: match colors {
            true => Hyperlinks::new(&format.hyperlinks, format.hostname_bin.as_deref()),
            false => None,
        },
        colors: colors.then(|| Colors::new(&format.colors)),
        null: format.null,
        separators: format.separators.clone(),
        makes_visible: to_terminal && !options.text.is_all_text(),
        terminator: options.text.terminator,
        multiline: false,
        replacer: None,
        ids: None,
        shows_pattern_numbers: options.output.pattern_ids,
    }
}

/// Whether the terminal obeys the bytes that switch colours: it may have none, or the user may want none. A console of
/// Windows is told to obey them; one that cannot would show them.
fn obeys_colors(choice: ColorChoice) -> bool {
    let terminal = StandardStream::stdout(choice);
    terminal.supports_color() && !terminal.is_synchronous()
}

/// Adds to a style what depends on the patterns.
///
/// # Errors
///
/// When a replacement is wrong, or patterns cannot be told apart.
pub(crate) fn complete_style(
    style: &mut Style,
    options: &Options,
    (builder, matcher): (&MatcherBuilder, &Matcher),
    patterns: &Patterns,
) -> anyhow::Result<()> {
    style.multiline = !matcher.is_by_line();
    style.replacer = match (&options.format.replace, options.goal()) {
        (Some(text), Goal::Lines) => {
            let Some(text) = bytes(text) else { bail!("the text of -r is not valid UTF-8: {text:?}") };
            Some(matcher.replacer(text)?)
        }
        _ => None,
    };
    style.ids = match options.tells_patterns_apart() {
        true => Some(PatternIds::new(builder.build_set(&patterns.patterns)?, patterns.numbers.clone())),
        false => None,
    };
    if let Some(ids) = &style.ids
        && options.messages.explain
    {
        messages::print(format_args!("patterns: {}", ids.description()));
    }
    Ok(())
}

/// When output leaves the process. By default it does so at once where somebody looks on.
pub(crate) fn buffering(options: &Options, at_once: bool) -> Buffering {
    match options.format.buffering {
        Buffering::Auto if at_once => Buffering::Line,
        buffering => buffering,
    }
}

pub(crate) fn exit_code(matched: bool, quiet: bool, errored: bool) -> ExitCode {
    match (matched, errored) {
        (true, false) => ExitCode::SUCCESS,
        (true, true) if quiet => ExitCode::SUCCESS,
        (_, true) => ExitCode::from(2),
        (false, false) => ExitCode::from(1),
    }
}

/// What stands between the lines of one file and those of the next.
pub(crate) fn separator(options: &Options, style: &Style) -> Option<Vec<u8>> {
    let ending = style.terminator.bytes();
    match options.mode() {
        Mode::Lines if style.heading => Some(ending.to_vec()),
        Mode::Lines if options.selection.context.sizes() != (0, 0) => {
            style.separators.context.as_ref().map(|separator| [separator, ending].concat())
        }
        _ => None,
    }
}
