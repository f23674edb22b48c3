//! The mapping next to CPython's `mmap`, memmap2 and plain reading, on one file: finding literals from both ends,
//! copying slices, changing the length.
//!
//! CPython runs in a process of its own which is asked for one operation at a time, so that rounds are interleaved; it
//! times itself, without the asking. See `benches/README.md`.
#![allow(unsafe_code)]

use std::{
    env,
    fs::{self, File},
    hint::black_box,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio},
    thread,
};

use mapgrep::mapping::{MapOptions, Mapping};

#[path = "../datasets/generator/mod.rs"]
mod generator;
#[path = "measure/mod.rs"]
mod measure;

use measure::{Times, map, sum, time};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What is looked for. The first two are planted, once near the start and once near the end: rare words of the text,
/// and bytes that no text has. The others are nowhere: ordinary words, four letters, and what is but for one byte on a
/// third of all lines.
const NEEDLES: [(&str, &[u8]); 5] = [
    ("rare", b"plover-kestrel"),
    ("rare bytes", b"\x01~\x7f\x02^\x03"),
    ("absent", b"connection refused by peer"),
    ("absent, short", b"qzxj"),
    ("absent, but nearly everywhere", b"dfs.DataNode$PacketResponser"),
];

/// A process of CPython with the file mapped.
struct Python {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    version: String,
}

impl Python {
    /// The interpreter that `PYTHON` names, or `python3.13`, or `python3`.
    fn start(file: &Path) -> Option<Python> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/mapping.py");
        let named = env::var("PYTHON").ok();
        let names = named.as_deref().map_or(vec!["python3.13", "python3"], |name| vec![name]);
        names.into_iter().find_map(|name| {
            let mut command = Command::new(name);
            command.arg(script).arg(file).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut process = command.spawn().ok()?;
            let requests = process.stdin.take()?;
            let mut answers = BufReader::new(process.stdout.take()?);
            let mut version = String::new();
            answers.read_line(&mut version).ok().filter(|&read| read > 0)?;
            Some(Python { process, requests, answers, version: version.trim().to_owned() })
        })
    }

    /// Seconds that an operation took, and its result.
    fn ask(&mut self, request: &str) -> Result<(f64, i64)> {
        writeln!(self.requests, "{request}")?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer)?;
        let (time, result) = answer.trim().split_once(' ').ok_or("CPython ended without an answer")?;
        Ok((time.parse::<f64>()? / 1e9, result.parse()?))
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One way of doing something, with the seconds it took and a result that all ways have to agree on.
struct Contestant<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> Result<(f64, i64)> + 'a>,
}

fn contestant<'a>(name: &'static str, mut run: impl FnMut() -> Result<i64> + 'a) -> Contestant<'a> {
    let run = Box::new(move || {
        let (seconds, result) = time(&mut run);
        Ok((seconds, result?))
    });
    Contestant { name, run }
}

/// Runs all contestants in turn, `rounds` times, and prints their medians. The last one is what they are compared with.
fn compare(task: &str, bytes: usize, rounds: usize, mut contestants: Vec<Contestant<'_>>) -> Result<()> {
    let mut seconds = vec![vec![]; contestants.len()];
    let mut expected = None;
    // The first round only warms up, and shows whether they agree.
    for round in 0..=rounds {
        for (contestant, seconds) in contestants.iter_mut().zip(&mut seconds) {
            let (taken, result) = (contestant.run)()?;
            if *expected.get_or_insert(result) != result {
                return Err(format!("{task}: {} says {result}, others {expected:?}", contestant.name).into());
            }
            if round > 0 || rounds == 0 {
                seconds.push(taken);
            }
        }
    }
    let times: Vec<_> = seconds.iter().map(|seconds| Times::new(seconds)).collect();
    let reference = times.last().map_or(f64::NAN, |times| times.median);
    println!("\n### {task}\n\n| | median | min | MAD | GB/s | times as fast as the last |\n|---|--:|--:|--:|--:|--:|");
    for (contestant, times) in contestants.iter().zip(&times) {
        println!(
            "| {} | {:.3} ms | {:.3} ms | {:.3} ms | {:.2} | {:.2} |",
            contestant.name,
            times.median * 1e3,
            times.min * 1e3,
            times.mad * 1e3,
            bytes as f64 / times.median / 1e9,
            reference / times.median,
        );
    }
    Ok(())
}

fn position(found: Option<usize>) -> i64 {
    found.map_or(-1, |at| at as i64)
}

/// Text with the needles in it, each once near the end and once near the start.
fn write_text(path: &Path, len: u64) -> io::Result<()> {
    let kind = generator::Kind::ALL.into_iter().find(|kind| kind.name() == "hdfs").expect("a kind of log");
    generator::generate(kind, 1, len, &mut File::create(path)?)?;
    let mut file = File::options().write(true).open(path)?;
    for (name, needle) in NEEDLES.iter().take(2) {
        let margin = 5_000 + name.len() as u64 * 100;
        for place in [margin, len - margin] {
            io::Seek::seek(&mut file, io::SeekFrom::Start(place))?;
            file.write_all(needle)?;
        }
    }
    Ok(())
}

/// Searches that run over nearly the whole file: forwards behind the first needle, backwards before the last.
fn searches(path: &Path, mapping: &Mapping, python: &mut Option<Python>, rounds: usize, threads: usize) -> Result<()> {
    let warm = map(path)?;
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let len = mapping.len();
    for (name, needle) in NEEDLES {
        // What is planted is passed by, so that the search has a way to go: the other one of the pair is its goal.
        let is_planted = NEEDLES.iter().take(2).any(|(planted, _)| *planted == name);
        let first = if is_planted { mapping.find_in(needle, ..)?.ok_or("a needle is missing")? as isize } else { -1 };
        let last = if is_planted {
            mapping.rfind_in(needle, ..)?.ok_or("a needle is missing")? as isize
        } else {
            len as isize
        };
        let hex: String = needle.iter().map(|byte| format!("{byte:02x}")).collect();
        for (verb, from, to) in [("find", first + 1, len as isize), ("rfind", 0, last.min(len as isize))] {
            let search = || match verb {
                "find" => mapping.find_in(needle, from..to),
                _ => mapping.rfind_in(needle, from..to),
            };
            let expected = position(search()?);
            let mut contestants = vec![
                contestant("mapgrep", || Ok(position(search()?))),
                contestant("mapgrep, one thread", || Ok(position(one.install(search)?))),
                contestant("memory ceiling: adding up words, all threads", || {
                    black_box(sum(&warm, threads));
                    Ok(expected)
                }),
            ];
            if let Some(python) = python.as_mut() {
                let request = format!("{verb} {hex} {from} {to}");
                contestants.push(Contestant { name: "CPython", run: Box::new(move || python.ask(&request)) });
            }
            compare(&format!("{verb}, {name}: {} bytes", needle.len()), len, rounds, contestants)?;
        }
    }
    Ok(())
}

fn slices(path: &Path, mapping: &Mapping, python: &mut Option<Python>, rounds: usize) -> Result<()> {
    let direct = map(path)?;
    let file = File::open(path)?;
    for (size, count) in [(mapping.len() / 16, 1), (4096, 10_000), (16, 10_000)] {
        let stride = mapping.len() / 16 * 15 / count;
        let each = |copy: &mut dyn FnMut(usize) -> Result<usize>| -> Result<i64> {
            (0..count).map(|i| copy(i * stride)).sum::<Result<usize>>().map(|sum| sum as i64)
        };
        let mut contestants = vec![
            contestant("mapgrep", || each(&mut |at| Ok(mapping.slice(at as isize..(at + size) as isize)?.len()))),
            contestant("memmap2, copied", || each(&mut |at| Ok(black_box(direct[at..at + size].to_vec()).len()))),
            contestant("read at", || {
                each(&mut |at| {
                    let mut bytes = vec![0; size];
                    read_at(&file, &mut bytes, at as u64)?;
                    Ok(black_box(bytes).len())
                })
            }),
        ];
        if let Some(python) = python.as_mut() {
            let request = format!("slices {size} {count} {stride}");
            contestants.push(Contestant { name: "CPython", run: Box::new(move || python.ask(&request)) });
        }
        compare(&format!("copying {count} slices of {size} bytes"), size * count, rounds, contestants)?;
    }
    Ok(())
}

/// Calls that return a byte or a line each, in places that do not follow one another.
fn small_reads(path: &Path, mapping: &mut Mapping, python: &mut Option<Python>, rounds: usize) -> Result<()> {
    const COUNT: usize = 1_000_000;
    const STRIDE: usize = 4099;
    let direct = map(path)?;
    let len = mapping.len();
    let sum = |byte: &mut dyn FnMut(usize) -> Result<u8>| -> Result<i64> {
        (0..COUNT).map(|i| byte(i * STRIDE % len).map(i64::from)).sum()
    };
    let mut contestants = vec![
        contestant("mapgrep", || sum(&mut |at| Ok(mapping.get(at as isize)?))),
        contestant("memmap2", || sum(&mut |at| Ok(black_box(&direct)[at]))),
    ];
    if let Some(python) = python.as_mut() {
        let request = format!("index {COUNT} {STRIDE}");
        contestants.push(Contestant { name: "CPython", run: Box::new(move || python.ask(&request)) });
    }
    compare(&format!("{COUNT} single bytes"), COUNT, rounds, contestants)?;

    const LINES: usize = 10_000;
    let mut contestants = vec![
        contestant("mapgrep", || {
            mapping.seek(io::SeekFrom::Start(0))?;
            (0..LINES).map(|_| Ok(mapping.read_line()?.len() as i64)).sum()
        }),
        contestant("memmap2, copied", || {
            let mut at = 0;
            let line = |_| {
                let rest = &direct[at..];
                let line = rest.iter().position(|&byte| byte == b'\n').map_or(rest, |end| &rest[..=end]).to_vec();
                at += line.len();
                Ok(black_box(line).len() as i64)
            };
            (0..LINES).map(line).sum()
        }),
    ];
    if let Some(python) = python.as_mut() {
        let request = format!("lines {LINES}");
        contestants.push(Contestant { name: "CPython", run: Box::new(move || python.ask(&request)) });
    }
    compare(&format!("{LINES} lines"), 0, rounds, contestants)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, at).map(drop)
}

fn resizes(directory: &Path, python: &mut Option<Python>, rounds: usize) -> Result<()> {
    const LOW: usize = 8 << 20;
    const HIGH: usize = 9 << 20;
    const COUNT: usize = 200;
    let own = |name: &str| -> Result<(PathBuf, File)> {
        let path = directory.join(name);
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        file.set_len(LOW as u64)?;
        Ok((path, file))
    };
    let (_, file) = own("resized-by-mapgrep")?;
    // SAFETY: the benchmark's own file.
    let mut mapping = unsafe { MapOptions::new().map_file(&file)? };
    let mut contestants = vec![contestant("mapgrep", move || {
        for _ in 0..COUNT {
            mapping.resize(HIGH)?;
            mapping.resize(LOW)?;
        }
        Ok(mapping.len() as i64)
    })];
    #[cfg(target_os = "linux")]
    {
        let (_, file) = own("resized-by-memmap2")?;
        // SAFETY: the benchmark's own file.
        let mut direct = unsafe { memmap2::MmapMut::map_mut(&file)? };
        contestants.push(contestant("memmap2, and set_len", move || {
            let options = memmap2::RemapOptions::new().may_move(true);
            for _ in 0..COUNT {
                for len in [HIGH, LOW] {
                    file.set_len(len as u64)?;
                    // SAFETY: the file has the new length, and nobody looks at the mapping.
                    unsafe { direct.remap(len, options)? };
                }
            }
            Ok(direct.len() as i64)
        }));
    }
    if let Some(python) = python.as_mut() {
        let (path, _) = own("resized-by-cpython")?;
        let request = format!("resize {} {LOW} {HIGH} {COUNT}", path.display());
        contestants.push(Contestant { name: "CPython", run: Box::new(move || python.ask(&request)) });
    }
    compare(&format!("resizing {} times between 8 and 9 MiB", 2 * COUNT), 0, rounds, contestants)
}

fn run() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    // `cargo bench` adds `--bench`; `cargo test --benches` does not.
    let is_test = args.iter().any(|arg| arg == "--test") || !args.iter().any(|arg| arg == "--bench");
    let (len, rounds) = if is_test { (8 << 20, 0) } else { (1 << 30, 9) };
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("text");
    write_text(&path, len)?;
    let file = File::options().read(true).write(true).open(&path)?;
    // SAFETY: the benchmark's own file.
    let mut mapping = unsafe { MapOptions::new().map_file(&file)? };
    let mut python = Python::start(&path);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    println!("* {} bytes, {rounds} rounds, {threads} threads", fs::metadata(&path)?.len());
    match &python {
        Some(python) => println!("* CPython {}", python.version),
        None => println!("* no CPython: set PYTHON to an interpreter"),
    }
    searches(&path, &mapping, &mut python, rounds, threads)?;
    slices(&path, &mapping, &mut python, rounds)?;
    small_reads(&path, &mut mapping, &mut python, rounds)?;
    resizes(directory.path(), &mut python, rounds)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
