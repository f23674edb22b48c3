//! The index, alone: how fast it is built, how large it is, what it leaves to be searched, and how long that takes.
//!
//! The text is a log that is made here, or the file that the environment variable `MAPGREP_BENCH_FILE` names, of which
//! the index is made beside it. Every answer is first compared with a search of the whole. Times are medians of rounds.
//! Results go to standard output as Markdown. With `--test` everything runs once on a small text.

use std::{
    fs::File,
    io::Write,
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use mapgrep::{
    grep::{Goal, Grep, GrepBuilder, Plain},
    index::{Fresh, Freshness, Index, IndexBuilder, Outcome, Query},
    mapping::{Access, MapOptions, Mapping},
    matcher::MatcherBuilder,
    scan::Pool,
};

/// What is looked for.
struct Task {
    name: &'static str,
    /// Finds literals in the text; without, none of these is in it.
    sample: Option<&'static str>,
    absent: fn(u64) -> String,
    /// They are cut after 6 to 14 bytes, and a class of what stands behind them is asked for besides.
    is_cut: bool,
    /// Those that are in a larger part of the blocks are left out, and more are taken.
    most: f64,
}

const PRESENT: Task = Task { name: "", sample: None, absent: |_| String::new(), is_cut: false, most: 1.0 };
/// Half as many blocks again as these are more than a third, where the whole is searched.
const RARE: f64 = 0.22;

/// How many patterns of each kind are taken from the text, or made.
const COUNT: usize = 40;

const TASKS: &[Task] = &[
    Task { name: "identifiers of 8 digits", sample: Some(r"[0-9]{8}"), ..PRESENT },
    Task { name: "identifiers of 8 hexadecimal digits", sample: Some(r"[0-9a-f]{8}"), ..PRESENT },
    Task { name: "identifiers of 16 digits and more", sample: Some(r"[0-9a-f]{16,40}"), ..PRESENT },
    Task { name: "IP addresses", sample: Some(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"), ..PRESENT },
    Task { name: "words of 8 letters and more", sample: Some(r"[A-Za-z_]{8,30}"), ..PRESENT },
    Task { name: "words of 3 letters", sample: Some(r"\b[A-Za-z]{3}\b"), ..PRESENT },
    Task { name: "DNA, 32 letters", sample: Some(r"[acgt]{32}"), ..PRESENT },
    Task { name: "absent words", sample: None, absent: |n| format!("qzx{:x}wvk", n * 0x9E37_79B9), ..PRESENT },
    Task {
        name: "absent numbers",
        sample: None,
        absent: |n| format!("{:016x}", (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)),
        ..PRESENT
    },
    Task {
        name: "the first 4 digits of longer numbers, and what is before",
        sample: Some(r"([A-Za-z_=:/]{3,}-?[0-9]{4})[0-9]"),
        most: RARE,
        ..PRESENT
    },
    Task {
        name: "regexes with a literal of 6 to 14 bytes",
        sample: Some(r"(?-u:\b\w)[ -~]{14}"),
        is_cut: true,
        most: RARE,
        ..PRESENT
    },
];

fn is_test() -> bool {
    std::env::args().any(|arg| arg == "--test") || !std::env::args().any(|arg| arg == "--bench")
}

fn map(path: &Path) -> (Mapping, std::fs::Metadata) {
    let file = File::open(path).expect("the text can be opened");
    let metadata = file.metadata().expect("it has a size");
    #[allow(unsafe_code)]
    // SAFETY: nobody changes the file during the benchmark.
    let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&file) };
    (mapping.expect("it can be mapped"), metadata)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// How long something takes, as the median of rounds.
fn time<T>(rounds: usize, mut run: impl FnMut() -> T) -> Duration {
    let times = (0..rounds).map(|_| {
        let started = Instant::now();
        std::hint::black_box(run());
        started.elapsed()
    });
    median(times.collect())
}

fn count(grep: &Grep, text: &Mapping, index: Option<(&Fresh, &Query)>, pool: &Pool) -> u64 {
    let emit = &mut |_: &[u8]| ControlFlow::Continue(());
    let summary = match index {
        None => grep.search_mapping(text, &Plain, pool, emit),
        Some((index, query)) => {
            let candidates = index.candidates(query, 0).expect("the index is right");
            grep.search_parts(text, candidates.parts(), &Plain, pool, emit)
        }
    };
    summary.expect("the text can be searched").matched_lines
}

fn gigabytes_per_second(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / 1e9 / time.as_secs_f64()
}

fn main() {
    let rounds = if is_test() { 1 } else { 9 };
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = match std::env::var_os("MAPGREP_BENCH_FILE").filter(|_| !is_test()) {
        Some(path) => PathBuf::from(path),
        None => {
            let path = directory.path().join("log");
            let mut file = File::create(&path).expect("a temporary file");
            let log = include_bytes!("../datasets/sample.log");
            let len = if is_test() { 3 << 20 } else { 512 << 20 };
            let mut written = 0;
            // Each line has a number of its own.
            for (i, line) in log.split_inclusive(|&byte| byte == b'\n').cycle().enumerate() {
                if written >= len {
                    break;
                }
                let number = (i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                let line = [format!("{number:016x} ").as_bytes(), line].concat();
                written += line.len();
                file.write_all(&line).expect("it can be written");
            }
            path
        }
    };
    let (text, metadata) = map(&path);
    let len = text.len() as u64;
    let pool = Pool::new(0);
    println!("{len} bytes, {} threads\n", pool.threads());
    println!("| | size | of the text | build | GB/s |\n|---|--:|--:|--:|--:|");
    for small in [true, false] {
        let mut builder = IndexBuilder::new();
        builder.small(small);
        let mut bytes = 0;
        let build = || match builder.build(&path, &pool).expect("the text can be indexed") {
            Outcome::Written(stat) => bytes = stat.bytes,
            other => panic!("{other:?}"),
        };
        let time = time(rounds.min(3), build);
        println!(
            "| {} | {bytes} | {:.2} % | {:.2} s | {:.2} |",
            if small { "small" } else { "default" },
            100.0 * bytes as f64 / len as f64,
            time.as_secs_f64(),
            gigabytes_per_second(len, time)
        );
    }
    let open = || {
        let index = Index::open(&path, None).expect("the index is right").expect("it was built");
        assert_eq!(index.freshness(&metadata, &text).expect("the file is there"), Freshness::Same);
        index.assume_fresh(&text)
    };
    println!("\nopened in {:.0} us\n", time(rounds, open).as_secs_f64() * 1e6);
    let index = open();
    println!(
        "| {COUNT} patterns each, or as many as there are | true blocks | candidates | candidates, worst \
         | within 1.5 x or 1 % | rows | planned | searched | whole text |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    );
    for task in TASKS {
        run(task, &index, &text, &pool, rounds);
    }
}

/// Patterns from places that are spread over the text.
fn patterns(task: &Task, text: &Mapping) -> Vec<String> {
    let Some(sample) = task.sample else { return (0..COUNT as u64).map(task.absent).collect() };
    let regex = regex::bytes::Regex::new(sample).expect("a regex");
    let mut patterns = vec![];
    let places = if task.most < 1.0 { 4 * COUNT } else { COUNT };
    for i in 0..places {
        let start = (text.len() as u64 * (2 * i as u64 + 1) / (2 * places as u64)) as usize;
        let end = text.len().min(start + (1 << 20));
        let found = text.guarded(start..end, |bytes| {
            let found = regex.captures(bytes)?.iter().flatten().last()?;
            let found = String::from_utf8_lossy(found.as_bytes()).into_owned();
            Some(if task.is_cut { cut(&found, 6 + i % 9) } else { found })
        });
        patterns.extend(found.expect("the text can be read"));
    }
    patterns
}

/// So many bytes, and a class of what stands behind them.
fn cut(found: &str, len: usize) -> String {
    let (literal, rest) = found.split_at(len);
    let class = match rest.as_bytes()[0] {
        b'0'..=b'9' => "[0-9]+",
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => "[A-Za-z_]+",
        _ => r"[^\w\n]",
    };
    regex::escape(literal) + class
}

fn run(task: &Task, index: &Fresh, text: &Mapping, pool: &Pool, rounds: usize) {
    let blocks = index.stat().blocks as f64;
    let (mut truths, mut shares, mut within, mut rows) = (0.0, vec![], 0, 0);
    let (mut planned, mut searched, mut whole) = (vec![], vec![], vec![]);
    for pattern in &patterns(task, text) {
        let regex = if task.is_cut { pattern.clone() } else { regex::escape(pattern) };
        let regex = regex::bytes::Regex::new(&regex).expect("a regex");
        let mut hits = std::collections::BTreeSet::new();
        text.guarded(.., |bytes| hits.extend(regex.find_iter(bytes).map(|found| found.start() >> 16)))
            .expect("the text can be read");
        // What is behind the indexed blocks has some too.
        let truth = (hits.len() as f64 / blocks).min(1.0);
        if truth > task.most {
            continue;
        }
        let mut builder = MatcherBuilder::new();
        builder.by_line(true).fixed_strings(!task.is_cut);
        let grep = |goal| GrepBuilder::new().goal(goal).build(builder.build([pattern]).expect("a pattern"));
        let grep = grep(Goal::CountLines).expect("the options go together");
        let query = Query::new(&builder, &[pattern]).expect("a pattern");
        let candidates = index.candidates(&query, 0).expect("the index is right");
        assert_eq!(count(&grep, text, Some((index, &query)), pool), count(&grep, text, None, pool), "{pattern}");
        let share = candidates.blocks() as f64 / blocks;
        truths += truth;
        shares.push(share);
        within += usize::from(share <= (1.5 * truth).max(0.01));
        rows += candidates.rows();
        planned.push(time(rounds, || index.candidates(&query, 0)));
        searched.push(time(rounds, || count(&grep, text, Some((index, &query)), pool)));
        whole.push(time(1, || count(&grep, text, None, pool)));
    }
    if shares.is_empty() {
        return;
    }
    let percent = |sum: f64| 100.0 * sum / shares.len() as f64;
    let worst = shares.iter().copied().fold(0.0, f64::max);
    println!(
        "| {} | {:.3} % | {:.3} % | {:.2} % | {within} of {} | {} | {:.3} ms | {:.3} ms | {:.1} ms |",
        task.name,
        percent(truths),
        percent(shares.iter().sum()),
        100.0 * worst,
        shares.len(),
        rows / shares.len() as u64,
        median(planned).as_secs_f64() * 1e3,
        median(searched).as_secs_f64() * 1e3,
        median(whole).as_secs_f64() * 1e3
    );
}
