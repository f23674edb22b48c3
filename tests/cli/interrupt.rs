//! Searches that are interrupted: real processes, and real signals.

use std::{
    fs,
    io::{self, BufRead, BufReader, PipeReader, Read, Write},
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A command that takes signals as in a terminal, whatever the one who runs the tests has ignored.
fn mapgrep(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapgrep"));
    command.args(args).stdin(Stdio::null()).stderr(Stdio::piped());
    disposition(&mut command, libc::SIG_DFL);
    command
}

fn disposition(command: &mut Command, handler: libc::sighandler_t) {
    let reset = move || {
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            #[allow(unsafe_code)]
            // SAFETY: `signal` may be called between fork and exec.
            unsafe {
                libc::signal(signal, handler)
            };
        }
        Ok(())
    };
    #[allow(unsafe_code)]
    // SAFETY: the closure does nothing but the above.
    unsafe {
        command.pre_exec(reset)
    };
}

/// The child, which is killed when a test fails before it has ended.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn start(command: &mut Command) -> Self {
        Running(command.spawn().unwrap())
    }

    /// With a pipe of its own as standard output.
    fn with_output(command: &mut Command) -> (Self, PipeReader) {
        let (reader, writer) = io::pipe().unwrap();
        let running = Running::start(command.stdout(writer));
        // The command keeps the other end of the pipe.
        command.stdout(Stdio::null());
        (running, reader)
    }

    fn signal(&self, signal: i32) {
        #[allow(unsafe_code)]
        // SAFETY: the child was not waited for yet, so that the number is still its own.
        let sent = unsafe { libc::kill(self.0.id() as i32, signal) };
        assert_eq!(sent, 0);
    }

    /// Waits until the signals have a handler, behind which the search begins.
    fn wait_for_handler(&self) {
        let status = format!("/proc/{}/status", self.0.id());
        if !Path::new(&status).exists() {
            // No other system tells.
            thread::sleep(Duration::from_secs(1));
            return;
        }
        soon("a handler", || {
            let status = fs::read_to_string(&status).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
            // The handler of SIGHUP is the last.
            u64::from_str_radix(caught.trim(), 16).unwrap() & 1 << (libc::SIGHUP - 1) != 0
        });
        // The thread that is woken by the handler may not be there yet; it looks for what came before.
    }

    fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        soon("the end", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

fn soon(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what} takes too long");
        thread::sleep(Duration::from_millis(2));
    }
}

/// A text of many numbered lines, all of which match.
fn numbered(lines: usize) -> String {
    (0..lines).map(|n| format!("line {n} of many\n")).collect()
}

/// The arguments for a search that takes a minute at least, and longer than any test: the first files once, and one in
/// which nothing is found a few thousand times. They are in the directory.
fn endless<'a>(dir: &Path, options: &[&'a str], first: &[&'a str]) -> Vec<&'a str> {
    fs::write(dir.join("vain"), "x1 y2 z3\n".repeat(16 << 20 >> 3)).unwrap();
    // No literal helps to find the second kind.
    [options, &["-I", "line|[a-z]{3}[0-9]{2}[A-Z]"], first, &["vain"; 4000]].concat()
}

#[test]
fn what_was_found_goes_out_whole_and_the_status_is_130() {
    let dir = tempfile::tempdir().unwrap();
    let text = numbered(500_000);
    let path = dir.path().join("file");
    fs::write(&path, &text).unwrap();
    let file = path.to_str().unwrap();
    let wanted = text.as_bytes();
    for signal in [libc::SIGINT, libc::SIGTERM] {
        for threads in ["-j1", "-j2"] {
            let (mut running, mut output) =
                Running::with_output(&mut mapgrep(&[threads, "--chunk-size=4K", "line", file]));
            // The search is at work when the first lines come, and has more than the pipe takes.
            let mut found = vec![0; 1000];
            output.read_exact(&mut found).unwrap();
            running.signal(signal);
            // Read on when it has arrived, and before the process gives up waiting for the reader.
            thread::sleep(Duration::from_millis(100));
            output.read_to_end(&mut found).unwrap();
            assert_eq!(running.wait().code(), Some(130), "{threads}");
            assert!(wanted.starts_with(&found), "{threads}: {} bytes", found.len());
            assert_eq!(found.last(), Some(&b'\n'));
            assert!(found.len() < wanted.len(), "{threads}: nothing was interrupted");
            assert_eq!(running.stderr(), "");
        }
    }
}

/// What was found long ago waits in a buffer, until the signal comes. No further file is begun.
#[test]
fn a_search_of_many_files_that_finds_nothing_more_is_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let text = numbered(100);
    fs::write(dir.path().join("first"), &text).unwrap();
    for options in [&["-j1"][..], &["-j2"], &["-j2", "-n"], &["-j2", "--no-mmap"]] {
        let mut command = mapgrep(&endless(dir.path(), options, &["first"]));
        let (mut running, mut output) = Running::with_output(command.current_dir(dir.path()));
        running.wait_for_handler();
        // The lines are found by now, or soon. What is not found yet may be missing.
        thread::sleep(Duration::from_millis(300));
        running.signal(libc::SIGINT);
        let mut found = String::new();
        output.read_to_string(&mut found).unwrap();
        assert_eq!(running.wait().code(), Some(130), "{options:?}: {}", running.stderr());
        assert!(found.is_empty() || found.ends_with('\n'), "{options:?}");
        let lines = found.lines().map(|line| &line[line.find("line").unwrap()..]);
        assert!(lines.eq(text.lines().take(found.lines().count())), "{options:?}");
    }
}

/// A named pipe that nobody writes to cannot even be opened, and nothing wakes the one who tries.
#[test]
fn what_was_found_is_rescued_from_a_search_that_is_stuck() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("first"), "line\n").unwrap();
    assert!(Command::new("mkfifo").arg(dir.path().join("pipe")).status().unwrap().success());
    for threads in ["-j1", "-j2"] {
        let mut command = mapgrep(&[threads, "line", "first", "pipe", "first"]);
        let (mut running, mut output) = Running::with_output(command.current_dir(dir.path()));
        running.wait_for_handler();
        thread::sleep(Duration::from_millis(200));
        running.signal(libc::SIGINT);
        let mut found = String::new();
        output.read_to_string(&mut found).unwrap();
        assert_eq!((running.wait().code(), &found[..]), (Some(130), "first:line\n"));
    }
}

#[test]
fn a_count_that_was_interrupted_is_not_shown() {
    for (mode, pattern) in [("-c", "line"), ("--count-matches", "line"), ("--files-without-match", "not there")] {
        let (input, mut writer) = io::pipe().unwrap();
        let (mut running, mut output) = Running::with_output(mapgrep(&["-j2", mode, pattern]).stdin(input));
        running.wait_for_handler();
        writer.write_all(b"line 1\nline 2\n").unwrap();
        thread::sleep(Duration::from_millis(50));
        running.signal(libc::SIGINT);
        let mut found = String::new();
        output.read_to_string(&mut found).unwrap();
        assert_eq!((running.wait().code(), &found[..]), (Some(130), ""), "{mode}");
        drop(writer);
    }
}

#[test]
fn a_stream_that_says_nothing_is_interrupted() {
    for threads in ["-j1", "-j2"] {
        let (silent, mut writer) = io::pipe().unwrap();
        let (mut running, output) = Running::with_output(mapgrep(&[threads, "line"]).stdin(silent));
        writer.write_all(b"line 1\nline 2\n").unwrap();
        let mut lines = BufReader::new(output).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "line 1");
        assert_eq!(lines.next().unwrap().unwrap(), "line 2");
        running.signal(libc::SIGINT);
        assert_eq!(running.wait().code(), Some(130), "{threads}");
        assert!(lines.next().is_none());
        drop(writer);
    }
}

#[test]
fn a_reader_that_does_not_read_holds_up_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let text = numbered(500_000);
    fs::write(dir.path().join("file"), &text).unwrap();
    for threads in ["-j1", "-j2"] {
        let (mut running, mut output) =
            Running::with_output(mapgrep(&[threads, "line", "file"]).current_dir(dir.path()));
        let mut found = vec![0; 1000];
        output.read_exact(&mut found).unwrap();
        running.signal(libc::SIGINT);
        assert_eq!(running.wait().code(), Some(130), "{threads}");
        // What is in the pipe is not the whole, and need not end with a line.
        output.read_to_end(&mut found).unwrap();
        assert!(found.len() < text.len() && text.as_bytes().starts_with(&found));
    }
}

#[test]
fn the_second_signal_ends_the_process_at_once() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), numbered(500_000)).unwrap();
    let (mut running, mut output) = Running::with_output(mapgrep(&["-j1", "line", "file"]).current_dir(dir.path()));
    output.read_exact(&mut [0; 1000]).unwrap();
    // The pipe fills up.
    thread::sleep(Duration::from_millis(500));
    running.signal(libc::SIGINT);
    thread::sleep(Duration::from_millis(150));
    // Nobody reads. Not before a second has passed would the first one end it.
    assert!(running.0.try_wait().unwrap().is_none());
    running.signal(libc::SIGINT);
    assert_eq!(running.wait().code(), Some(130));
}

/// As for jobs in the background.
#[test]
fn signals_that_are_ignored_stay_so() {
    let (input, mut writer) = io::pipe().unwrap();
    let mut command = mapgrep(&["line"]);
    disposition(&mut command, libc::SIG_IGN);
    let (mut running, output) = Running::with_output(command.stdin(input));
    let mut lines = BufReader::new(output).lines();
    for n in 0..3 {
        writeln!(writer, "line {n}").unwrap();
        assert_eq!(lines.next().unwrap().unwrap(), format!("line {n}"));
        running.signal(libc::SIGINT);
    }
    drop(writer);
    assert_eq!(running.wait().code(), Some(0));
}

/// Progress that is asked for comes in lines where there is no terminal, and never with the results.
#[test]
fn progress_without_a_terminal() {
    let (input, mut writer) = io::pipe().unwrap();
    let (mut running, output) = Running::with_output(mapgrep(&["--progress=always", "line"]).stdin(input));
    writer.write_all(b"line 1\n").unwrap();
    let mut told = BufReader::new(running.0.stderr.take().unwrap()).lines();
    for _ in 0..2 {
        let line = told.next().unwrap().unwrap();
        assert!(line.starts_with("mapgrep: searched 7 B, ") && line.ends_with(" B/s"), "{line}");
    }
    running.signal(libc::SIGINT);
    assert_eq!(running.wait().code(), Some(130));
    assert!(told.next().is_none());
    assert!(BufReader::new(output).lines().map(Result::unwrap).eq(["line 1"]));
    drop(writer);
}
