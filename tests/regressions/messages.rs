//! Messages spoke in two voices, gave advice that did not help, or the wrong reason.

use std::fs;

use crate::support::commands::{Said, files, mapgrep, mapgrep_index, said};

fn error(args: &[&str]) -> String {
    let dir = files(&[("a", b"one\n")]);
    let (status, lines, errors) = said(&mut mapgrep(dir.path(), args));
    assert_eq!((status, lines.as_str()), (2, ""), "{args:?}");
    errors
}

/// Every message begins with the name of the program, is one line, and does not advise to search for the flag.
#[test]
fn what_is_wrong_with_flags_is_one_line() {
    for (args, message) in [
        (&["--zz", "x"][..], "unknown flag '--zz'; see --help"),
        (&["--colr", "x"], "unknown flag '--colr'; did you mean '--color'?; see --help"),
        (&["--hiden", "x"], "unknown flag '--hiden'; did you mean '--hidden'?; see --help"),
        (&["--after-contxet=1", "x"], "unknown flag '--after-contxet'; did you mean '--after-context'?; see --help"),
        (&["--no-such", "x"], "unknown flag '--no-such'; see --help"),
        (&["-tnope", "x"], "unrecognized file type: nope; --type-list shows the types that there are"),
        (
            &["--colors=nope", "x"],
            "invalid value 'nope' for '--colors <SPEC>': invalid color spec format: 'nope'. Valid format is \
             '(path|line|column|match|highlight):(fg|bg|style):(value)'; see --help",
        ),
        (
            &["-m", "x", "x"],
            "invalid value 'x' for '--max-count <NUM>': this has to be a whole number, 0 or more; see --help",
        ),
        (
            &["--color", "blue"],
            "invalid value 'blue' for '--color <WHEN>' [possible values: never, auto, always, ansi]; see --help",
        ),
        (&["--reverse", "-A1", "x"], "'--reverse' cannot be used with '--after-context'; see --help"),
        (
            &["--last", "1", "-U", "a\\nb", "a"],
            "--last cannot be used with -U where a match may go over several lines; leave -U away to search \
             line by line",
        ),
        (
            &["--reverse", "-U", "a\\nb", "a"],
            "--reverse cannot be used with -U where a match may go over several lines; leave -U away to search \
             line by line",
        ),
    ] {
        assert_eq!(error(args), format!("mapgrep: {message}\n"));
    }
    let dir = files(&[]);
    let index = |args: &[&str]| said(&mut mapgrep_index(dir.path(), args));
    let wrong = |message: &str| (2, String::new(), format!("mapgrep-index: {message}; see --help\n"));
    assert_eq!(index(&["frob"]), wrong("unrecognized subcommand 'frob'"));
    assert_eq!(index(&["build", "--zz", "x"]), wrong("unknown flag '--zz'"));
    assert_eq!(index(&["build"]), wrong("the following required arguments were not provided: <FILE>..."));
}

/// A file of flags is long where many are wanted.
#[test]
fn what_is_wrong_in_a_file_of_flags_is_told_with_its_line() {
    let dir = files(&[("a", b"x\n"), ("flags", b"")]);
    for (flags, message) in [
        ("--hidden\n\n# --wrong\n--wrong\n-n\n", "flags:4: unknown flag '--wrong'; see --help"),
        (
            "-n\n--after-context\n  x\n",
            "flags:3: invalid value 'x' for '--after-context <NUM>': this has to be a whole number, 0 or more; \
             see --help",
        ),
        ("-n\n--after-context\n", "flags:2: '--after-context <NUM>' needs a value; see --help"),
    ] {
        fs::write(dir.path().join("flags"), flags).unwrap();
        let found = said(mapgrep(dir.path(), &["x", "a"]).env("MAPGREP_CONFIG_PATH", "flags"));
        assert_eq!(found, (2, String::new(), format!("mapgrep: {message}\n")));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn help_that_cannot_be_written_is_an_error() {
    let dir = files(&[]);
    for command in [mapgrep, mapgrep_index] {
        for flag in ["--help", "--version"] {
            let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let (status, _, errors) = said_to(&mut command(dir.path(), &[flag]), full);
            assert_eq!(status, 2);
            assert!(errors.contains("cannot write to standard output: No space left on device"), "{errors}");
        }
    }
}

#[cfg(target_os = "linux")]
fn said_to(command: &mut std::process::Command, stdout: fs::File) -> Said {
    let child = command.stdout(stdout).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code().unwrap_or(-1), String::new(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The reason was always that all files are hidden or ignored, and none was given for directories that were named.
#[test]
fn no_files_were_searched_for_the_reason_that_is_given() {
    let dir = files(&[("seen.txt", b"one\n")]);
    let path = dir.path();
    for (name, file) in [("empty", None), ("hidden", Some(".a")), ("ignored", Some("a.log")), ("deep", Some("in/a"))] {
        fs::create_dir_all(path.join(name).join("in")).unwrap();
        if let Some(file) = file {
            fs::write(path.join(name).join(file), "one\n").unwrap();
        }
    }
    fs::write(path.join("ignored/.ignore"), "*.log\n").unwrap();
    for (args, reason) in [
        (&["one", "empty"][..], "there are none in empty"),
        (&["one", "hidden"], "all in hidden are hidden; --hidden searches them too"),
        (
            &["one", "ignored"],
            "all in ignored are named in .gitignore or a similar file; --no-ignore searches them too",
        ),
        (&["one", "--max-depth=1", "deep"], "all in deep are deeper than --max-depth 1"),
        (&["one", "-g", "*.rs", "-g*.c", "deep"], "all in deep are excluded by -g *.rs -g *.c"),
        (
            &["one", "-g", "*.rs", "empty", "hidden"],
            "all in these directories are excluded by -g *.rs, or hidden; --hidden searches them too",
        ),
    ] {
        let (status, _, errors) = said(&mut mapgrep(path, args));
        assert_eq!((status, errors), (1, format!("mapgrep: no files were searched: {reason}\n")), "{args:?}");
    }
    let quiet = |flag| said(&mut mapgrep(path, &[flag, "one", "empty"]));
    assert_eq!(quiet("-q"), (1, String::new(), String::new()));
    assert_eq!(quiet("--no-messages"), (1, String::new(), String::new()));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../seen.txt", path.join("empty/link")).unwrap();
        let (_, _, errors) = said(&mut mapgrep(path, &["one", "empty"]));
        assert!(errors.contains("all in empty are symbolic links; -L follows them"), "{errors}");
    }
    // Where nobody named a directory, this is an error.
    let script = format!("'{}' one", env!("CARGO_BIN_EXE_mapgrep"));
    if cfg!(unix) {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script]).current_dir(path.join("hidden")).stdin(std::process::Stdio::null());
        let (status, _, errors) = said(&mut shell);
        let message = "mapgrep: no files were searched: all in this directory are hidden; --hidden searches them too\n";
        assert_eq!((status, errors.as_str()), (2, message));
    }
}

#[test]
fn a_posix_class_without_its_brackets_gets_a_hint() {
    let dir = files(&[("a", b"one two\n")]);
    let hint =
        "mapgrep: [:space:] matches one of the characters between the brackets; the class is written [[:space:]]\n";
    assert_eq!(said(&mut mapgrep(dir.path(), &["[:space:]", "a"])), (0, "one two\n".to_owned(), hint.to_owned()));
    for args in [&["[[:space:]]", "a"][..], &["-F", "-v", "[:space:]", "a"], &["--no-messages", "[:space:]", "a"]] {
        assert_eq!(said(&mut mapgrep(dir.path(), args)), (0, "one two\n".to_owned(), String::new()), "{args:?}");
    }
}
