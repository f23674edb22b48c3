//! Searching for one literal in both directions: mapgrep, memchr and StringZilla, side by side. Every task asserts
//! first that all find the same.
//!
//! With `--pairs`, two of them take turns instead, and the medians of 20 ratios are printed. See `benches/README.md`.

use std::{env, hint::black_box, time::Instant};

use criterion::{Criterion, Throughput};
use mapgrep::matcher::literal::{Finder, ReverseFinder};
use memchr::memmem;

#[path = "../datasets/generator/mod.rs"]
mod generator;
#[path = "measure/texts.rs"]
mod texts;

/// What is looked for, and where.
struct Task {
    name: String,
    haystack: Vec<u8>,
    needles: Vec<Vec<u8>>,
}

impl Task {
    fn new(name: impl Into<String>, haystack: &[u8], needle: impl AsRef<[u8]>) -> Self {
        Task { name: name.into(), haystack: haystack.to_vec(), needles: vec![needle.as_ref().to_vec()] }
    }
}

/// Who searches. Each counts the occurrences that do not overlap, of all needles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Mapgrep,
    Memchr,
    #[cfg(unix)]
    StringZilla,
}

const ENGINES: &[Engine] = &[
    Engine::Mapgrep,
    Engine::Memchr,
    #[cfg(unix)]
    Engine::StringZilla,
];

type Search<'a> = Box<dyn Fn() -> usize + 'a>;

impl Engine {
    /// Counts all occurrences, from left to right. What can be prepared is not timed.
    fn forwards(self, task: &Task) -> Search<'_> {
        let haystack = &task.haystack[..];
        match self {
            Engine::Mapgrep => {
                let finders: Vec<_> = task.needles.iter().map(|needle| Finder::new(needle)).collect();
                Box::new(move || finders.iter().map(|finder| finder.find_iter(black_box(haystack)).count()).sum())
            }
            Engine::Memchr => {
                let finders: Vec<_> = task.needles.iter().map(memmem::Finder::new).collect();
                Box::new(move || finders.iter().map(|finder| finder.find_iter(black_box(haystack)).count()).sum())
            }
            #[cfg(unix)]
            Engine::StringZilla => Box::new(move || {
                let count = |needle: &Vec<u8>| {
                    let (mut count, mut left) = (0, black_box(haystack));
                    while let Some(at) = stringzilla::stringzilla::find(left, needle) {
                        count += 1;
                        left = &left[at + needle.len()..];
                    }
                    count
                };
                task.needles.iter().map(count).sum()
            }),
        }
    }

    /// Counts all occurrences, from right to left.
    fn backwards(self, task: &Task) -> Search<'_> {
        let haystack = &task.haystack[..];
        match self {
            Engine::Mapgrep => {
                let finders: Vec<_> = task.needles.iter().map(|needle| ReverseFinder::new(needle)).collect();
                Box::new(move || finders.iter().map(|finder| finder.rfind_iter(black_box(haystack)).count()).sum())
            }
            Engine::Memchr => {
                let finders: Vec<_> = task.needles.iter().map(memmem::FinderRev::new).collect();
                Box::new(move || finders.iter().map(|finder| finder.rfind_iter(black_box(haystack)).count()).sum())
            }
            #[cfg(unix)]
            Engine::StringZilla => Box::new(move || {
                let count = |needle: &Vec<u8>| {
                    let (mut count, mut left) = (0, black_box(haystack));
                    while let Some(at) = stringzilla::stringzilla::rfind(left, needle) {
                        count += 1;
                        left = &left[..at];
                    }
                    count
                };
                task.needles.iter().map(count).sum()
            }),
        }
    }
}

/// What memchr is measured by in its own benchmarks: subtitles, source code, words in words.
fn ordinary() -> Vec<Task> {
    let mut tasks = Vec::new();
    for (language, text, line, needles) in texts::subtitles() {
        let teeny = ["never 1", "rare 1", "rare 2"];
        for (name, needle) in needles {
            tasks.push(Task::new(format!("{language}, {name}"), &text, needle));
            if teeny.contains(name) {
                tasks.push(Task::new(format!("{language}, {name}, one line"), line.as_bytes(), needle));
            }
        }
    }
    let code = texts::code();
    for needle in ["fn strength", "fn strength(", "fn quux(", "pub fn from_str(", "fn is_empty", "fn", "(", "let"] {
        tasks.push(Task::new(format!("code, {needle}"), &code, needle));
    }
    let words: Vec<Vec<u8>> = texts::words().into_iter().map(String::into_bytes).collect();
    for len in [8, 40, 100, 400] {
        let haystack: Vec<u8> = words.iter().rev().flatten().copied().take(len).collect();
        tasks.push(Task { name: format!("words in {len} bytes"), haystack, needles: words.clone() });
    }
    let log = log(1 << 20);
    for needle in ["kestrel", "blk_", "INFO", "an error that is not in there", "Exception!"] {
        tasks.push(Task::new(format!("log, {needle}"), &log, needle));
    }
    tasks
}

/// Haystacks full of what is rare elsewhere.
fn adversarial() -> Vec<Task> {
    let len = 1 << 20;
    let letters = |alphabet: &[u8], seed| texts::letters(alphabet, len, seed);
    let log = log(len);
    let binary = texts::binary(len);
    let punctuation = b"@^@ {#} ~^@ `{}` @~^ ".repeat(len / 21);
    let nearly = "dfs.DataNode$PacketResponser";
    vec![
        Task::new("zqj, jazzy quiz", &letters(b"zqj", 1), "jazzy quiz"),
        Task::new("zqjxkv and spaces, quiz taken", &letters(b"zqjxkvzqjxkvzqjxkv    ", 1), "quiz taken"),
        Task::new("zqjxkv and spaces, vex the jinx", &letters(b"zqjxkvzqjxkvzqjxkv    ", 1), "vex the jinx"),
        Task::new("jazz,quiz,fez, quartz", &b"jazz,quiz,fez\n".repeat(len / 14), "quartz"),
        Task::new("jazz,quiz,fez, quizmaster", &b"jazz,quiz,fez\n".repeat(len / 14), "quizmaster"),
        Task::new("binary, 00 00 dd dd 00", &binary, b"\0\0\xdd\xdd\0"),
        Task::new("binary, 00 ff e8 83 c4", &binary, b"\0\xff\xe8\x83\xc4\0"),
        Task::new("punctuation, @^@ {id}", &punctuation, "@^@ {id}"),
        Task::new("zbzazrz, zebra", &b"zbzazrz".repeat(len / 7), "zebra"),
        Task::new("qaz, qbz", &[b"qaz".repeat(len / 3), b"qbz".to_vec()].concat(), "qbz"),
        Task::new("DNA, 21 letters", &letters(b"ACGT", 3), "GATTACAGATTACAGATTACA"),
        Task::new("log, but for one byte", &log, nearly),
        Task::new("hex digits, 32", &letters(b"0123456789abcdef", 2), "61a1a40effcf97de24505f154a306597"),
    ]
}

/// Needles of 4 to 32 bytes that are nowhere, and what is hard for a pair of bytes or for Two-Way.
fn absent(len: usize) -> Vec<Task> {
    let log = log(len);
    let dna = texts::letters(b"ACGT", len, 4);
    let english = texts::english(len);
    vec![
        Task::new("log, zqxj", &log, "zqxj"),
        Task::new("log, Exception!", &log, "Exception!"),
        Task::new("log, terminal", &log, "terminal"),
        Task::new("log, an error that is not in there", &log, "an error that is not in there"),
        Task::new("log, but for one byte", &log, "dfs.DataNode$PacketResponser"),
        Task::new("prose, tion", &english, "tion"),
        Task::new("prose, sternness", &english, "sternness"),
        Task::new("prose, there is no such line at all", &english, "there is no such line at all"),
        Task::new("DNA, 21 letters", &dna, "GATTACAGATTACAGATTACA"),
        Task::new("aaa.., aaaaaaab", &b"a".repeat(len), "aaaaaaab"),
        Task::new("aaa.., baaa", &b"a".repeat(len), "baaa"),
        Task::new("abab.., abba", &b"ab".repeat(len / 2), "abba"),
        Task::new("abab.., abababababababaaa", &b"ab".repeat(len / 2), "abababababababaaa"),
    ]
}

fn log(len: usize) -> Vec<u8> {
    let mut log = Vec::with_capacity(len);
    let kind = generator::Kind::ALL.into_iter().find(|kind| kind.name() == "hdfs").expect("a kind of log");
    generator::generate(kind, 1, len as u64, &mut log).expect("writing to memory");
    log
}

/// A group of tasks, and how they are searched.
struct Group {
    name: &'static str,
    tasks: Vec<Task>,
    search: for<'a> fn(Engine, &'a Task) -> Search<'a>,
}

fn groups() -> Vec<Group> {
    let forwards = Engine::forwards;
    let backwards = Engine::backwards;
    vec![
        Group { name: "ordinary", tasks: ordinary(), search: forwards },
        Group { name: "adversarial", tasks: adversarial(), search: forwards },
        Group { name: "forwards, 64K", tasks: absent(64 << 10), search: forwards },
        Group { name: "backwards, 64K", tasks: absent(64 << 10), search: backwards },
        Group { name: "backwards, 16M", tasks: absent(16 << 20), search: backwards },
        Group { name: "backwards, ordinary", tasks: ordinary(), search: backwards },
    ]
}

/// All engines for one task, after making sure that they agree.
fn engines<'a>(group: &Group, task: &'a Task) -> Vec<(Engine, Search<'a>)> {
    let searches: Vec<_> = ENGINES.iter().map(|&engine| (engine, (group.search)(engine, task))).collect();
    let counts: Vec<usize> = searches.iter().map(|(_, search)| search()).collect();
    assert!(counts.iter().all(|&count| count == counts[0]), "{}, {}: {counts:?}", group.name, task.name);
    searches
}

fn benches(criterion: &mut Criterion) {
    for group in groups() {
        for task in &group.tasks {
            let mut benchmarks = criterion.benchmark_group(format!("{}/{}", group.name, task.name));
            benchmarks.throughput(Throughput::Bytes((task.haystack.len() * task.needles.len()) as u64));
            for (engine, search) in engines(&group, task) {
                benchmarks.bench_function(format!("{engine:?}"), |bencher| bencher.iter(&search));
            }
            benchmarks.finish();
        }
    }
}

/// How often engines take turns.
const ROUNDS: usize = 20;

/// Prints, for each task, the median of the ratios of two searches that were run one right after the other.
fn pairs(filter: Option<&str>, rounds: usize) {
    for group in groups() {
        if filter.is_some_and(|filter| !group.name.contains(filter)) {
            continue;
        }
        println!("{:42} {:>9}  other engine's time / mapgrep's", group.name, "GB/s");
        let mut logarithms = vec![Vec::new(); ENGINES.len() - 1];
        for task in &group.tasks {
            let searches = engines(&group, task);
            let (_, ours) = &searches[0];
            // About a millisecond for each turn.
            let started = Instant::now();
            black_box(ours());
            let turns = (1e-3 / started.elapsed().as_secs_f64()).ceil().max(1.0) as usize;
            let time = |search: &Search<'_>| {
                let started = Instant::now();
                for _ in 0..turns {
                    black_box(search());
                }
                started.elapsed().as_secs_f64()
            };
            let mut own = Vec::new();
            let mut ratios = vec![Vec::new(); searches.len() - 1];
            for round in 0..rounds {
                for (ratios, (_, theirs)) in ratios.iter_mut().zip(&searches[1..]) {
                    let (our_time, their_time) = if round % 2 == 0 {
                        let our_time = time(ours);
                        (our_time, time(theirs))
                    } else {
                        let their_time = time(theirs);
                        (time(ours), their_time)
                    };
                    own.push(our_time);
                    ratios.push(their_time / our_time);
                }
            }
            let bytes = (task.haystack.len() * task.needles.len() * turns) as f64;
            print!("  {:40} {:9.2}", task.name, bytes / median(&mut own) / 1e9);
            for ((ratios, logarithms), (engine, _)) in ratios.iter_mut().zip(&mut logarithms).zip(&searches[1..]) {
                let ratio = median(ratios);
                logarithms.push(ratio.ln());
                print!("  {engine:?} {ratio:6.2}");
            }
            println!();
        }
        print!("  {:50}", "geometric mean");
        for (logarithms, engine) in logarithms.iter().zip(&ENGINES[1..]) {
            let mean = (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp();
            print!("  {engine:?} {mean:6.2}");
        }
        println!("\n");
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    (values[(values.len() - 1) / 2] + values[values.len() / 2]) / 2.0
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--pairs") {
        let rounds = if arguments.iter().any(|argument| argument == "--test") { 1 } else { ROUNDS };
        pairs(arguments.get(at + 1).map(String::as_str).filter(|filter| !filter.starts_with('-')), rounds);
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    benches(&mut criterion);
    criterion.final_summary();
}
