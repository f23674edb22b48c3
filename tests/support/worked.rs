//! Commands that tell how much work they did with indexes.
//!
//! The counters are those of a process, so each command runs in one of its own: the test binary once more, told by its
//! environment what to run. Time decides nothing, but that a command which takes minutes of processor time, or of
//! waiting, has failed.

#![allow(unsafe_code)] // For limits of the system.

use std::{
    env,
    ffi::OsString,
    fs,
    io::Read,
    path::Path,
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use mapgrep::{
    cli,
    index::{Work, work},
};

const ARGUMENTS: &str = "MAPGREP_TEST_ARGUMENTS";
const REPORT: &str = "MAPGREP_TEST_REPORT";
const SEPARATOR: char = '\x1F';
/// How many bytes of address space a command may have.
const MOST_MEMORY: u64 = 2 << 30;
/// How many seconds of processor time.
const MOST_SECONDS: u64 = 120;
const MOST_WAITING: Duration = Duration::from_secs(600);

/// What came of a command.
#[derive(Debug)]
pub(crate) struct Worked {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) work: Work,
}

/// Runs `mapgrep` or `mapgrep-index` with these arguments. `entry` is the name of the test that calls [`run_as_told`].
#[track_caller]
pub(crate) fn run(entry: &str, directory: &Path, arguments: &[&str]) -> Worked {
    let report = directory.join("work.report");
    let _ = fs::remove_file(&report);
    let separator = SEPARATOR.to_string();
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", entry, "--nocapture", "--test-threads=1", "--ignored"])
        .current_dir(directory)
        .env(ARGUMENTS, arguments.join(&separator))
        .env(REPORT, &report)
        .env("XDG_CACHE_HOME", directory.join("cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    fn all(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
        thread::spawn(move || {
            let mut bytes = vec![];
            from.read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        })
    }
    let (stdout, stderr) = (all(child.stdout.take().unwrap()), all(child.stderr.take().unwrap()));
    let started = Instant::now();
    let mut pause = Duration::from_millis(1);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > MOST_WAITING {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{arguments:?} has not ended in {MOST_WAITING:?}");
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    };
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let report = fs::read_to_string(&report);
    let report =
        report.unwrap_or_else(|error| panic!("{arguments:?}: {status}, no report: {error}\n{stdout}\n{stderr}"));
    let numbers: Vec<u64> = report.split(' ').map(|number| number.parse().unwrap()).collect();
    let [exit, rows, index_bytes, text_bytes, steps] = numbers[..] else { panic!("{report}") };
    let work = Work { rows, index_bytes, text_bytes, steps };
    // The test binary says on standard output which test it runs.
    let said = stdout.split_once(&format!("test {entry} ... "));
    let stdout = said.unwrap_or_else(|| panic!("{arguments:?}: {stdout}")).1.to_owned();
    Worked { status: exit as i32, stdout, stderr, work }
}

/// Runs what the environment says, and ends the process; returns where it says nothing.
pub(crate) fn run_as_told() {
    let (Some(arguments), Some(report)) = (env::var_os(ARGUMENTS), env::var_os(REPORT)) else { return };
    for (resource, most) in [(libc::RLIMIT_AS, MOST_MEMORY), (libc::RLIMIT_CPU, MOST_SECONDS)] {
        let limit = libc::rlimit { rlim_cur: most, rlim_max: most };
        // SAFETY: the limit is valid as long as the call lasts.
        assert_eq!(unsafe { libc::setrlimit(resource, &raw const limit) }, 0);
    }
    let arguments = arguments.into_string().unwrap();
    let arguments: Vec<OsString> = arguments.split(SEPARATOR).map(OsString::from).collect();
    let code = match arguments[0].to_str() {
        Some("mapgrep") => cli::mapgrep(arguments),
        Some("mapgrep-index") => cli::mapgrep_index(arguments),
        other => panic!("{other:?}"),
    };
    let status = (0..=u8::MAX).find(|&status| code == ExitCode::from(status)).unwrap();
    let Work { rows, index_bytes, text_bytes, steps } = work();
    fs::write(report, format!("{status} {rows} {index_bytes} {text_bytes} {steps}")).unwrap();
    std::process::exit(0);
}
