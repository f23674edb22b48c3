//! The command as a user meets it: exit statuses, messages, and input that is not an ordinary file. What it prints for
//! ordinary files is compared with ripgrep in `tests/ripgrep`.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/datasets/sample.log");

pub(crate) fn mapgrep(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapgrep"));
    command.args(args).stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    mapgrep(args).output().unwrap()
}

pub(crate) fn in_dir(dir: &Path, args: &[&str]) -> Output {
    mapgrep(args).current_dir(dir).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A directory with one file for each pair of name and content.
fn files(list: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in list {
        fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

#[test]
fn the_exit_status_tells_whether_a_line_was_selected() {
    let dir = files(&[("a", b"one\ntwo\n")]);
    assert_eq!(in_dir(dir.path(), &["one", "a"]).status.code(), Some(0));
    assert_eq!(in_dir(dir.path(), &["three", "a"]).status.code(), Some(1));
    assert_eq!(in_dir(dir.path(), &["-q", "one", "a"]).status.code(), Some(0));
    assert_eq!(in_dir(dir.path(), &["-q", "one", "a"]).stdout, b"");
    assert_eq!(in_dir(dir.path(), &[]).status.code(), Some(2));
    assert_eq!(in_dir(dir.path(), &["--no-such-flag", "one", "a"]).status.code(), Some(2));
}

#[test]
fn a_number_that_is_none_is_told_with_its_option() {
    for (option, value, why) in [
        ("-m", "x", "'x' for '--max-count <NUM>': this has to be a whole number, 0 or more"),
        ("-A", "-1", "'-1' for '--after-context <NUM>': this has to be a whole number, 0 or more"),
        ("-M", "99999999999999999999", "'99999999999999999999' for '--max-columns <NUM>': so large a number"),
        ("--last", "", "'' for '--last <NUM>': this has to be a whole number, 0 or more"),
        ("--range", "5", "'5' for '--range <START..END>': a range is START..END"),
    ] {
        let output = run(&[option, value, "x", SAMPLE]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(why), "{}", stderr(&output));
    }
}

#[test]
fn a_missing_file_is_named_and_the_others_are_searched() {
    let dir = files(&[("a", b"one\n"), ("b", b"one\n")]);
    let output = in_dir(dir.path(), &["one", "a", "missing", "b"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stdout(&output), "a:one\nb:one\n");
    let why = fs::metadata(dir.path().join("missing")).unwrap_err();
    assert_eq!(stderr(&output), format!("mapgrep: missing: {why}\n"));
    let output = in_dir(dir.path(), &["one", "missing"]);
    assert_eq!(stderr(&output), format!("mapgrep: missing: {why}\n"));
    let output = in_dir(dir.path(), &["--no-messages", "one", "a", "missing"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(2), String::new()));
}

#[test]
fn an_invalid_pattern_is_shown_with_the_position() {
    let output = run(&["a(b", SAMPLE]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("    a(b\n     ^\nerror: unclosed group"), "{}", stderr(&output));
}

/// Root may read everything, so that the search is run as somebody else.
#[cfg(unix)]
#[test]
fn a_directory_without_permission_is_named_and_the_others_are_searched() {
    use std::os::unix::{fs::PermissionsExt, process::CommandExt};

    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(dir.path(), 0o755);
    let program = dir.path().join("program");
    // Copied by another process: a descriptor open for writing here could be inherited by the child of another test,
    // and the program could not be started then.
    assert!(Command::new("cp").arg(env!("CARGO_BIN_EXE_mapgrep")).arg(&program).status().unwrap().success());
    mode(&program, 0o755);
    let tree = dir.path().join("tree");
    for name in ["closed", "open"] {
        fs::create_dir_all(tree.join(name)).unwrap();
        fs::write(tree.join(name).join("file"), "one\n").unwrap();
    }
    fs::write(tree.join("unreadable"), "one\n").unwrap();
    for path in [&tree, &tree.join("open")] {
        mode(path, 0o755);
    }
    mode(&tree.join("open/file"), 0o644);
    mode(&tree.join("closed"), 0o000);
    mode(&tree.join("unreadable"), 0o000);
    let mut command = Command::new(&program);
    command.args(["one", "tree"]).current_dir(dir.path()).stdin(Stdio::null());
    if fs::metadata(dir.path()).map(|m| std::os::unix::fs::MetadataExt::uid(&m)).unwrap() == 0 {
        command.uid(65534).gid(65534);
    }
    let output = command.output().unwrap();
    mode(&tree.join("closed"), 0o755);
    assert_eq!(stdout(&output), "tree/open/file:one\n", "{}", stderr(&output));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output),
        "mapgrep: tree/closed: Permission denied (os error 13)\n\
         mapgrep: tree/unreadable: Permission denied (os error 13)\n"
    );
}

#[test]
fn unusual_files_are_searched_like_others() {
    let long = [vec![b'x'; 8 << 20], b"needle".to_vec(), vec![b'y'; 1 << 20]].concat();
    let dir = files(&[
        ("empty", b""),
        ("unterminated", b"one\ntwo"),
        ("not utf-8", b"\xFF\xFEx\x80 two\n"),
        ("with a nul", b"one\0\ntwo\n"),
        ("utf-16", b"\xFF\xFEt\0w\0o\0\n\0"),
        ("one long line", &long),
    ]);
    let search = |args: &[&str]| {
        let output = in_dir(dir.path(), args);
        assert_eq!(stderr(&output), "");
        (output.status.code(), output.stdout)
    };
    assert_eq!(search(&["two", "empty"]), (Some(1), vec![]));
    assert_eq!(search(&["-v", "two", "empty"]), (Some(1), vec![]));
    assert_eq!(search(&["two", "unterminated"]), (Some(0), b"two\n".to_vec()));
    assert_eq!(search(&["two", "utf-16"]), (Some(0), b"two\n".to_vec()));
    let message = b"binary file matches (found \"\\0\" byte around offset 3)\n".to_vec();
    assert_eq!(search(&["two", "with a nul"]), (Some(0), message));
    assert_eq!(search(&["-a", "two", "with a nul"]), (Some(0), b"two\n".to_vec()));
    // A byte order mark that does not begin UTF-16 text is converted all the same, as it says.
    assert_eq!(search(&["-c", ".", "not utf-8"]).0, Some(0));
    assert_eq!(search(&["-b", "-o", "needle", "one long line"]), (Some(0), b"8388608:needle\n".to_vec()));
    assert_eq!(search(&["needle", "one long line"]).1.len(), long.len() + 1);
    assert_eq!(search(&["-c", "--chunk-size=4K", "ne+dle", "one long line"]), (Some(0), b"1\n".to_vec()));
}

#[cfg(target_os = "linux")]
#[test]
fn files_of_the_kernel_and_pipes_are_read() {
    let output = run(&["-c", "^processor", "/proc/cpuinfo"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));

    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let writer = {
        let fifo = fifo.clone();
        std::thread::spawn(move || fs::write(fifo, "one\ntwo\n").unwrap())
    };
    let output = run(&["-n", "two", fifo.to_str().unwrap()]);
    writer.join().unwrap();
    assert_eq!(stdout(&output), "2:two\n");
}

/// How long a program may take to do what it should do at once. When it does not, the test is to fail, not to hang.
const AT_ONCE: Duration = Duration::from_secs(30);

/// Ends a program and returns its exit status; none when it had not ended by itself.
fn end(mut child: Child) -> Option<i32> {
    let deadline = Instant::now() + AT_ONCE;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

#[test]
fn a_line_from_a_pipe_is_shown_before_the_next_one_comes() {
    for threads in ["-j1", "-j2"] {
        let mut child = mapgrep(&[threads, "one"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
        for i in 0..3 {
            writeln!(stdin, "one {i}").unwrap();
            assert_eq!(receiver.recv_timeout(AT_ONCE), Ok(format!("one {i}")), "{threads}");
        }
        drop(stdin);
        assert_eq!(end(child), Some(0));
    }
}

#[test]
fn enough_lines_from_a_pipe_end_the_search_while_it_stays_open() {
    for threads in ["-j1", "-j2"] {
        let mut child = mapgrep(&[threads, "-m1", "one"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"one\n").unwrap();
        assert_eq!(end(child), Some(0), "{threads}");
        drop(stdin);
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_search_quietly() {
    let mut child =
        mapgrep(&["-n", "", SAMPLE, SAMPLE, SAMPLE]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = mapgrep(&["", SAMPLE]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr(&output), "mapgrep: cannot write to standard output: No space left on device (os error 28)\n");
}

#[test]
fn the_output_does_not_depend_on_threads_or_chunks() {
    let all: &[&[&str]] = &[
        &["-n", "blk_"],
        &["-c", "blk_"],
        &["-v", "-n", "INFO"],
        &["-o", "-b", "[0-9]+"],
        &["-n", "-C3", "plover"],
        &["-A2", "-m7", "WARN"],
        &["--count-matches", "[0-9]"],
        &["--color=always", "--column", "(?i)served"],
        &["-n", "-r", "$2 before $1", "(blk_)(-?[0-9]+)"],
        &["-o", "--color=always", "-r", "<$1>", "size ([0-9]+)"],
    ];
    for args in all {
        let with = |engine: &[&str]| {
            let output = run(&[*args, engine, &[SAMPLE]].concat());
            assert_eq!(stderr(&output), "");
            output.stdout
        };
        let expected = with(&["-j1"]);
        assert!(!expected.is_empty(), "{args:?}");
        for engine in [&["-j2"][..], &["-j2", "--chunk-size=64"], &["-j8", "--chunk-size=4K"], &["-j3", "--no-mmap"]] {
            assert!(with(engine) == expected, "{args:?} with {engine:?}");
        }
    }
}

#[test]
fn json_does_not_depend_on_threads_or_chunks() {
    let with = |engine: &[&str]| {
        let output = run(&[&["--json", "-C1", "-r", "<$1>", "(blk)_", SAMPLE], engine].concat());
        assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
        // The last two messages say how long it took.
        let mut lines: Vec<_> = stdout(&output).lines().map(str::to_owned).collect();
        lines.truncate(lines.len() - 2);
        lines
    };
    let expected = with(&["-j1"]);
    assert!(expected.len() > 1000);
    for engine in [&["-j2"][..], &["-j2", "--chunk-size=64"], &["-j8", "--chunk-size=4K"], &["-j3", "--no-mmap"]] {
        assert!(with(engine) == expected, "{engine:?}");
    }
}

#[test]
fn the_end_of_a_file_in_json_says_where_the_search_stopped() {
    let dir = files(&[("a", b"one\ntwo\none\n")]);
    let messages = |args: &[&str]| stdout(&in_dir(dir.path(), &[&["--json", "one", "a"], args].concat())).to_owned();
    let stopped = messages(&["-m1"]);
    let ends: Vec<_> = stopped.lines().filter(|line| line.contains("\"stopped_at\":4")).collect();
    assert!(ends.len() == 2 && ends[0].starts_with(r#"{"type":"end""#), "{stopped}");
    // Readers of ripgrep's messages may refuse fields that they do not know.
    assert!(!messages(&[]).contains("stopped_at"));
}

/// Of files that are streams it was only told after Ctrl-C.
#[test]
fn where_a_search_had_enough_is_told_of_streams_too() {
    let dir = files(&[("a", b"one\ntwo\none\n")]);
    let stopped = |args: &[&str]| {
        let output = in_dir(dir.path(), &[&["--stats", "-I"], args].concat());
        stdout(&output).lines().find(|line| line.starts_with("stopped")).map(str::to_owned)
    };
    for how in [&["a"][..], &["--no-mmap", "a"], &["-g", "a", "."], &["-j1", "--no-mmap", "a"]] {
        let stopped = |args: &[&str]| stopped(&[args, how].concat());
        let at = |offset: u64| Some(format!("stopped at byte {offset}: --range {offset}.. goes on from there"));
        assert_eq!(stopped(&["-m1", "one"]), at(4), "{how:?}");
        assert_eq!(stopped(&["-m1", "two"]), at(8), "{how:?}");
        // At the end of the file, or of the range, and where all of it was searched.
        assert_eq!(stopped(&["-m2", "one"]), None, "{how:?}");
        assert_eq!(stopped(&["-m1", "--range=..3", "one"]), None, "{how:?}");
        assert_eq!(stopped(&["-m3", "one"]), None, "{how:?}");
    }
}

#[test]
fn flags_that_make_no_sense_are_explained() {
    let dir = files(&[("a", b"one\n")]);
    let error = |args: &[&str]| {
        let output = in_dir(dir.path(), &[args, &["one", "a"]].concat());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
        stderr(&output)
    };
    assert!(error(&["--range=2K..1K"]).contains("END before START"));
    assert!(error(&["--range=7"]).contains("a range is START..END"));
    assert!(error(&["--last=x"]).contains("whole number"));
    assert!(error(&["--cache=no"]).contains("keep, drop"));
    assert!(error(&["--reverse", "-C1"]).contains("'--reverse' cannot be used with '--context"));
}

#[test]
fn context_of_very_many_lines_is_complete() {
    let lines: String = (0..300_000).map(|i| format!("{i}\n")).collect();
    let dir = files(&[("numbers", format!("{lines}needle\n").as_bytes())]);
    let output = in_dir(dir.path(), &["-B1000000", "needle", "numbers"]);
    assert_eq!(output.stdout.len(), lines.len() + "needle\n".len());
    let output = in_dir(dir.path(), &["-C1000000", "--no-mmap", "needle", "numbers"]);
    assert_eq!(output.stdout.len(), lines.len() + "needle\n".len());
}

#[test]
fn explain_names_the_engine_and_the_plan() {
    let output = run(&["--explain", "-c", "-j2", "blk_", SAMPLE]);
    let text = stderr(&output);
    assert!(text.contains("matcher: one literal of 4 bytes: SIMD substring search (memmem)"), "{text}");
    assert!(text.contains("sample.log: mapped, 2 chunks of 524288 bytes"), "{text}");
    let text = stderr(&run(&["--explain", "-c", "-j2", "--chunk-size=64K", "-e", "blk_[0-9]", "-e", "x", SAMPLE]));
    assert!(text.contains("matcher: 2 patterns as one regex: "), "{text}");
    assert!(text.contains("mapped, 10 chunks of 65536 bytes on 2 threads, in file order"), "{text}");
    // Which strategy runs where matches may cross lines, and why.
    let plan = |pattern| stderr(&run(&["--explain", "-c", "-U", "-j2", "--chunk-size=64K", pattern, SAMPLE]));
    let text = plan(r"INFO\n.DEBUG");
    assert!(text.contains("10 chunks of 65536 bytes on 2 threads, in file order; matches may cross lines"), "{text}");
    let text = plan(r"INFO[^X]*DEBUG");
    assert!(text.contains("on the calling thread; matches may cross lines and have any length"), "{text}");
    let text = plan("INFO.*DEBUG");
    assert!(!text.contains("cross lines"), "{text}");
}

/// With this on standard input.
fn with_stdin(args: &[&str], input: Vec<u8>) -> Output {
    let mut child = mapgrep(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Who has seen enough does not read on.
    let writer = std::thread::spawn(move || _ = stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn a_large_stream_is_searched_from_its_end_or_as_a_whole() {
    let lines: Vec<u8> = (0..400_000).flat_map(|number| format!("line {number}\n").into_bytes()).collect();
    let output = with_stdin(&["--last", "2", "-n", "line"], lines.clone());
    assert_eq!(stdout(&output), "399999:line 399998\n400000:line 399999\n");
    let output = with_stdin(&["--reverse", "-m1", "-n", "line"], lines.clone());
    assert_eq!(stdout(&output), "400000:line 399999\n");
    let output = with_stdin(&["-U", "-n", r"399998\nline"], lines.clone());
    assert_eq!(stdout(&output), "399999:line 399998\n400000:line 399999\n");
    let output = with_stdin(&["--range", "4M..", "-m1", "-n", "-b", "line"], lines.clone());
    let at = (4 << 20) + lines[4 << 20..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let number = lines[..at].iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(stdout(&output), format!("{}:{at}:line {number}\n", number + 1));
}

#[test]
fn a_range_of_a_stream_ends_where_the_range_does() {
    let mut child =
        mapgrep(&["-n", "--range", "3..8", "y"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // For ever, as far as the range is concerned.
    let writer = std::thread::spawn(move || while stdin.write_all(&b"y\n".repeat(1000)).is_ok() {});
    let mut out = String::new();
    std::io::Read::read_to_string(child.stdout.as_mut().unwrap(), &mut out).unwrap();
    assert_eq!(end(child), Some(0));
    writer.join().unwrap();
    assert_eq!(out, "3:y\n4:y\n");
}

#[test]
fn the_last_lines_may_be_none_and_have_context_before_them() {
    let dir = files(&[("a", b"p\na4\na5\nq\n")]);
    for chunk in ["1", "1M"] {
        let shown = |args: &[&str]| {
            let output = in_dir(dir.path(), &[&["--chunk-size", chunk][..], args, &["a", "a"]].concat());
            (output.status.code(), stdout(&output))
        };
        assert_eq!(shown(&["--last", "0"]), (Some(1), String::new()));
        assert_eq!(shown(&["--last", "0", "-c"]), (Some(1), String::new()));
        assert_eq!(shown(&["--last", "2", "-n", "-C1"]), (Some(0), "1-p\n2:a4\n3:a5\n4-q\n".to_owned()));
        assert_eq!(shown(&["--last", "1", "-n", "-B1"]), (Some(0), "2-a4\n3:a5\n".to_owned()));
        assert_eq!(shown(&["--last", "9", "-n"]), (Some(0), "2:a4\n3:a5\n".to_owned()));
    }
}

/// In the square of the lines, or of the chunks, these would take minutes.
#[test]
fn a_block_of_many_lines_and_a_line_of_many_matches_take_no_longer_than_others() {
    let lines = b"a\n".repeat(400_000);
    let line = [&b"ab ".repeat(1_500_000)[..], b"\n"].concat();
    let dir = files(&[("lines", &lines), ("line", &line)]);
    let output = in_dir(dir.path(), &["-U", "-n", r"\na", "lines"]);
    assert_eq!(output.stdout.iter().filter(|&&byte| byte == b'\n').count(), 400_000);
    let output = in_dir(dir.path(), &["-U", "--count-matches", "--chunk-size=64K", r"a\n?", "line"]);
    assert_eq!(stdout(&output), "1500000\n");
    let output = in_dir(dir.path(), &["-U", "-c", "--chunk-size=64K", r"q\n?", "line"]);
    assert_eq!(stdout(&output), "");
}

/// A line that is not formatted by a worker looks as one that is, and so do lines that share a match.
#[test]
fn a_long_line_looks_as_any_other() {
    let line = |words: usize| ["  a b\t", &"foo bar ".repeat(words), "end\n"].concat();
    let texts = [
        line(40),
        // Without an end, with CRLF, with characters of several bytes and of several parts, with bytes that are none.
        line(30).trim_end().to_owned() + " e\u{301} fo\u{308}\u{308}o",
        line(3).replace('\n', "\r\n") + &line(50).replace('\n', "\r\n"),
        "\u{e9}\u{1f1e9}\u{1f1ea}foo\u{e9}".repeat(20) + "\n \n\nfoo\nbar foo\n" + &line(9),
        "foo\n".repeat(60) + "\n" + &"a foo\n".repeat(3),
    ];
    let mut texts: Vec<Vec<u8>> = texts.map(String::into_bytes).into();
    texts.push([&texts[0][..100], b"\xFF\0\n", &texts[4]].concat());
    let names: Vec<String> = (0..texts.len()).map(|index| format!("text{index}")).collect();
    let list: Vec<(&str, &[u8])> = names.iter().zip(&texts).map(|(name, text)| (&name[..], &text[..])).collect();
    let long = line(40_000);
    let chain = "foo\n".repeat(70_000);
    let dir = files(&[&list[..], &[("long", long.as_bytes()), ("chain", chain.as_bytes())]].concat());
    let masked = |args: &[&str]| -> String {
        let text = stdout(&in_dir(dir.path(), args));
        let is_timeless = |line: &&str| !line.contains("elapsed") && !line.contains("seconds");
        text.lines().filter(is_timeless).map(|line| format!("{line}\n")).collect()
    };
    let styles: [&[&str]; 7] = [
        &[],
        &["-n", "-b", "--column"],
        &["-v", "-n"],
        &["--json"],
        &["--stats"],
        &["-o", "-n", "-b", "--column"],
        &["-C1"],
    ];
    let texts: [&[&str]; 6] = [
        &[],
        &["--trim"],
        &["-M50"],
        &["-M50", "--max-columns-preview"],
        &["-M9", "--trim", "--max-columns-preview"],
        &["--crlf"],
    ];
    let changes: [&[&str]; 5] = [&[], &["-r", "x"], &["-r", "<${0}_$1\u{e9}>"], &["-r", ""], &["-r", " \n"]];
    let patterns: [&[&str]; 6] =
        [&["fo+|a"], &["[^x]*d$"], &["(o+) ?"], &["-U", r"foo\r?\n"], &["-U", r"(o|r|d) ?\s?"], &["-U", r"(?s)a.*o"]];
    for (index, (style, text)) in styles.iter().flat_map(|style| texts.map(|text| (style, text))).enumerate() {
        let colors: &[&str] = if index % 2 == 0 { &["--color=always"] } else { &[] };
        for (pattern, change) in patterns.iter().zip(changes.iter().cycle().skip(index)) {
            let options = [&["-a"][..], style, text, colors, change, pattern].concat();
            for name in names.iter().skip(index / 2 % 2).step_by(2) {
                let whole = masked(&[&options[..], &["-j1", name]].concat());
                let chunk = ["--chunk-size=1", "--chunk-size=16"][index % 2];
                let shown = masked(&[&options[..], &["-j2", chunk, name]].concat());
                assert_eq!(shown, whole, "{options:?} {chunk} {name}");
            }
        }
        // Longer than the batches in which such lines are dealt with.
        if index % 4 != 1 {
            continue;
        }
        let change = changes[index % changes.len()];
        for (name, pattern) in [("long", patterns[index % patterns.len()]), ("chain", &["-U", r"(o)\nf"])] {
            let options = [&["-a"][..], style, text, change, pattern, &[name]].concat();
            let whole = masked(&[&options[..], &["-j1", "--chunk-size=1M"]].concat());
            assert_eq!(masked(&[&options[..], &["-j2", "--chunk-size=4K"]].concat()), whole, "{options:?}");
        }
    }
}
