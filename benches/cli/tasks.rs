//! What is timed: a table of searches, with the tools that can do them and the speed that is wanted.

use crate::{
    corpus::{Counts, EARLY, Input, LATE, NO_LITERAL, NUMBER},
    options::{Options, Patterns},
};

/// One thing to do with a file.
pub(crate) struct Task {
    pub(crate) name: &'static str,
    pub(crate) input: Input,
    /// Options that all tools understand.
    pub(crate) flags: &'static [&'static str],
    /// The options for a second measurement, in the same rounds.
    pub(crate) without: Option<&'static [&'static str]>,
    /// What to look for, or how that is called.
    pub(crate) pattern: String,
    /// How many words of a file to look for instead.
    pub(crate) words: usize,
    pub(crate) regex: bool,
    /// The tools that can do it, besides mapgrep.
    pub(crate) peers: &'static [&'static str],
    /// The number in the output, or how many lines it has, where the generator
    /// knows that.
    pub(crate) count: fn(&Counts) -> Option<u64>,
    pub(crate) target: Target,
    /// It takes milliseconds, so there are more rounds.
    pub(crate) is_quick: bool,
}

impl Task {
    pub(crate) fn literal(name: &'static str, flags: &'static [&'static str], pattern: &str) -> Task {
        Task {
            name,
            input: Input::Log,
            flags,
            without: None,
            pattern: pattern.to_owned(),
            words: 0,
            regex: false,
            peers: ALL,
            count: |_| None,
            target: Target::None,
            is_quick: false,
        }
    }

    pub(crate) fn regex(name: &'static str, flags: &'static [&'static str], pattern: &str) -> Task {
        Task { regex: true, ..Task::literal(name, flags, pattern) }
    }

    /// A literal in one long line.
    pub(crate) fn long_line(name: &'static str, flags: &'static [&'static str], pattern: &str) -> Task {
        let target = Target::Ratio(1.5);
        Task { input: Input::LongLine, peers: RIPGREP, target, ..Task::literal(name, flags, pattern) }
    }

    /// Something that only mapgrep can do.
    pub(crate) fn alone(name: &'static str, flags: &'static [&'static str], pattern: &str) -> Task {
        Task { peers: &[], ..Task::literal(name, flags, pattern) }
    }

    /// Many literals from a file, with the tools that are known to take them line by line.
    pub(crate) fn words(name: &'static str, words: usize) -> Task {
        let peers = &["rg", "grep", "ugrep"];
        let pattern = format!("{words} random hexadecimal words of 8 to 20 letters");
        Task { words, peers, ..Task::literal(name, &["-c"], &pattern) }
    }

    /// All tasks, those of one file together.
    pub(crate) fn all(options: &Options) -> Vec<Task> {
        let Patterns { rare, medium, dense, early, late, regex, two_lines } = &options.patterns;
        let planted = |word: &str| if options.file.is_none() { word.to_owned() } else { dense.clone() };
        let early = &early.clone().unwrap_or_else(|| planted(EARLY));
        let late = &late.clone().unwrap_or_else(|| planted(LATE));
        let group = &format!("({regex})");
        vec![
            Task {
                count: |c| Some(c.rare),
                target: Target::RatioOrCeiling(1.8, 0.9),
                ..Task::literal("rare literal, -c", &["-c"], rare)
            },
            Task {
                count: |c| Some(c.rare),
                without: Some(&[]),
                target: Target::Overhead(10.0),
                ..Task::literal("rare literal, -n", &["-n"], rare)
            },
            Task { count: |c| Some(c.medium), ..Task::literal("medium literal, -c", &["-c"], medium) },
            Task {
                count: |c| Some(c.no_literal),
                target: Target::Ratio(1.8),
                ..Task::regex("regex without a literal, -c", &["-c"], NO_LITERAL)
            },
            Task {
                count: |c| Some(c.dense),
                target: Target::Ratio(4.0),
                ..Task::literal("dense literal, -c", &["-c"], dense)
            },
            Task {
                count: |c| Some(c.dense),
                target: Target::Ratio(3.0),
                ..Task::literal("dense literal, -n", &["-n"], dense)
            },
            Task { count: |c| Some(c.dense), ..Task::literal("dense literal, -o -b", &["-o", "-b"], dense) },
            Task {
                count: |c| Some(c.numbers),
                target: Target::Ratio(4.0),
                ..Task::regex("many matches a line, -o", &["-o"], NUMBER)
            },
            Task {
                count: |c| Some(c.numbers),
                peers: RIPGREP,
                ..Task::regex("many matches a line, --count-matches", &["--count-matches"], NUMBER)
            },
            Task { count: |c| Some(c.regex), ..Task::regex("regex, -n", &["-n"], regex) },
            Task { count: |c| Some(c.regex), ..Task::regex("regex, -c", &["-c"], regex) },
            Task {
                count: |c| Some(c.regex),
                peers: RIPGREP,
                ..Task::regex("regex, -n -r", &["-n", "-r", "<$1>"], group)
            },
            Task { count: |c| Some(c.lines - c.dense), ..Task::literal("dense literal, -v -c", &["-v", "-c"], dense) },
            Task::literal("medium literal, -n -C2", &["-n", "-C2"], medium),
            Task { peers: RIPGREP, ..Task::literal("medium literal, --json", &["--json"], medium) },
            Task { peers: RIPGREP, ..Task::regex("two lines, -U -n", &["-U", "-n"], two_lines) },
            Task { target: Target::Ratio(1.0), ..Task::words("1k literals, -F -f, -c", 1_000) },
            Task { target: Target::Ratio(5.0), ..Task::words("10k literals, -F -f, -c", 10_000) },
            Task { target: Target::Ratio(5.0), ..Task::words("100k literals, -F -f, -c", 100_000) },
            Task { target: Target::Ratio(5.0), ..Task::words("1M literals, -F -f, -c", 1_000_000) },
            Task {
                count: |_| Some(1),
                target: Target::Below(15.0),
                is_quick: true,
                ..Task::literal("early literal, -m1", &["-m1"], early)
            },
            Task {
                count: |_| Some(1),
                target: Target::Below(15.0),
                is_quick: true,
                ..Task::alone("late literal, --last 1", &["--last", "1"], late)
            },
            Task {
                count: |_| Some(1),
                target: Target::Below(15.0),
                is_quick: true,
                ..Task::alone("late literal, --reverse -m1", &["--reverse", "-m1"], late)
            },
            Task {
                input: Input::Small,
                count: |c| Some(c.rare),
                target: Target::Behind(1.0),
                is_quick: true,
                ..Task::literal("100 KB, rare literal, -n", &["-n"], rare)
            },
            Task {
                input: Input::Records,
                count: |c| Some(c.dense),
                peers: RIPGREP,
                ..Task::literal("dense literal, --null-data -c", &["--null-data", "-c"], dense)
            },
            Task { count: |_| Some(1), ..Task::long_line("one long line, rare literal, -c", &["-c"], rare) },
            Task { count: |c| Some(c.rare), ..Task::long_line("one long line, rare literal, -o", &["-o"], rare) },
            Task { count: |_| Some(1), ..Task::long_line("one long line, dense literal, -c", &["-c"], dense) },
            Task { count: |c| Some(c.dense), ..Task::long_line("one long line, dense literal, -o", &["-o"], dense) },
        ]
    }

    /// Whether the output has something in it that is never the same.
    pub(crate) fn is_json(&self) -> bool {
        self.flags.contains(&"--json")
    }
}

pub(crate) const ALL: &[&str] = &["rg", "grep", "ugrep", "krep"];

/// What other tools have no option for, or do not do in bounded memory.
pub(crate) const RIPGREP: &[&str] = &["rg"];

/// How fast a task should be.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    None,
    /// So many times as fast as ripgrep.
    Ratio(f64),
    /// The same, or so much of the speed at which words are added up.
    RatioOrCeiling(f64, f64),
    /// At most so many percent longer than without some of the flags.
    Overhead(f64),
    /// Less than so many milliseconds.
    Below(f64),
    /// At most so many milliseconds more than ripgrep.
    Behind(f64),
}
