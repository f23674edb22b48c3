//! One comparison: the files, the command line, and how both tools are run.

use std::{
    fmt::Write as _,
    fs::{self, File, FileTimes},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, LazyLock, mpsc},
    time::{Duration, SystemTime},
};

use regex::bytes::Regex;

/// How long ripgrep may take. A pattern that keeps it busy for longer, such as
/// `-w` on a very long line, says nothing about this crate.
const REFERENCE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long the tool under test may run before it counts as hung. It may be a
/// debug build on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A file of a tree: its path below the root, with `/` between components,
/// and its contents.
pub(crate) type TreeFile = (String, Arc<Vec<u8>>);

/// Where the standard input of both tools comes from.
///
/// The names are paths of files in the searched tree.
#[derive(Clone, Debug)]
pub(crate) enum Stdin {
    /// The null device, which is neither a file nor a pipe.
    Null,
    /// A redirected file.
    File(String),
    /// A pipe fed with a file's contents.
    Pipe(String),
}

/// The kind of input, which decides whether ripgrep is asked to map files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// Files named on the command line: mapped.
    Files,
    /// Directories that are walked: read as streams.
    Walk,
    /// Standard input: a stream.
    Stream,
}

/// One command line over one tree of files.
///
/// Options are kept in groups of arguments that belong together, such as
/// `-A 2`, so that a minimiser can drop one whole option at a time.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The files below the directory in which the tools are started.
    pub(crate) tree: Arc<Vec<TreeFile>>,
    /// Symbolic links in that directory, and what each leads to.
    pub(crate) links: Vec<(String, String)>,
    /// Files next to that directory: lists of patterns.
    pub(crate) side: Vec<TreeFile>,
    /// Options, one group each.
    pub(crate) flags: Vec<Vec<String>>,
    /// The pattern, or one group per `-e` and `-f`.
    pub(crate) patterns: Vec<Vec<String>>,
    /// Paths to search.
    pub(crate) paths: Vec<String>,
    /// Whether the options come after the paths.
    pub(crate) flags_last: bool,
    /// Standard input.
    pub(crate) stdin: Stdin,
    /// The kind of input.
    pub(crate) input: Input,
    /// Options that only the tool under test gets: threads, chunk size.
    pub(crate) engine: Vec<Vec<String>>,
}

impl Case {
    /// A case over a tree, in which nothing is asked for yet.
    pub(crate) fn over(tree: &Arc<Vec<TreeFile>>, input: Input, flags_last: bool) -> Self {
        Case {
            tree: Arc::clone(tree),
            links: Vec::new(),
            side: Vec::new(),
            flags: Vec::new(),
            patterns: Vec::new(),
            paths: Vec::new(),
            flags_last,
            stdin: Stdin::Null,
            input,
            engine: Vec::new(),
        }
    }

    /// The arguments that both tools get.
    fn common_args(&self) -> Vec<&str> {
        let flags = self.flags.iter().flatten();
        let patterns = self.patterns.iter().flatten();
        let paths = self.paths.iter();
        if self.flags_last {
            patterns.chain(paths).chain(flags).map(String::as_str).collect()
        } else {
            flags.chain(patterns).chain(paths).map(String::as_str).collect()
        }
    }

    /// The whole command line for one of the tools.
    pub(crate) fn args(&self, tool: &Tool) -> Vec<&str> {
        let mut args = Vec::new();
        if tool.ripgrep {
            args.extend(["--no-config", "-j1", "--sort=path"]);
            if self.input == Input::Files {
                args.push("--mmap");
            }
        } else {
            args.extend(self.engine.iter().flatten().map(String::as_str));
        }
        // No order is none that can be compared: here it is that of paths.
        let ordered = |arg| match arg {
            "--sort=none" | "--no-sort-files" if tool.ripgrep => "--sort=path",
            _ => arg,
        };
        args.extend(self.common_args().into_iter().map(ordered));
        args
    }

    /// The number of bytes that a search of this case can read.
    pub(crate) fn size(&self) -> usize {
        self.searched().map(<[u8]>::len).sum()
    }

    /// The contents of the files that a search of this case may read.
    pub(crate) fn searched(&self) -> impl Iterator<Item = &[u8]> {
        let stdin = match &self.stdin {
            Stdin::Null => None,
            Stdin::File(name) | Stdin::Pipe(name) => Some(name),
        };
        self.tree
            .iter()
            .filter(move |(name, _)| self.input == Input::Walk || self.paths.contains(name) || stdin == Some(name))
            .map(|(_, data)| data.as_slice())
    }

    /// A shell command that repeats the case in the directory `root`, which
    /// [`materialise`](Case::materialise) has filled.
    pub(crate) fn shell(&self, tool: &Tool, root: &Path) -> String {
        let mut line = format!("cd {} && ", quote(&root.join("tree").to_string_lossy()));
        if let Stdin::Pipe(name) = &self.stdin {
            let _ = write!(line, "cat {} | ", quote(name));
        }
        line.push_str(&quote(&tool.path.to_string_lossy()));
        for arg in self.args(tool) {
            line.push(' ');
            line.push_str(&quote(arg));
        }
        match &self.stdin {
            Stdin::Null => line.push_str(" < /dev/null"),
            Stdin::File(name) => {
                let _ = write!(line, " < {}", quote(name));
            }
            Stdin::Pipe(_) => {}
        }
        line
    }

    /// Writes the files of the case below `root`.
    pub(crate) fn materialise(&self, root: &Path) -> io::Result<()> {
        let tree = root.join("tree");
        fs::create_dir_all(&tree)?;
        write_files(&tree, &self.tree)?;
        for (i, (name, _)) in self.tree.iter().enumerate() {
            // Times that differ, and that a search leaves as they are.
            let minutes = |of: usize| Duration::from_secs((of % 16 * 60 + i) as u64);
            let (past, future) =
                (SystemTime::now() - Duration::from_secs(7200), SystemTime::now() + Duration::from_secs(3600));
            let times = FileTimes::new().set_modified(past + minutes(i * 7)).set_accessed(future + minutes(i * 5));
            File::options().append(true).open(tree.join(name))?.set_times(times)?;
        }
        self.materialise_side(root)
    }

    /// Writes only the pattern files and links, for a tree that already exists.
    pub(crate) fn materialise_side(&self, root: &Path) -> io::Result<()> {
        #[cfg(unix)]
        {
            let link = |name: &str| root.join("tree").join(name);
            let _ = fs::remove_file(link("link"));
            for (name, target) in &self.links {
                std::os::unix::fs::symlink(target, link(name))?;
            }
        }
        write_files(&root.join("side"), &self.side)
    }

    /// Runs both tools in `root` and says how they differ, if they do.
    ///
    /// A case that ripgrep does not finish in time counts as no difference.
    pub(crate) fn compare(&self, tools: &Tools, root: &Path) -> io::Result<Option<Difference>> {
        self.compare_with(self.reference(tools, root)?, tools, root)
    }

    /// The same, with what ripgrep did.
    pub(crate) fn compare_with(&self, expected: Outcome, tools: &Tools, root: &Path) -> io::Result<Option<Difference>> {
        if expected.timed_out {
            return Ok(None);
        }
        let actual = self.run(&tools.under_test, TIMEOUT, root)?;
        Ok(Difference::between(expected, actual, self))
    }

    /// What ripgrep does.
    pub(crate) fn reference(&self, tools: &Tools, root: &Path) -> io::Result<Outcome> {
        self.run(&tools.reference, REFERENCE_TIMEOUT, root)
    }

    /// Whether an option was given in exactly this form.
    pub(crate) fn has_flag(&self, flag: &str) -> bool {
        self.flags.iter().flatten().any(|arg| arg == flag)
    }

    /// Whether statistics are printed, which `--json` implies.
    pub(crate) fn has_stats(&self) -> bool {
        self.has_flag("--stats") || self.has_flag("--json")
    }

    /// Runs one tool in `root` for a limited time.
    fn run(&self, tool: &Tool, limit: Duration, root: &Path) -> io::Result<Outcome> {
        let tree = root.join("tree");
        let mut command = Command::new(&tool.path);
        command
            .args(self.args(tool))
            .current_dir(&tree)
            // The user's own settings must not decide how a case ends.
            .env("HOME", root)
            .env("XDG_CONFIG_HOME", root)
            .env("TERM", "xterm-256color")
            .env_remove("RIPGREP_CONFIG_PATH")
            .env_remove("MAPGREP_CONFIG_PATH")
            .env_remove("NO_COLOR")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut fed = None;
        match &self.stdin {
            Stdin::Null => {
                command.stdin(Stdio::null());
            }
            Stdin::File(name) => {
                command.stdin(File::open(tree.join(name))?);
            }
            Stdin::Pipe(name) => {
                command.stdin(Stdio::piped());
                fed = self.tree.iter().find(|(n, _)| n == name);
            }
        }
        let mut child = command.spawn()?;
        if let (Some((_, data)), Some(mut pipe)) = (fed, child.stdin.take()) {
            let data = Arc::clone(data);
            // A tool may stop reading early, as with `-q`; the broken pipe
            // is then expected.
            std::thread::spawn(move || {
                let _ = pipe.write_all(&data);
            });
        }
        let (sender, receiver) = mpsc::channel();
        let mut stdout = child.stdout.take().expect("stdout is piped");
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stdout.read_to_end(&mut bytes);
            let _ = sender.send(bytes);
        });
        let mut stderr = child.stderr.take().expect("stderr is piped");
        let errors = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes);
            bytes
        });
        let (stdout, timed_out) = match receiver.recv_timeout(limit) {
            Ok(bytes) => (bytes, false),
            Err(_) => {
                child.kill()?;
                (receiver.recv().unwrap_or_default(), true)
            }
        };
        let status = child.wait()?;
        Ok(Outcome { stdout, stderr: errors.join().unwrap_or_default(), status, timed_out })
    }
}

/// Writes files below a directory, making directories on the way.
fn write_files(root: &Path, files: &[TreeFile]) -> io::Result<()> {
    for (name, data) in files {
        let path = root.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, data.as_slice())?;
    }
    Ok(())
}

/// Quotes an argument for a POSIX shell.
fn quote(arg: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ',' | '=' | ':');
    if !arg.is_empty() && arg.chars().all(plain) {
        arg.to_owned()
    } else if arg.chars().any(char::is_control) {
        let mut quoted = String::from("$'");
        for c in arg.chars() {
            match c {
                '\'' | '\\' => {
                    quoted.push('\\');
                    quoted.push(c);
                }
                c if c.is_control() => {
                    let _ = write!(quoted, "\\x{:02x}", u32::from(c));
                }
                c => quoted.push(c),
            }
        }
        quoted.push('\'');
        quoted
    } else {
        format!("'{}'", arg.replace('\'', r"'\''"))
    }
}

/// A program to run.
#[derive(Clone, Debug)]
pub(crate) struct Tool {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Whether it takes ripgrep's arguments rather than this crate's.
    pub(crate) ripgrep: bool,
}

/// The two programs that are compared.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    /// An installed ripgrep.
    pub(crate) reference: Tool,
    /// The program under test.
    pub(crate) under_test: Tool,
}

impl Tools {
    /// The programs named by the environment, or nothing when no ripgrep is
    /// named.
    ///
    /// A program under test that calls itself ripgrep is given ripgrep's
    /// arguments, so that the harness can be checked against itself.
    pub(crate) fn from_env(built: &str) -> Option<Tools> {
        let program = |name| {
            let path = PathBuf::from(std::env::var_os(name)?);
            // The tools run in other directories, and a bare name is looked up
            // on `PATH`.
            Some(match path.parent() {
                Some(dir) if dir != Path::new("") => path.canonicalize().unwrap_or(path),
                _ => path,
            })
        };
        let reference = program("MAPGREP_RG")?;
        let path = program("MAPGREP_BIN").unwrap_or_else(|| built.into());
        let version = Command::new(&path)
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .unwrap_or_else(|err| panic!("{} cannot be run: {err}", path.display()));
        Some(Tools {
            reference: Tool { path: reference, ripgrep: true },
            under_test: Tool { path, ripgrep: version.stdout.starts_with(b"ripgrep") },
        })
    }
}

/// What one run of a tool produced.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Everything written to standard output.
    pub(crate) stdout: Vec<u8>,
    /// Everything written to standard error.
    pub(crate) stderr: Vec<u8>,
    /// The exit status.
    pub(crate) status: ExitStatus,
    /// Whether the process was killed because it did not end.
    pub(crate) timed_out: bool,
}

/// Two outcomes that are not the same.
#[derive(Debug)]
pub(crate) struct Difference {
    /// What ripgrep did.
    pub(crate) expected: Outcome,
    /// What the tool under test did.
    pub(crate) actual: Outcome,
}

impl Difference {
    /// Compares two outcomes; the wording of messages may differ, but not
    /// whether there is one.
    fn between(mut expected: Outcome, mut actual: Outcome, case: &Case) -> Option<Difference> {
        if case.has_stats() {
            drop_varying(&mut expected.stdout);
            drop_varying(&mut actual.stdout);
        }
        // What is logged is about the program itself.
        let logs = case.has_flag("--debug") || case.has_flag("--trace");
        let same = !actual.timed_out
            && expected.status.code() == actual.status.code()
            && expected.stdout == actual.stdout
            && (logs || has_message(&expected) == has_message(&actual));
        (!same).then_some(Difference { expected, actual })
    }

    /// A description of a few lines.
    pub(crate) fn describe(&self) -> String {
        let mut text = String::new();
        for (name, outcome) in [("ripgrep", &self.expected), ("mapgrep", &self.actual)] {
            let _ = write!(text, "  {name}: {}", outcome.status);
            if outcome.timed_out {
                text.push_str(", killed because it did not end");
            }
            let _ = write!(text, ", {} bytes of output", outcome.stdout.len());
            if !outcome.stderr.is_empty() {
                let line = outcome.stderr.split(|&b| b == b'\n').next().unwrap_or_default();
                let _ = write!(text, ", message: {}", shown(line));
            }
            text.push('\n');
        }
        text.push_str(&diff(&self.expected.stdout, &self.actual.stdout));
        text
    }
}

/// The message that a file is compressed.
static COMPRESSED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^mapgrep: .*: nothing was found, and it is compressed with ").expect("a valid regex"));

/// Whether there is a message, other than those that only this crate has, without another exit status: that no files
/// were searched, which ripgrep says where no path is given, and that a file is compressed.
fn has_message(outcome: &Outcome) -> bool {
    let is_note = |line: &[u8]| {
        let found_nothing = outcome.status.code() == Some(1);
        found_nothing && line.starts_with(b"mapgrep: no files were searched: ") || COMPRESSED.is_match(line)
    };
    outcome.stderr.split_inclusive(|&b| b == b'\n').any(|line| !is_note(line))
}

/// The lines of `--stats` that are not compared: how long the search took, and
/// how many bytes were printed, of which ripgrep leaves out counts, names and
/// colours, and includes what stands between files.
const VARYING: [&[u8]; 3] = [b" seconds spent searching\n", b" seconds total\n", b" bytes printed\n"];

/// In the messages of `--json`: times, and what only this crate says.
static VARYING_JSON: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#""elapsed(_total)?":\{[^}]*\},?|,?"stopped_at":(?:null|[0-9]+)"#).expect("a valid regex")
});

/// Removes what is not compared of `--stats` and `--json`.
fn drop_varying(stdout: &mut Vec<u8>) {
    let compared = |line: &[u8]| match line {
        line if VARYING.iter().any(|end| line.ends_with(end)) || line.starts_with(b"stopped at byte ") => Vec::new(),
        line if line.starts_with(br#"{"type":"end","#) || line.ends_with(b"\"type\":\"summary\"}\n") => {
            VARYING_JSON.replace_all(line, &b""[..]).into_owned()
        }
        line => line.to_vec(),
    };
    *stdout = stdout.split_inclusive(|&b| b == b'\n').flat_map(compared).collect();
}

/// The lines around the first difference: `-` is ripgrep, `+` is this crate.
fn diff(expected: &[u8], actual: &[u8]) -> String {
    const SHOWN: usize = 6;
    if expected == actual {
        return String::new();
    }
    let left: Vec<&[u8]> = expected.split_inclusive(|&b| b == b'\n').collect();
    let right: Vec<&[u8]> = actual.split_inclusive(|&b| b == b'\n').collect();
    let prefix = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
    let most = left.len().min(right.len()) - prefix;
    let suffix = left.iter().rev().zip(right.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let mut text = format!("  stdout differs at line {}:\n", prefix + 1);
    if let Some(line) = prefix.checked_sub(1).map(|i| left[i]) {
        let _ = writeln!(text, "      {}", shown(line));
    }
    for (sign, lines) in [('-', &left), ('+', &right)] {
        let differing = &lines[prefix..lines.len() - suffix];
        for line in differing.iter().take(SHOWN) {
            let _ = writeln!(text, "    {sign} {}", shown(line));
        }
        if differing.len() > SHOWN {
            let _ = writeln!(text, "    {sign} ... {} more lines", differing.len() - SHOWN);
        }
    }
    text
}

/// A short printable form of some bytes.
pub(crate) fn shown(bytes: &[u8]) -> String {
    const WIDTH: usize = 160;
    if bytes.len() <= WIDTH {
        format!("\"{}\"", bytes.escape_ascii())
    } else {
        format!("\"{}\" ... ({} bytes)", bytes[..WIDTH].escape_ascii(), bytes.len())
    }
}
