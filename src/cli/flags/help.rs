//! What `-h`, `--help`, `-V` and `--version` show.

use std::fmt::Write;

use crate::cli::flags::{
    flag::{Flag, Section},
    table::all,
};
use mapgrep::matcher::pcre2_version;

/// How wide help is.
const WIDTH: usize = 80;

const ABOUT: &str = "Search files for lines that match a pattern, with all cores in each file.";

const USAGE: &str = "USAGE:
  mapgrep [OPTIONS] PATTERN [PATH...]
  mapgrep [OPTIONS] -e PATTERN... [PATH...]
  mapgrep [OPTIONS] -f FILE... [PATH...]
";

pub(crate) const ARGUMENTS: [(&str, &str); 2] = [
    ("PATTERN", "What to search for, a regular expression; none where -e or -f is given."),
    ("PATH", "Files and directories to search. \"-\" is standard input."),
];

pub(crate) const DESCRIPTION: &[&str] = &[
    "Without PATH, mapgrep searches standard input, or the current directory if standard input is a terminal. In \
     directories it skips hidden files, binary files, indexes, and what .gitignore and similar files name. The output \
     is in file order, whatever the number of threads.",
    "Standard input that is a regular file is searched from its current offset. It is mapped if that helps (--last, \
     --reverse, --range, --lines, -U, -a, an index). Afterwards its offset is at the end, or after the last line that \
     was wanted (-m, -q, -l). A file that is also the output is an error if lines would be printed; in directories it \
     is skipped.",
];

pub(crate) const EXIT_STATUS: &str = "0 if a line was selected, 1 if none was, 2 after an error (with -q, 0 if a line \
                                      was selected nevertheless), 130 after an interrupt.";

/// One line.
pub(crate) fn version() -> String {
    format!("mapgrep {}\n", env!("CARGO_PKG_VERSION"))
}

/// What `--pcre2-version` says, and whether there is one.
pub(crate) fn pcre2() -> (String, bool) {
    match pcre2_version() {
        Some(version) => (format!("PCRE2 {version}\n"), true),
        None => ("PCRE2 is not in this build.\n".to_owned(), false),
    }
}

/// The version, and which optional parts this build has.
pub(crate) fn build() -> String {
    format!("{}\n{}", version(), pcre2().0)
}

/// One line for each flag.
pub(crate) fn summary() -> String {
    let mut out = format!("{ABOUT}\n--help says more.\n\n{USAGE}");
    for (section, title) in Section::ALL {
        let _ = write!(out, "\n{title}:\n");
        for flag in shown(section) {
            let names = names(flag);
            let _ = writeln!(out, "  {names:<29} {}", flag.summary);
        }
    }
    out
}

/// All there is to say.
pub(crate) fn help() -> String {
    let mut out = format!("mapgrep {}\n{ABOUT}\n-h says less.\n\n{USAGE}", env!("CARGO_PKG_VERSION"));
    out.push_str("\nARGUMENTS:\n");
    for (name, help) in ARGUMENTS {
        let _ = writeln!(out, "  {name}");
        push_wrapped(&mut out, help, 6);
    }
    out.push('\n');
    for (i, text) in DESCRIPTION.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        push_wrapped(&mut out, text, 2);
    }
    for (section, title) in Section::ALL {
        let _ = write!(out, "\n{title}:\n");
        for flag in shown(section) {
            let _ = writeln!(out, "  {}", names(flag));
            push_wrapped(&mut out, &text(flag), 6);
            out.push('\n');
        }
        out.pop();
    }
    out.push_str("\nEXIT STATUS:\n");
    push_wrapped(&mut out, EXIT_STATUS, 2);
    out
}

/// The flags of a section, in the order of their long names.
pub(crate) fn shown(section: Section) -> Vec<&'static Flag> {
    let mut flags: Vec<_> = all().filter(|flag| flag.section == section && !flag.is_hidden).collect();
    flags.sort_by_key(|flag| flag.long);
    flags
}

/// What is said of a flag: its help, and how it is taken back.
pub(crate) fn text(flag: &Flag) -> String {
    match flag.negation {
        Some(negation) => format!("{}\n\n--{negation} takes it back.", flag.help),
        None => flag.help.to_owned(),
    }
}

fn names(flag: &Flag) -> String {
    let short = flag.short.map_or_else(|| "    ".to_owned(), |short| format!("-{short}, "));
    let value = flag.value.map_or_else(String::new, |value| format!("={value}"));
    format!("{short}--{}{value}", flag.long)
}

/// Appends paragraphs, with an empty line between them, in lines that begin with some spaces.
fn push_wrapped(out: &mut String, text: &str, indent: usize) {
    for (i, paragraph) in text.split("\n\n").enumerate() {
        if i > 0 {
            out.push('\n');
        }
        let mut width = 0;
        for word in paragraph.split(' ') {
            let len = word.chars().count();
            if width > 0 && width + 1 + len > WIDTH {
                out.push('\n');
                width = 0;
            }
            if width == 0 {
                out.extend(std::iter::repeat_n(' ', indent));
                width = indent;
            } else {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += len;
        }
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_help_fits_a_terminal() {
        for line in summary().lines().chain(help().lines()) {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn every_flag_is_told_of() {
        let (summary, help) = (summary(), help());
        for flag in all().filter(|flag| !flag.is_hidden) {
            let name = format!("--{}", flag.long);
            assert!(summary.contains(&name) && help.contains(&name), "{name}");
            assert!(!flag.summary.ends_with('.') && flag.help.ends_with('.'), "{name}");
        }
    }
}
