//! Times whole processes: mapgrep next to the other search tools on `PATH`.
//!
//! See `benches/README.md` for how to run it and how to read the result.

use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use xxhash_rust::xxh3::Xxh3;

#[path = "measure/mod.rs"]
mod measure;

use measure::{Times, map, sum, time};

/// A result that says in words what went wrong.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The text printed for `--help` and after a mistake.
const USAGE: &str = "\
usage: cargo bench --bench cli -- [FILE] [OPTIONS]

  FILE           the file to search (default: a generated log)
  --size BYTES   size of the generated log, K, M and G allowed (default: 256M)
  --rounds N     timed runs of every tool (default: 7)
  --only TEXT    only the tasks whose name contains TEXT
  --rare PATTERN, --medium PATTERN, --dense PATTERN
                 literals to look for
  --regex PATTERN
                 the regular expression to look for

Programs are found on PATH; MAPGREP_BIN names another mapgrep.
";

/// What the command line asks for.
struct Options {
    file: Option<PathBuf>,
    size: u64,
    rounds: usize,
    only: String,
    patterns: Patterns,
    test: bool,
}

/// What is looked for.
struct Patterns {
    rare: String,
    medium: String,
    dense: String,
    regex: String,
}

impl Options {
    /// Reads the command line. Nothing is returned for `--help`.
    fn parse(args: impl Iterator<Item = String>) -> Result<Option<Options>> {
        let mut options = Options {
            file: None,
            size: 256 << 20,
            rounds: 7,
            only: String::new(),
            patterns: Patterns {
                rare: "needle-4711".to_owned(),
                medium: "ERROR".to_owned(),
                dense: "status=200".to_owned(),
                regex: "took=[0-9]{4}ms".to_owned(),
            },
            test: false,
        };
        // `cargo bench` adds `--bench` at the end; `cargo test --benches` does
        // not.
        let mut bench = false;
        let args = args.filter(|arg| {
            bench |= arg == "--bench";
            arg != "--bench"
        });
        let args: Vec<_> = args.collect();
        options.test = !bench;
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
            match arg.as_str() {
                "--test" => options.test = true,
                "--help" | "-h" => return Ok(None),
                "--size" => options.size = bytes(&value()?)?,
                "--rounds" => options.rounds = value()?.parse::<usize>()?.max(1),
                "--only" => options.only = value()?,
                "--rare" => options.patterns.rare = value()?,
                "--medium" => options.patterns.medium = value()?,
                "--dense" => options.patterns.dense = value()?,
                "--regex" => options.patterns.regex = value()?,
                other if other.starts_with('-') => {
                    return Err(format!("unknown option {other}\n{USAGE}").into());
                }
                file => options.file = Some(fs::canonicalize(file)?),
            }
        }
        Ok(Some(options))
    }
}

/// Reads a number of bytes with an optional unit.
fn bytes(text: &str) -> Result<u64> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K') => (&text[..text.len() - 1], 10),
        Some(b'M') => (&text[..text.len() - 1], 20),
        Some(b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    Ok(digits.parse::<u64>()? << shift)
}

/// What the generated log contains.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    lines: u64,
    rare: u64,
    medium: u64,
    dense: u64,
    regex: u64,
}

/// Writes log lines of at least `size` bytes, the same on every machine, and
/// says how many of them each of the default patterns selects.
fn default_corpus(path: &Path, size: u64) -> io::Result<Counts> {
    const RARE_EVERY: u64 = 100_000;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut counts = Counts::default();
    let mut written = 0;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        // An xorshift generator is enough for text that only has to look
        // irregular.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut line = String::new();
    while written < size {
        let i = counts.lines;
        let (r, id) = (random(), random());
        let error = r % 100 == 0;
        let slow = r % 1000 == 7;
        let took = if slow { 1000 + r / 8 % 9000 } else { r / 8 % 900 };
        let status = if error {
            500
        } else if r % 5 == 1 {
            404
        } else {
            200
        };
        line.clear();
        let _ = write!(
            line,
            "2024-03-{:02}T{:02}:{:02}:{:02}.{:03}Z {} web-{:02} request id={id:016x} \
             path=/api/v{}/items/{} status={status} took={took}ms",
            1 + i / 8_640_000 % 28,
            i / 360_000 % 24,
            i / 6000 % 60,
            i / 100 % 60,
            i % 100 * 10,
            if error { "ERROR" } else { "INFO " },
            r / 64 % 40,
            1 + r / 4096 % 3,
            r / 65536 % 1_000_000,
        );
        if i % RARE_EVERY == 77 {
            line.push_str(" needle-4711");
            counts.rare += 1;
        }
        line.push('\n');
        counts.lines += 1;
        counts.medium += u64::from(error);
        counts.dense += u64::from(status == 200);
        counts.regex += u64::from(took >= 1000);
        written += line.len() as u64;
        out.write_all(line.as_bytes())?;
    }
    out.flush()?;
    Ok(counts)
}

/// One thing to do with the file.
struct Task {
    name: &'static str,
    /// Options that all tools understand.
    flags: &'static [&'static str],
    pattern: String,
    regex: bool,
    /// How many lines of the generated log are selected, for a task whose
    /// output is that number.
    count: fn(&Counts) -> Option<u64>,
}

/// All tasks.
fn tasks(patterns: &Patterns) -> Vec<Task> {
    let literal =
        |name, flags, pattern: &String, count| Task { name, flags, pattern: pattern.clone(), regex: false, count };
    vec![
        literal("rare literal, -c", &["-c"], &patterns.rare, |c| Some(c.rare)),
        literal("rare literal, -n", &["-n"], &patterns.rare, |_| None),
        literal("medium literal, -c", &["-c"], &patterns.medium, |c| Some(c.medium)),
        literal("dense literal, -c", &["-c"], &patterns.dense, |c| Some(c.dense)),
        literal("dense literal, -n", &["-n"], &patterns.dense, |_| None),
        literal("dense literal, -o -b", &["-o", "-b"], &patterns.dense, |_| None),
        Task { name: "regex, -n", flags: &["-n"], pattern: patterns.regex.clone(), regex: true, count: |_| None },
        Task {
            name: "regex, -c",
            flags: &["-c"],
            pattern: patterns.regex.clone(),
            regex: true,
            count: |c| Some(c.regex),
        },
        literal("dense literal, -v -c", &["-v", "-c"], &patterns.dense, |c| Some(c.lines - c.dense)),
        literal("medium literal, -n -C2", &["-n", "-C2"], &patterns.medium, |_| None),
    ]
}

/// A program that can do the tasks.
struct Tool {
    name: String,
    program: PathBuf,
    /// Options that make it comparable with the others.
    flags: &'static [&'static str],
    /// Options for a literal and for a regular expression.
    kinds: [&'static [&'static str]; 2],
}

impl Tool {
    /// The tools that exist here, mapgrep first.
    fn all(mapgrep: &Path) -> Vec<Tool> {
        let search = |name: &str| {
            env::split_paths(&env::var_os("PATH").unwrap_or_default())
                .map(|dir| dir.join(name))
                .find(|path| path.is_file())
        };
        let mut tools = Vec::new();
        let mut add = |name: &str, program, flags, kinds| {
            if let Some(program) = program {
                tools.push(Tool { name: name.to_owned(), program, flags, kinds });
            }
        };
        let own = Some(mapgrep.to_path_buf());
        // Every tool is told to treat the file as text, since they disagree
        // about what a binary file is.
        add("mapgrep", own.clone(), &["-a"], [&["-F"], &[]]);
        add("mapgrep -j1", own, &["-a", "-j1"], [&["-F"], &[]]);
        add("rg", search("rg"), &["--no-config", "-a"], [&["-F"], &[]]);
        add("grep", search("grep"), &["-a"], [&["-F"], &["-E"]]);
        add("ugrep", search("ugrep"), &["-a"], [&["-F"], &["-E"]]);
        add("krep", search("krep"), &[], [&[], &["-E"]]);
        tools
    }

    /// The first line that the program prints about its version.
    fn version(&self) -> String {
        let output = Command::new(&self.program).arg("--version").stdin(Stdio::null()).output();
        let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
        let text = text.unwrap_or_default();
        text.lines().next().unwrap_or("unknown").to_owned()
    }

    /// The command for a task.
    fn command(&self, task: &Task, file: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(self.flags)
            .args(self.kinds[usize::from(task.regex)])
            .args(task.flags)
            .args(["-e", &task.pattern])
            .arg(file)
            // GNU grep is fastest without multibyte characters, and all the
            // patterns are ASCII.
            .env("LC_ALL", "C")
            .env_remove("GREP_COLORS")
            .stdin(Stdio::null())
            // Some tools stop at the first match when they see that their
            // output goes to the null device, so it has to be a pipe.
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command
    }

    /// Runs a task once and hands all output to `sink`.
    fn run(
        &self,
        task: &Task,
        file: &Path,
        buffer: &mut [u8],
        mut sink: impl FnMut(&[u8]),
        started: impl FnOnce(u32),
    ) -> io::Result<(Duration, Option<i32>)> {
        let start = Instant::now();
        let mut child = self.command(task, file).spawn()?;
        started(child.id());
        let mut pipe = child.stdout.take().expect("standard output is a pipe");
        loop {
            match pipe.read(buffer)? {
                0 => break,
                n => sink(&buffer[..n]),
            }
        }
        let status = child.wait()?;
        Ok((start.elapsed(), status.code()))
    }
}

/// What a task printed, and how much memory it took to do so.
#[derive(Clone, Default)]
struct Checked {
    /// The exit status: whether anything was found, or an error.
    code: Option<i32>,
    digest: u64,
    bytes: u64,
    lines: u64,
    /// The start of the output, for counts.
    head: Vec<u8>,
    /// The largest amount of private memory seen, in KiB.
    rss_anon: Option<u64>,
}

impl Checked {
    /// Runs a task without timing it.
    fn new(tool: &Tool, task: &Task, file: &Path, buffer: &mut [u8]) -> io::Result<Checked> {
        let mut hasher = Xxh3::new();
        let mut checked = Checked::default();
        let done = &AtomicBool::new(false);
        let (_, code) = thread::scope(|scope| {
            let mut sampler = None;
            let result = tool.run(
                task,
                file,
                buffer,
                |bytes| {
                    hasher.update(bytes);
                    checked.bytes += bytes.len() as u64;
                    checked.lines += bytes.iter().filter(|&&b| b == b'\n').count() as u64;
                    let room = 64 - checked.head.len();
                    checked.head.extend(bytes.iter().take(room));
                },
                |pid| sampler = Some(scope.spawn(move || peak_rss_anon(pid, done))),
            );
            done.store(true, Ordering::Relaxed);
            checked.rss_anon = sampler.and_then(|thread| thread.join().ok().flatten());
            result
        })?;
        checked.code = code;
        checked.digest = hasher.digest();
        Ok(checked)
    }

    /// Whether two tools printed the same and agree on whether that is a
    /// success.
    fn agrees(&self, other: &Checked) -> bool {
        (self.code, self.digest, self.bytes) == (other.code, other.digest, other.bytes)
    }

    /// The output as a number.
    fn number(&self) -> Option<u64> {
        std::str::from_utf8(&self.head).ok()?.trim().parse().ok()
    }
}

/// Samples the private memory of a process until it is done.
///
/// Pages of the mapped file are not counted: they belong to the page cache,
/// which has them whether or not anyone maps them.
fn peak_rss_anon(pid: u32, done: &AtomicBool) -> Option<u64> {
    let path = format!("/proc/{pid}/status");
    let mut peak = None;
    while !done.load(Ordering::Relaxed) {
        let status = fs::read_to_string(&path).ok();
        let sample = status.as_deref().and_then(|status| {
            let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:"))?;
            line.trim().trim_end_matches(" kB").parse::<u64>().ok()
        });
        peak = peak.max(sample);
        thread::sleep(Duration::from_millis(1));
    }
    peak
}

/// Measures how fast the file's pages can be read at all.
fn ceiling(file: &Path, rounds: usize, threads: usize) -> io::Result<Times> {
    let mut seconds = Vec::new();
    // The first round only warms the page cache.
    for round in 0..=rounds {
        // A fresh mapping pays for its page faults, as every tool has to.
        let (taken, result) = time(|| map(file).map(|map| sum(&map, threads)));
        result?;
        if round > 0 {
            seconds.push(taken);
        }
    }
    Ok(Times::new(&seconds))
}

/// What the result was measured on.
fn header(tools: &[Tool], file: &Path, size: u64, rounds: usize) -> String {
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
        thread::available_parallelism().map_or(1, usize::from),
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

/// Checks and times one task; says whether mapgrep printed what it should.
fn measure(
    task: &Task,
    tools: &[Tool],
    file: &Path,
    size: u64,
    options: &Options,
    counts: Option<&Counts>,
) -> Result<bool> {
    let mut buffer = vec![0; 1 << 20];
    let mut checked = Vec::new();
    for tool in tools {
        checked.push(Checked::new(tool, task, file, &mut buffer)?);
    }
    let reference = tools.iter().position(|tool| tool.name == "rg").unwrap_or(0);
    let agreeing: Vec<usize> = (0..tools.len()).filter(|&i| checked[i].agrees(&checked[reference])).collect();
    // The first two are mapgrep with all threads and with one.
    let mut right = agreeing.starts_with(&[0, 1]);
    let expected = counts.and_then(task.count);
    if let Some(expected) = expected {
        right &= checked[0].number() == Some(expected);
    }

    let mut seconds = vec![Vec::new(); tools.len()];
    for _ in 0..options.rounds {
        for &i in &agreeing {
            let (time, _) = tools[i].run(task, file, &mut buffer, |_| {}, |_| {})?;
            seconds[i].push(time.as_secs_f64());
        }
    }

    println!("\n### {}: `{}`\n", task.name, task.pattern);
    println!("| tool | median | min | MAD | GB/s | speed / rg | peak RssAnon | output |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    let rg = (tools[reference].name == "rg").then(|| Times::new(&seconds[reference]).median);
    for (i, tool) in tools.iter().enumerate() {
        let memory = checked[i].rss_anon.map_or("-".to_owned(), |kib| format!("{:.1} MiB", kib as f64 / 1024.0));
        let output =
            checked[i].number().map_or_else(|| format!("{} lines", checked[i].lines), |number| number.to_string());
        if !agreeing.contains(&i) {
            println!(
                "| {} | not timed: it does not agree with {} | | | | | {memory} | {output} |",
                tool.name, tools[reference].name
            );
            continue;
        }
        let times = Times::new(&seconds[i]);
        let ratio = rg.map_or("-".to_owned(), |rg| format!("{:.2}", rg / times.median));
        println!(
            "| {} | {:.1} ms | {:.1} ms | {:.1} ms | {:.2} | {ratio} | {memory} | {output} |",
            tool.name,
            times.median * 1e3,
            times.min * 1e3,
            times.mad * 1e3,
            size as f64 / times.median / 1e9,
        );
    }
    if let Some(expected) = expected.filter(|_| !right) {
        println!("\nThe file was made with {expected} such lines.");
    }
    Ok(right)
}

/// Runs all tasks; says whether mapgrep was right about all of them.
fn run(options: &mut Options, mapgrep: &Path) -> Result<bool> {
    if options.test {
        options.size = 200 << 10;
        options.rounds = 1;
    }
    let scratch = tempfile::tempdir()?;
    let (file, counts) = match options.file.take() {
        Some(file) => (file, None),
        None => {
            let file = scratch.path().join("generated.log");
            let counts = default_corpus(&file, options.size)?;
            (file, Some(counts))
        }
    };
    let size = fs::metadata(&file)?.len();
    let tools = Tool::all(mapgrep);
    print!("{}", header(&tools, &file, size, options.rounds));

    let threads = thread::available_parallelism().map_or(1, usize::from);
    for threads in [1, threads] {
        let times = ceiling(&file, options.rounds, threads)?;
        println!(
            "* Memory ceiling, {threads} thread(s) that map the file and add up its words: \
             {:.1} ms, {:.2} GB/s",
            times.median * 1e3,
            size as f64 / times.median / 1e9,
        );
    }

    let mut right = true;
    for task in tasks(&options.patterns) {
        if task.name.contains(&options.only) {
            right &= measure(&task, &tools, &file, size, options, counts.as_ref())?;
        }
    }
    Ok(right)
}

fn main() -> ExitCode {
    let Some(built) = option_env!("CARGO_BIN_EXE_mapgrep") else {
        println!("The command was not built, so there is nothing to measure.");
        return ExitCode::SUCCESS;
    };
    let mapgrep = env::var_os("MAPGREP_BIN").map_or_else(|| built.into(), PathBuf::from);
    let outcome = Options::parse(env::args().skip(1)).and_then(|options| match options {
        Some(mut options) => run(&mut options, &mapgrep),
        None => {
            print!("{USAGE}");
            Ok(true)
        }
    });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("mapgrep disagrees with the reference; see the tables");
            ExitCode::FAILURE
        }
        Err(err) => {
            eprintln!("{err}");
            ExitCode::from(2)
        }
    }
}
