//! Times whole processes: mapgrep next to the other search tools on `PATH`.
//!
//! See `benches/README.md` for how to run it and how to read the result.

use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Seek, Write},
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

  FILE               the file to search (default: a generated log)
  --size BYTES       size of the generated log, K, M and G allowed (default: 256M)
  --long-line BYTES  size of the file that is one line (default: 256M)
  --rounds N         timed runs of every tool (default: 7; ten times as many of
                     what takes milliseconds)
  --only TEXT        only the tasks whose name contains TEXT; can be given again
  --tools NAMES      the tools to compare with, with commas between them
                     (default: rg,grep,ugrep,krep)
  --rare PATTERN, --medium PATTERN, --dense PATTERN
                     literals to look for
  --early PATTERN, --late PATTERN
                     literals that are in the first and in the last megabyte
                     (default for a FILE: the dense one)
  --regex PATTERN    the regular expression to look for
  --two-lines PATTERN
                     a regular expression that matches across a line end

Programs are found on PATH; MAPGREP_BIN names another mapgrep.
";

/// What the command line asks for.
struct Options {
    file: Option<PathBuf>,
    size: u64,
    long_line: u64,
    rounds: usize,
    only: Vec<String>,
    tools: String,
    patterns: Patterns,
    test: bool,
}

/// What is looked for.
struct Patterns {
    rare: String,
    medium: String,
    dense: String,
    early: Option<String>,
    late: Option<String>,
    regex: String,
    two_lines: String,
}

impl Options {
    /// Reads the command line. Nothing is returned for `--help`.
    fn parse(args: impl Iterator<Item = String>) -> Result<Option<Options>> {
        let mut options = Options {
            file: None,
            size: 256 << 20,
            long_line: 256 << 20,
            rounds: 7,
            only: vec![],
            tools: "rg,grep,ugrep,krep".to_owned(),
            patterns: Patterns {
                rare: "needle-4711".to_owned(),
                medium: "ERROR".to_owned(),
                dense: "status=200".to_owned(),
                early: None,
                late: None,
                regex: "took=[0-9]{4}ms".to_owned(),
                two_lines: r"took=[0-9]{4}ms\n2024".to_owned(),
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
                "--long-line" => options.long_line = bytes(&value()?)?,
                "--rounds" => options.rounds = value()?.parse::<usize>()?.max(1),
                "--only" => options.only.push(value()?),
                "--tools" => options.tools = value()?,
                "--rare" => options.patterns.rare = value()?,
                "--medium" => options.patterns.medium = value()?,
                "--dense" => options.patterns.dense = value()?,
                "--early" => options.patterns.early = Some(value()?),
                "--late" => options.patterns.late = Some(value()?),
                "--regex" => options.patterns.regex = value()?,
                "--two-lines" => options.patterns.two_lines = value()?,
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

/// What the generated log contains: how many lines, and how many of them each of
/// the default patterns selects.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    lines: u64,
    rare: u64,
    medium: u64,
    dense: u64,
    regex: u64,
    /// Matches of [`NO_LITERAL`], at most one on a line.
    no_literal: u64,
    /// Runs of digits.
    numbers: u64,
}

/// A regular expression in which there is no literal to look for.
const NO_LITERAL: &str = "[a-z]{4}[0-9]{3}[A-Z]";

/// A regular expression with many matches on a line.
const NUMBER: &str = "[0-9]+";

/// What is on one line near the beginning and on the last one of the generated
/// log.
const EARLY: &str = "early-4711";
const LATE: &str = "late-4711";

/// Writes log lines of at least `size` bytes, the same on every machine, each
/// with `end` behind it, and says what is in them.
fn default_corpus(path: &Path, size: u64, end: u8) -> io::Result<Counts> {
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
        } else if r % 20 == 1 {
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
        // What the patterns for one and for two lines look for is at the end of
        // lines, so that what is planted there hides some from the latter.
        if i % RARE_EVERY == 77 {
            line.push_str(" needle-4711");
            counts.rare += 1;
        }
        if i % RARE_EVERY == 177 {
            line.push_str(" trace=kept417Q");
            counts.no_literal += 1;
        }
        if i == 1000 {
            line.push(' ');
            line.push_str(EARLY);
        }
        if written + line.len() as u64 + 1 >= size {
            line.push(' ');
            line.push_str(LATE);
        }
        counts.lines += 1;
        counts.medium += u64::from(error);
        counts.dense += u64::from(status == 200);
        counts.regex += u64::from(took >= 1000);
        let digits = line.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        counts.numbers += digits.filter(|run| run[0].is_ascii_digit()).count() as u64;
        written += line.len() as u64 + 1;
        out.write_all(line.as_bytes())?;
        out.write_all(&[end])?;
    }
    // What is still to be written to the disk would be in the way of what is
    // measured.
    out.into_inner()?.sync_all()?;
    Ok(counts)
}

/// Writes `size` bytes of a file with line ends replaced, beginning anew at its
/// end.
fn derived_corpus(original: &Path, path: &Path, size: u64, end: u8) -> io::Result<()> {
    let mut text = BufReader::new(File::open(original)?);
    let mut out = File::create(path)?;
    let mut buffer = vec![0; 1 << 20];
    let mut left = size as usize;
    while left > 0 {
        let wanted = left.min(buffer.len());
        let read = text.read(&mut buffer[..wanted])?;
        if read == 0 {
            if left as u64 == size {
                return Err(io::Error::other(format!("{} is empty", original.display())));
            }
            text.rewind()?;
        }
        buffer[..read].iter_mut().filter(|b| **b == b'\n').for_each(|b| *b = end);
        out.write_all(&buffer[..read])?;
        left -= read;
    }
    out.sync_all()
}

/// What a task searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// The file, or the generated log.
    Log,
    /// The first 100 KB of it.
    Small,
    /// The same text with NUL in place of line ends.
    Records,
    /// Such text with spaces in place of line ends.
    LongLine,
}

/// A file to search.
struct Corpus {
    path: PathBuf,
    size: u64,
    /// What is in it, where that is known.
    counts: Option<Counts>,
}

impl Corpus {
    /// Makes the file in the directory, unless it is there.
    fn new(input: Input, options: &Options, dir: &Path) -> Result<Corpus> {
        let log =
            options.file.as_ref().map(|file| Ok::<_, io::Error>((file, fs::metadata(file)?.len()))).transpose()?;
        let log_size = log.map_or(options.size, |(_, size)| size);
        let (name, size, end) = match input {
            Input::Log => ("generated.log", log_size, b'\n'),
            Input::Small => ("small.log", 100_000.min(log_size), b'\n'),
            Input::Records => ("records.log", log_size, 0),
            Input::LongLine => ("long-line.log", options.long_line, b' '),
        };
        let path = dir.join(name);
        let (path, counts) = match log {
            Some((file, _)) if input == Input::Log => (file.clone(), None),
            Some((file, _)) => {
                derived_corpus(file, &path, size, end)?;
                (path, None)
            }
            None => {
                let counts = default_corpus(&path, size, end)?;
                (path, Some(counts))
            }
        };
        let size = fs::metadata(&path)?.len();
        Ok(Corpus { path, size, counts })
    }
}

/// How fast a task should be.
#[derive(Clone, Copy)]
enum Target {
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

/// How long a tool may take where some take very long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes random hexadecimal words of 8 to 20 letters, one a line, the same on every machine, and one that is there: tools do not
/// agree on what to print when there is nothing.
fn words(path: &Path, count: usize, there: &str) -> io::Result<()> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut out = BufWriter::new(File::create(path)?);
    for _ in 1..count {
        let word = format!("{:016x}{:016x}", random(), random());
        writeln!(out, "{}", &word[..8 + random() as usize % 13])?;
    }
    writeln!(out, "{there}")?;
    out.flush()
}

/// How much private memory a search may take, in MiB.
const MEMORY: f64 = 96.0;

/// One thing to do with a file.
struct Task {
    name: &'static str,
    input: Input,
    /// Options that all tools understand.
    flags: &'static [&'static str],
    /// The options for a second measurement, in the same rounds.
    without: Option<&'static [&'static str]>,
    /// What to look for, or how that is called.
    pattern: String,
    /// How many words of a file to look for instead.
    words: usize,
    regex: bool,
    /// The tools that can do it, besides mapgrep.
    peers: &'static [&'static str],
    /// The number in the output, or how many lines it has, where the generator
    /// knows that.
    count: fn(&Counts) -> Option<u64>,
    target: Target,
    /// It takes milliseconds, so there are more rounds.
    is_quick: bool,
}

const ALL: &[&str] = &["rg", "grep", "ugrep", "krep"];

/// What other tools have no option for, or do not do in bounded memory.
const RIPGREP: &[&str] = &["rg"];

impl Task {
    fn literal(name: &'static str, flags: &'static [&'static str], pattern: &str) -> Task {
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

    fn regex(name: &'static str, flags: &'static [&'static str], pattern: &str) -> Task {
        Task { regex: true, ..Task::literal(name, flags, pattern) }
    }

    /// A literal in one long line.
    fn long_line(name: &'static str, flags: &'static [&'static str], pattern: &str) -> Task {
        let target = Target::Ratio(1.5);
        Task { input: Input::LongLine, peers: RIPGREP, target, ..Task::literal(name, flags, pattern) }
    }

    /// Something that only mapgrep can do.
    fn alone(name: &'static str, flags: &'static [&'static str], pattern: &str) -> Task {
        Task { peers: &[], ..Task::literal(name, flags, pattern) }
    }

    /// Many literals from a file, with the tools that are known to take them line by line.
    fn words(name: &'static str, words: usize) -> Task {
        let peers = &["rg", "grep", "ugrep"];
        let pattern = format!("{words} random hexadecimal words of 8 to 20 letters");
        Task { words, peers, ..Task::literal(name, &["-c"], &pattern) }
    }

    /// All tasks, those of one file together.
    fn all(options: &Options) -> Vec<Task> {
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
    fn is_json(&self) -> bool {
        self.flags.contains(&"--json")
    }
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
    /// The tools that are wanted and exist here, mapgrep first.
    fn all(mapgrep: &Path, wanted: &str) -> Vec<Tool> {
        let search = |name: &str| {
            env::split_paths(&env::var_os("PATH").unwrap_or_default())
                .map(|dir| dir.join(name))
                .find(|path| path.is_file() && wanted.split(',').any(|wanted| wanted == name))
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

    fn is_own(&self) -> bool {
        self.name.starts_with("mapgrep")
    }

    /// The first line that the program prints about its version.
    fn version(&self) -> String {
        let output = Command::new(&self.program).arg("--version").stdin(Stdio::null()).output();
        let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
        let text = text.unwrap_or_default();
        text.lines().next().unwrap_or("unknown").to_owned()
    }
}

/// A tool that is to do a task.
struct Run<'a> {
    tool: &'a Tool,
    task: &'a Task,
    flags: &'a [&'a str],
    file: &'a Path,
    /// Where the words are, if there are some.
    words: &'a Path,
}

impl<'a> Run<'a> {
    /// Everything that is run for a task: first with its own flags, by mapgrep
    /// with all threads and with one, then by the others.
    fn all(task: &'a Task, tools: &'a [Tool], file: &'a Path, words: &'a Path) -> Vec<Run<'a>> {
        let can = |tool: &&Tool| tool.is_own() || task.peers.contains(&tool.name.as_str());
        let flags = [Some(task.flags), task.without];
        let run = |flags| tools.iter().filter(can).map(move |tool| Run { tool, task, flags, file, words });
        flags.into_iter().flatten().flat_map(run).collect()
    }

    /// What the tables say.
    fn name(&self) -> String {
        if self.flags == self.task.flags {
            return self.tool.name.clone();
        }
        let left_out: Vec<_> = self.task.flags.iter().filter(|flag| !self.flags.contains(flag)).copied().collect();
        format!("{} without {}", self.tool.name, left_out.join(" "))
    }

    fn command(&self) -> Command {
        let Run { tool, task, flags, file, words } = self;
        let mut command = Command::new(&tool.program);
        command.args(tool.flags).args(tool.kinds[usize::from(task.regex)]).args(*flags);
        match task.words {
            0 => command.args(["-e", &task.pattern]),
            _ => command.arg("-f").arg(words),
        };
        command
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

    /// Runs it once and hands all output to `sink`. Who looks for many words is killed after [`PATIENCE`], and then has no exit
    /// status, unless `is_patient`.
    fn once(
        &self,
        buffer: &mut [u8],
        mut sink: impl FnMut(&[u8]),
        started: impl FnOnce(u32),
        is_patient: bool,
    ) -> io::Result<(Duration, Option<i32>)> {
        let start = Instant::now();
        let mut child = self.command().spawn()?;
        started(child.id());
        let mut pipe = child.stdout.take().expect("standard output is a pipe");
        let mut read = || -> io::Result<()> {
            loop {
                match pipe.read(buffer)? {
                    0 => return Ok(()),
                    n => sink(&buffer[..n]),
                }
            }
        };
        if is_patient || self.task.words == 0 {
            read()?;
            let status = child.wait()?;
            return Ok((start.elapsed(), status.code()));
        }
        thread::scope(|scope| {
            let watch = scope.spawn(move || -> io::Result<_> {
                loop {
                    if let Some(status) = child.try_wait()? {
                        return Ok(status);
                    }
                    if start.elapsed() > PATIENCE {
                        child.kill()?;
                    }
                    thread::sleep(Duration::from_millis(1));
                }
            });
            read()?;
            let status = watch.join().expect("waiting does not panic");
            Ok((start.elapsed(), status?.code()))
        })
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
    fn new(run: &Run, buffer: &mut [u8]) -> io::Result<Checked> {
        let mut hasher = Xxh3::new();
        let mut checked = Checked::default();
        let mut json = run.task.is_json().then(Vec::new);
        let done = &AtomicBool::new(false);
        let (_, code) = thread::scope(|scope| {
            let mut sampler = None;
            let mut look = |bytes: &[u8]| {
                hasher.update(bytes);
                checked.bytes += bytes.len() as u64;
                checked.lines += bytes.iter().filter(|&&b| b == b'\n').count() as u64;
                let room = 64 - checked.head.len();
                checked.head.extend(bytes.iter().take(room));
            };
            let result = run.once(
                buffer,
                |bytes| match &mut json {
                    None => look(bytes),
                    Some(open) => lines_of_results(bytes, open, &mut look),
                },
                |pid| sampler = Some(scope.spawn(move || peak_rss_anon(pid, done))),
                false,
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

    /// The output as a number; with `--null-data` it ends with NUL.
    fn number(&self) -> Option<u64> {
        std::str::from_utf8(&self.head).ok()?.trim_end_matches(['\n', '\0']).parse().ok()
    }

    /// The peak of the private memory in MiB.
    fn memory(&self) -> Option<f64> {
        self.rss_anon.map(|kib| kib as f64 / 1024.0)
    }
}

/// Hands on the lines of JSON that are the same for every run: those without
/// times. `open` is the beginning of a line of which the end has not come.
fn lines_of_results(bytes: &[u8], open: &mut Vec<u8>, look: &mut impl FnMut(&[u8])) {
    for part in bytes.split_inclusive(|&b| b == b'\n') {
        open.extend_from_slice(part);
        if open.ends_with(b"\n") {
            let times = [&br#"{"type":"end""#[..], br#"{"data":{"elapsed_total""#, br#"{"type":"summary""#];
            if !times.iter().any(|start| open.starts_with(start)) {
                look(open);
            }
            open.clear();
        }
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

/// How many seconds it takes to read the file's pages at all.
fn ceiling(file: &Path, threads: usize) -> io::Result<f64> {
    // A fresh mapping pays for its page faults, as every tool has to.
    let (seconds, result) = time(|| map(file).map(|map| sum(&map, threads)));
    result?;
    Ok(seconds)
}

/// How many threads there are to be had.
fn all_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
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

/// What came of a task.
struct Outcome {
    task: Task,
    /// Medians in seconds.
    own: f64,
    rg: Option<f64>,
    /// The same without some of the flags.
    own_without: Option<f64>,
    rg_without: Option<f64>,
    /// Adding up the words of the file with all threads.
    ceiling: f64,
    /// The peak of mapgrep's private memory in MiB.
    memory: Option<f64>,
}

impl Outcome {
    /// How it compares, what was wanted, and whether that was reached.
    fn verdict(&self) -> (String, String, Option<bool>) {
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
fn summarise(outcomes: &[Outcome]) {
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

/// Checks and times one task; says also whether mapgrep printed what it should.
fn measure(task: Task, tools: &[Tool], corpus: &Corpus, options: &Options, dir: &Path) -> Result<(Outcome, bool)> {
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

/// Median, smallest and scatter of some times, and the speed.
fn cells(times: &Times, size: u64) -> String {
    let Times { median, min, mad } = times;
    let speed = size as f64 / median / 1e9;
    format!("{:.1} ms | {:.1} ms | {:.1} ms | {speed:.2}", median * 1e3, min * 1e3, mad * 1e3)
}

/// Runs all tasks; says whether mapgrep was right about all of them.
fn run(options: &mut Options, mapgrep: &Path) -> Result<bool> {
    if options.test {
        options.size = 200 << 10;
        // Some chunks, and so some parts of the line.
        options.long_line = 5 << 20;
        options.rounds = 1;
    }
    let scratch = tempfile::tempdir()?;
    let log = Corpus::new(Input::Log, options, scratch.path())?;
    let tools = Tool::all(mapgrep, &options.tools);
    print!("{}", header(&tools, &log.path, log.size, options.rounds));
    for threads in [1, all_threads()] {
        // The first round only warms the page cache.
        ceiling(&log.path, threads)?;
        let seconds = (0..options.rounds).map(|_| ceiling(&log.path, threads)).collect::<io::Result<Vec<_>>>()?;
        let times = Times::new(&seconds);
        println!(
            "* Memory ceiling, {threads} thread(s) that map the file and add up its words: \
             {:.1} ms, {:.2} GB/s",
            times.median * 1e3,
            log.size as f64 / times.median / 1e9,
        );
    }

    let mut right = true;
    let mut outcomes = Vec::new();
    let mut derived: Option<(Input, Corpus)> = None;
    for task in Task::all(options) {
        if !options.only.is_empty() && !options.only.iter().any(|only| task.name.contains(only)) {
            continue;
        }
        // A debug build of mapgrep takes long to read more.
        if options.test && task.words > 10_000 {
            continue;
        }
        let corpus = match &derived {
            _ if task.input == Input::Log => &log,
            Some((input, corpus)) if *input == task.input => corpus,
            other => {
                // Not more than one of these takes space in memory and on the
                // disk.
                if let Some((_, old)) = other {
                    fs::remove_file(&old.path)?;
                }
                let corpus = Corpus::new(task.input, options, scratch.path())?;
                &derived.insert((task.input, corpus)).1
            }
        };
        let (outcome, is_right) = measure(task, &tools, corpus, options, scratch.path())?;
        outcomes.push(outcome);
        right &= is_right;
    }
    summarise(&outcomes);
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
