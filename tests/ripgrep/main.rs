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
mod deliberate;
mod generate;
mod minimise;
mod named;

use std::{
    fmt::Write as _,
    io::Write as _,
    str::FromStr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use case::{Case, Difference, Tools, shown};
use generate::Gen;

/// Seeds that every run tries.
const SEEDS: &[u64] = &[1, 2, 3, 4];

/// Random cases when `MAPGREP_CASES` is not set.
const DEFAULT_CASES: usize = 1600;

/// When to stop starting random cases if `MAPGREP_CASES` is not set.
const DEFAULT_TIME: Duration = Duration::from_secs(35);

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
}

impl Run<'_> {
    /// Whether no more cases should be started.
    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() > deadline)
            || self.reports.lock().expect("no thread panicked").len() >= self.most_failures
    }

    /// Runs the cases of one seed.
    fn seed(&self, seed: u64) {
        let mut g = Gen::new(seed);
        let mut first = 0;
        while first < self.cases && !self.is_over() {
            let tree = g.tree();
            let dir = tempfile::tempdir().expect("a temporary directory can be made");
            let mut is_new = true;
            for i in first..self.cases.min(first + CASES_PER_TREE) {
                let case = g.case(&tree);
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
                let difference = case.compare(self.tools, dir.path()).expect("both tools can be run");
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
        for (j, engine) in named::ENGINES.iter().enumerate() {
            let case = named.case(engine);
            if i == 0 && j == 0 {
                case.materialise(root).expect("the files of the cases can be written");
            }
            if j == 0 {
                let code = case.reference_code(&tools, root).expect("ripgrep can be run");
                if code != Some(named.code) {
                    reports.push(format!(
                        "named case {:?}: the table says {}, ripgrep ends with {code:?}\n",
                        named.name, named.code
                    ));
                }
            }
            let difference = case.compare(&tools, root).expect("both tools can be run");
            if let Some(difference) = difference {
                let title = format!("named case {:?}", named.name);
                reports.push(report(&tools, &title, &case, &difference));
                break;
            }
        }
    }
    assert!(reports.is_empty(), "{} named cases differ from ripgrep:\n\n{}", reports.len(), reports.join("\n"));
}
