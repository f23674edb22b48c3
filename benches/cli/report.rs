//! Runs a task with all tools, in turns, and prints what came of it.

use std::{env, fmt::Write as _, fs, io, path::Path, thread};

use crate::{
    Result,
    corpus::{Corpus, words},
    measure::{Times, map, sum, time},
    options::Options,
    tasks::{Target, Task},
    tools::{Checked, PATIENCE, Run, Tool},
};

/// What the result was measured on.
pub(crate) fn header(tools: &[Tool], file: &Path, size: u64, rounds: usize) -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once(':'));
        value.map_or("unknown".to_owned(), |(_, v)| v.trim().to_owned())
    };
    let mut text = String::new();
    let _ = writeln!(
        text,
        "* CPU: {}, {} threads available\n* Memory: {}\n* Kernel: {} {}\n\
         * File: {}, {size} bytes\n* Rounds: {rounds}, interleaved, page cache warm",
        field(&read("/proc/cpuinfo"), "model name"),
        all_threads(),
        field(&read("/proc/meminfo"), "MemTotal"),
        env::consts::OS,
        read("/proc/sys/kernel/osrelease").trim(),
        file.file_name().unwrap_or_default().to_string_lossy(),
    );
    for tool in tools {
        let _ = writeln!(text, "* {}: {}", tool.name, tool.version());
    }
    text
}

/// Checks and times one task; says also whether mapgrep printed what it should.
pub(crate) fn measure(
    task: Task,
    tools: &[Tool],
    corpus: &Corpus,
    options: &Options,
    dir: &Path,
) -> Result<(Outcome, bool)> {
    let mut buffer = vec![0; 1 << 20];
    let list = dir.join("words.txt");
    if task.words > 0 {
        words(&list, task.words, &options.patterns.rare)?;
    }
    let runs = Run::all(&task, tools, &corpus.path, &list);
    let mut checked = Vec::new();
    for run in &runs {
        checked.push(Checked::new(run, &mut buffer)?);
    }
    // The run that one has to agree with: ripgrep's, or else the first, with
    // the same flags.
    let reference = |run: &Run| {
        let same = |other: &Run| other.flags == run.flags;
        let is_rg = |i: &usize| same(&runs[*i]) && runs[*i].tool.name == "rg" && checked[*i].code.is_some();
        let rg = (0..runs.len()).find(is_rg);
        rg.or(runs.iter().position(same)).expect("a run has its own flags")
    };
    let agrees: Vec<bool> = (0..runs.len()).map(|i| checked[i].agrees(&checked[reference(&runs[i])])).collect();
    let mut right = (0..runs.len()).all(|i| agrees[i] || !runs[i].tool.is_own());
    let expected = corpus.counts.as_ref().and_then(task.count);
    if let Some(expected) = expected {
        right &= checked[0].number().unwrap_or(checked[0].lines) == expected;
    }

    let mut seconds = vec![Vec::new(); runs.len()];
    let mut ceilings = Vec::new();
    let rounds = if task.is_quick && !options.test { 10 * options.rounds } else { options.rounds };
    for _ in 0..rounds {
        for (i, run) in runs.iter().enumerate().filter(|(i, _)| agrees[*i]) {
            // What is slow is not run again and again.
            if seconds[i].iter().sum::<f64>() > PATIENCE.as_secs_f64() / 2.0 {
                continue;
            }
            let (time, _) = run.once(&mut buffer, |_| {}, |_| {}, true)?;
            seconds[i].push(time.as_secs_f64());
        }
        if !task.is_quick {
            ceilings.push(ceiling(&corpus.path, all_threads())?);
        }
    }
    let times: Vec<_> = seconds.iter().map(|s| (!s.is_empty()).then(|| Times::new(s))).collect();
    let median = |name: &str, with: bool| {
        let i = runs.iter().position(|run| run.tool.name == name && (run.flags == task.flags) == with)?;
        times[i].as_ref().map(|times| times.median)
    };

    println!("\n### {}: `{}`\n", task.name, task.pattern);
    println!("| tool | median | min | MAD | GB/s | speed / rg | peak RssAnon | output |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for (i, run) in runs.iter().enumerate() {
        let name = run.name();
        let memory = checked[i].memory().map_or("-".to_owned(), |mib| format!("{mib:.1} MiB"));
        let output =
            checked[i].number().map_or_else(|| format!("{} lines", checked[i].lines), |number| number.to_string());
        let Some(times) = &times[i] else {
            let why = match checked[i].code {
                Some(_) => format!("it does not agree with {}", runs[reference(run)].tool.name),
                None => format!("it takes more than {} s, or dies", PATIENCE.as_secs()),
            };
            println!("| {name} | not timed: {why} | | | | | {memory} | {output} |");
            continue;
        };
        let rg = median("rg", run.flags == task.flags);
        let ratio = rg.map_or("-".to_owned(), |rg| format!("{:.2}", rg / times.median));
        println!("| {name} | {} | {ratio} | {memory} | {output} |", cells(times, corpus.size));
    }
    if !ceilings.is_empty() {
        let times = Times::new(&ceilings);
        println!("| summed words, {} threads | {} | | | |", all_threads(), cells(&times, corpus.size));
    }
    if let Some(expected) = expected.filter(|_| !right) {
        println!("\nThe generator expects {expected}.");
    }
    let outcome = Outcome {
        own: median("mapgrep", true).unwrap_or(f64::NAN),
        rg: median("rg", true),
        own_without: median("mapgrep", false),
        rg_without: median("rg", false),
        ceiling: if ceilings.is_empty() { f64::NAN } else { Times::new(&ceilings).median },
        memory: checked[0].memory(),
        task,
    };
    Ok((outcome, right))
}

/// What came of a task.
pub(crate) struct Outcome {
    pub(crate) task: Task,
    /// Medians in seconds.
    pub(crate) own: f64,
    pub(crate) rg: Option<f64>,
    /// The same without some of the flags.
    pub(crate) own_without: Option<f64>,
    pub(crate) rg_without: Option<f64>,
    /// Adding up the words of the file with all threads.
    pub(crate) ceiling: f64,
    /// The peak of mapgrep's private memory in MiB.
    pub(crate) memory: Option<f64>,
}

impl Outcome {
    /// How it compares, what was wanted, and whether that was reached.
    pub(crate) fn verdict(&self) -> (String, String, Option<bool>) {
        let ms = 1e3;
        let ratio = self.rg.map(|rg| rg / self.own);
        let times = |ratio: Option<f64>| ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2} x rg"));
        let is_fast = |target: f64| ratio.map(|ratio| ratio >= target);
        match self.task.target {
            Target::None => (times(ratio), "-".to_owned(), None),
            Target::Ratio(target) => (times(ratio), format!("{target} x rg"), is_fast(target)),
            Target::RatioOrCeiling(target, wanted) => {
                let share = self.ceiling / self.own;
                (
                    format!("{}, {:.0} % of the ceiling", times(ratio), share * 100.0),
                    format!("{target} x rg or {:.0} % of the ceiling", wanted * 100.0),
                    Some(is_fast(target) == Some(true) || share >= wanted),
                )
            }
            Target::Overhead(target) => {
                let more = |with: Option<f64>, without: Option<f64>| Some((with? / without? - 1.0) * 100.0);
                let percent = |more: Option<f64>| more.map_or("-".to_owned(), |more| format!("{more:+.1} %"));
                let own = more(Some(self.own), self.own_without);
                (
                    format!("{} (rg: {}), {}", percent(own), percent(more(self.rg, self.rg_without)), times(ratio)),
                    format!("at most +{target} %"),
                    own.map(|own| own <= target),
                )
            }
            Target::Below(target) => (times(ratio), format!("below {target} ms"), Some(self.own * ms < target)),
            Target::Behind(target) => {
                let behind = self.rg.map(|rg| (self.own - rg) * ms);
                (
                    behind.map_or("-".to_owned(), |behind| format!("{behind:+.2} ms")),
                    format!("at most +{target} ms"),
                    behind.map(|behind| behind <= target),
                )
            }
        }
    }
}

/// Prints a line for each task: what was reached, and what was to be.
pub(crate) fn summarise(outcomes: &[Outcome]) {
    println!("\n### Summary\n");
    println!("| task | rg | mapgrep | compared | target | reached | peak RssAnon |");
    println!("|---|--:|--:|--:|--:|---|--:|");
    for outcome in outcomes {
        let (compared, target, reached) = outcome.verdict();
        let rg = outcome.rg.map_or("-".to_owned(), |rg| format!("{:.1} ms", rg * 1e3));
        let reached = reached.map_or("-", |yes| if yes { "yes" } else { "no" });
        let memory = outcome
            .memory
            .map_or("-".to_owned(), |mib| format!("{mib:.1} MiB{}", if mib > MEMORY { ", too much" } else { "" }));
        let (name, own) = (outcome.task.name, outcome.own * 1e3);
        println!("| {name} | {rg} | {own:.1} ms | {compared} | {target} | {reached} | {memory} |");
    }
    println!("\nPeak memory is to be at most {MEMORY} MiB.");
}

/// How much private memory a search may take, in MiB.
pub(crate) const MEMORY: f64 = 96.0;

/// How many seconds it takes to read the file's pages at all.
pub(crate) fn ceiling(file: &Path, threads: usize) -> io::Result<f64> {
    // A fresh mapping pays for its page faults, as every tool has to.
    let (seconds, result) = time(|| map(file).map(|map| sum(&map, threads)));
    result?;
    Ok(seconds)
}

/// How many threads there are to be had.
pub(crate) fn all_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Median, smallest and scatter of some times, and the speed.
pub(crate) fn cells(times: &Times, size: u64) -> String {
    let Times { median, min, mad } = times;
    let speed = size as f64 / median / 1e9;
    format!("{:.1} ms | {:.1} ms | {:.1} ms | {speed:.2}", median * 1e3, min * 1e3, mad * 1e3)
}
