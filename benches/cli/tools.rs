//! The programs that are compared, and what a run of one prints.

use std::{
    env, fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use xxhash_rust::xxh3::Xxh3;

use crate::tasks::Task;

/// A program that can do the tasks.
pub(crate) struct Tool {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    /// Options that make it comparable with the others.
    pub(crate) flags: &'static [&'static str],
    /// Options for a literal and for a regular expression.
    pub(crate) kinds: [&'static [&'static str]; 2],
}

impl Tool {
    /// The tools that are wanted and exist here, mapgrep first.
    pub(crate) fn all(mapgrep: &Path, wanted: &str) -> Vec<Tool> {
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

    pub(crate) fn is_own(&self) -> bool {
        self.name.starts_with("mapgrep")
    }

    /// The first line that the program prints about its version.
    pub(crate) fn version(&self) -> String {
        let output = Command::new(&self.program).arg("--version").stdin(Stdio::null()).output();
        let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
        let text = text.unwrap_or_default();
        text.lines().next().unwrap_or("unknown").to_owned()
    }
}

/// A tool that is to do a task.
pub(crate) struct Run<'a> {
    pub(crate) tool: &'a Tool,
    pub(crate) task: &'a Task,
    pub(crate) flags: &'a [&'a str],
    pub(crate) file: &'a Path,
    /// Where the words are, if there are some.
    pub(crate) words: &'a Path,
}

impl<'a> Run<'a> {
    /// Everything that is run for a task: first with its own flags, by mapgrep
    /// with all threads and with one, then by the others.
    pub(crate) fn all(task: &'a Task, tools: &'a [Tool], file: &'a Path, words: &'a Path) -> Vec<Run<'a>> {
        let can = |tool: &&Tool| tool.is_own() || task.peers.contains(&tool.name.as_str());
        let flags = [Some(task.flags), task.without];
        let run = |flags| tools.iter().filter(can).map(move |tool| Run { tool, task, flags, file, words });
        flags.into_iter().flatten().flat_map(run).collect()
    }

    /// What the tables say.
    pub(crate) fn name(&self) -> String {
        if self.flags == self.task.flags {
            return self.tool.name.clone();
        }
        let left_out: Vec<_> = self.task.flags.iter().filter(|flag| !self.flags.contains(flag)).copied().collect();
        format!("{} without {}", self.tool.name, left_out.join(" "))
    }

    pub(crate) fn command(&self) -> Command {
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

    /// Runs it once and hands all output to `sink`. Who looks for many words is killed after [`PATIENCE`], and then has
    /// no exit status, unless `is_patient`.
    pub(crate) fn once(
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

/// How long a tool may take where some take very long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What a task printed, and how much memory it took to do so.
#[derive(Clone, Default)]
pub(crate) struct Checked {
    /// The exit status: whether anything was found, or an error.
    pub(crate) code: Option<i32>,
    pub(crate) digest: u64,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
    /// The start of the output, for counts.
    pub(crate) head: Vec<u8>,
    /// The largest amount of private memory seen, in KiB.
    pub(crate) rss_anon: Option<u64>,
}

impl Checked {
    /// Runs a task without timing it.
    pub(crate) fn new(run: &Run, buffer: &mut [u8]) -> io::Result<Checked> {
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
    pub(crate) fn agrees(&self, other: &Checked) -> bool {
        (self.code, self.digest, self.bytes) == (other.code, other.digest, other.bytes)
    }

    /// The output as a number; with `--null-data` it ends with NUL.
    pub(crate) fn number(&self) -> Option<u64> {
        std::str::from_utf8(&self.head).ok()?.trim_end_matches(['\n', '\0']).parse().ok()
    }

    /// The peak of the private memory in MiB.
    pub(crate) fn memory(&self) -> Option<f64> {
        self.rss_anon.map(|kib| kib as f64 / 1024.0)
    }
}

/// Hands on the lines of JSON that are the same for every run: those without
/// times. `open` is the beginning of a line of which the end has not come.
pub(crate) fn lines_of_results(bytes: &[u8], open: &mut Vec<u8>, look: &mut impl FnMut(&[u8])) {
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
pub(crate) fn peak_rss_anon(pid: u32, done: &AtomicBool) -> Option<u64> {
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
