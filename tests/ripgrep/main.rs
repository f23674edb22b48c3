//! Compares the command with an installed ripgrep.
//!
//! `MAPGREP_RG` names the ripgrep to compare with; without it the tests warn
//! that they compare nothing. Other settings, all optional:
//!
//! * `MAPGREP_SEED`: one seed for the random cases instead of a fixed list, or
//!   `clock` for a new one.
//! * `MAPGREP_CASES`: the number of random cases over all seeds. When it is
//!   not set the run also ends after [`DEFAULT_TIME`].
//! * `MAPGREP_FAILURES`: how many failures to minimise and print before a
//!   run of random cases gives up.
//! * `MAPGREP_BIN`: the program to test instead of the one just built.
//!
//! Standard output and the exit status must be equal, and a message on
//! standard error must appear in both or in neither. Files named on the
//! command line are compared with `rg --mmap`, since that is how this crate
//! reads them; walked files and standard input with ripgrep's streaming
//! search. Both orders of files are those of `rg --sort path`.

#![cfg(feature = "cli")]

mod case;
mod combine;
mod deliberate;
mod flags;
mod generate;
mod minimise;
mod named;

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    io::Write as _,
    str::FromStr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use case::{Case, Difference, Outcome, Tools, TreeFile, shown};
use generate::Gen;

/// Seeds that every run tries.
const SEEDS: &[u64] = &[1, 2, 3, 4];

/// Random cases when `MAPGREP_CASES` is not set.
const DEFAULT_CASES: usize = 1600;

/// When to stop starting random cases if `MAPGREP_CASES` is not set.
const DEFAULT_TIME: Duration = Duration::from_secs(35);

/// Random cases of a run that is long enough for each flag to be in [`LEAST_COMBINATIONS`] of them.
const LONG_RUN: usize = 5000;

/// In how many cases with output each flag is in a long run.
const LEAST_COMBINATIONS: usize = 30;

/// Cases that share one tree of files.
const CASES_PER_TREE: usize = 25;

/// The tools, or nothing and a note when there is no ripgrep.
fn tools(test: &str) -> Option<Tools> {
    let tools = Tools::from_env(env!("CARGO_BIN_EXE_mapgrep"));
    if tools.is_none() {
        // A test that passes has its output left out, unless it goes past the macros.
        let note = "has not compared anything with ripgrep: MAPGREP_RG names it, and `cargo install ripgrep` has it";
        std::io::stderr()
            .write_all(format!("\nWARNING: {test} {note}\n\n").as_bytes())
            .expect("standard error can be written");
    }
    tools
}

/// A number from the environment.
fn setting<T: FromStr>(name: &str) -> Option<T> {
    let value = std::env::var(name).ok()?;
    match value.parse() {
        Ok(number) => Some(number),
        Err(_) => panic!("{name} is not a number: {value}"),
    }
}

/// Describes a failed case and leaves its files on disk, so that the printed
/// command lines can be run.
fn report(tools: &Tools, title: &str, case: &Case, difference: &Difference) -> String {
    let dir = tempfile::Builder::new().prefix("mapgrep-case-").tempdir().expect("a temporary directory can be made");
    case.materialise(dir.path()).expect("the files of the case can be written");
    let root = dir.keep();
    let mut text = format!("{title}\n");
    for tool in [&tools.reference, &tools.under_test] {
        let _ = writeln!(text, "  {}", case.shell(tool, &root));
    }
    for (name, data) in case.tree.iter().chain(&case.side) {
        if data.len() <= 400 && case.tree.len() <= 4 {
            let _ = writeln!(text, "  {name}: {}", shown(data));
        }
    }
    text.push_str(&difference.describe());
    text
}

/// Minimises a failed case and describes the result.
fn investigate(tools: &Tools, title: &str, case: &Case, difference: &Difference) -> String {
    let Some(smaller) = minimise::minimise(tools, case, difference) else {
        return report(tools, &format!("{title} (passes when it is run again)"), case, difference);
    };
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let again = smaller.materialise(dir.path()).and_then(|()| smaller.compare(tools, dir.path()));
    match again {
        Ok(Some(difference)) => report(tools, title, &smaller, &difference),
        _ => report(tools, title, case, difference),
    }
}

/// What the threads that run random cases share.
struct Run<'a> {
    tools: &'a Tools,
    /// Cases for each seed.
    cases: usize,
    deadline: Option<Instant>,
    most_failures: usize,
    reports: Mutex<Vec<String>>,
    done: AtomicUsize,
    /// In how many cases with output each name of a flag was given.
    shown: Mutex<HashMap<String, usize>>,
}

/// In how many cases with output the flag of a row was given.
fn combinations(shown: &HashMap<String, usize>, row: &'static str) -> usize {
    let names: HashSet<_> = combine::forms(row).map(combine::name).map(|name| name.split(' ').next()).collect();
    names.into_iter().flatten().filter_map(|name| shown.get(name)).sum()
}

impl Run<'_> {
    /// Whether no more cases should be started.
    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() > deadline)
            || self.reports.lock().expect("no thread panicked").len() >= self.most_failures
    }

    /// A combination over a small tree: every other time with the flag that has shown least so far.
    fn combination(&self, g: &mut Gen, tree: &Arc<Vec<TreeFile>>) -> Case {
        let row = if g.one_in(2) {
            g.pick(combine::FLAGS)
        } else {
            let shown = self.shown.lock().expect("no thread panicked");
            let count = |row: &&'static str| combinations(&shown, row);
            combine::FLAGS.iter().copied().min_by_key(count).expect("there are flags")
        };
        let forms: Vec<_> = combine::forms(row).collect();
        let form = g.pick(&forms);
        g.combination(tree, form)
    }

    /// Counts the flags of a case with output.
    fn note_flags(&self, case: &Case, expected: &Outcome) {
        if expected.stdout.is_empty() {
            return;
        }
        let mut shown = self.shown.lock().expect("no thread panicked");
        for group in case.flags.iter().chain(&case.patterns) {
            *shown.entry(combine::name(&group[0]).to_owned()).or_default() += 1;
        }
    }

    /// Runs the cases of one seed.
    fn seed(&self, seed: u64) {
        let mut g = Gen::new(seed);
        let mut first = 0;
        while first < self.cases && !self.is_over() {
            // One tree in four is of large files, and the flags that go with them.
            let is_large = (first / CASES_PER_TREE).is_multiple_of(4);
            let tree = if is_large { g.tree() } else { g.small_tree() };
            let dir = tempfile::tempdir().expect("a temporary directory can be made");
            let mut is_new = true;
            for i in first..self.cases.min(first + CASES_PER_TREE) {
                let case = if is_large { g.case(&tree) } else { self.combination(&mut g, &tree) };
                if self.is_over() {
                    return;
                }
                if case.deliberate_difference().is_some() {
                    continue;
                }
                let written = if std::mem::replace(&mut is_new, false) {
                    case.materialise(dir.path())
                } else {
                    case.materialise_side(dir.path())
                };
                written.expect("the files of the case can be written");
                let expected = case.reference(self.tools, dir.path()).expect("ripgrep can be run");
                self.note_flags(&case, &expected);
                let difference = case.compare_with(expected, self.tools, dir.path()).expect("both tools can be run");
                self.done.fetch_add(1, Ordering::Relaxed);
                if let Some(difference) = difference {
                    let title = format!("case {i} of seed {seed}");
                    let report = investigate(self.tools, &title, &case, &difference);
                    self.reports.lock().expect("no thread panicked").push(report);
                }
            }
            first += CASES_PER_TREE;
        }
    }
}

#[test]
fn random_cases() {
    let Some(tools) = tools("random_cases") else {
        return;
    };
    let seeds = match std::env::var("MAPGREP_SEED").as_deref() {
        Ok("clock") => {
            let clock = SystemTime::now().duration_since(UNIX_EPOCH);
            vec![clock.expect("the clock is past 1970").as_secs()]
        }
        Ok(_) => setting("MAPGREP_SEED").into_iter().collect(),
        Err(_) => SEEDS.to_vec(),
    };
    let cases: Option<usize> = setting("MAPGREP_CASES");
    let run = Run {
        tools: &tools,
        cases: cases.unwrap_or(DEFAULT_CASES).div_ceil(seeds.len()),
        deadline: cases.is_none().then(|| Instant::now() + DEFAULT_TIME),
        most_failures: setting("MAPGREP_FAILURES").unwrap_or(5),
        reports: Mutex::new(Vec::new()),
        done: AtomicUsize::new(0),
        shown: Mutex::default(),
    };
    std::thread::scope(|scope| {
        for &seed in &seeds {
            let run = &run;
            scope.spawn(move || run.seed(seed));
        }
    });
    let done = run.done.into_inner();
    let reports = run.reports.into_inner().expect("no thread panicked");
    println!("{done} random cases with the seeds {seeds:?}");
    assert!(
        reports.is_empty(),
        "{} of {done} random cases differ from ripgrep (seeds {seeds:?}; \
         set MAPGREP_SEED to one of them to repeat it):\n\n{}",
        reports.len(),
        reports.join("\n")
    );
    if cases.is_some_and(|cases| cases >= LONG_RUN) {
        let shown = run.shown.into_inner().expect("no thread panicked");
        let counts = combine::FLAGS.iter().map(|row| (combinations(&shown, row), row));
        let few: Vec<_> = counts.clone().filter(|(count, _)| *count < LEAST_COMBINATIONS).collect();
        println!("at least {:?} cases with output for each flag", counts.min());
        assert!(few.is_empty(), "flags in few cases with output: {few:?}");
    }
}

#[test]
fn named_cases() {
    let Some(tools) = tools("named_cases") else {
        return;
    };
    let mut reports = Vec::new();
    // No case changes a file, so that all of them can share one directory.
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let root = dir.path();
    for (i, named) in named::cases().into_iter().enumerate() {
        let first = named.case(named::ENGINES[0]);
        if i == 0 {
            first.materialise(root).expect("the files of the cases can be written");
        }
        let expected = first.reference(&tools, root).expect("ripgrep can be run");
        let code = expected.status.code();
        if code != Some(named.code) {
            let (name, told) = (named.name, named.code);
            reports.push(format!("named case {name:?}: the table says {told}, ripgrep ends with {code:?}\n"));
        }
        for engine in named::ENGINES {
            let case = named.case(engine);
            let difference = case.compare_with(expected.clone(), &tools, root).expect("both tools can be run");
            if let Some(difference) = difference {
                let title = format!("named case {:?}", named.name);
                reports.push(report(&tools, &title, &case, &difference));
                break;
            }
        }
    }
    assert!(reports.is_empty(), "{} named cases differ from ripgrep:\n\n{}", reports.len(), reports.join("\n"));
}
