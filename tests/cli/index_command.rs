//! `mapgrep-index`, and how `mapgrep` uses indexes and finds lines by their numbers, as a user meets them.

#[cfg(unix)]
mod watch;

use std::{
    fs::{self, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::Path,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

const MAPGREP: &str = env!("CARGO_BIN_EXE_mapgrep");
const INDEX: &str = env!("CARGO_BIN_EXE_mapgrep-index");

/// A command that runs in a directory, in which the indexes are that are in no directory of a file, too.
fn command(program: &str, dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir).stdin(Stdio::null()).env("XDG_CACHE_HOME", dir.join("cache"));
    command
}

/// What a command says in the end: its exit status, and what it wrote to standard output and standard error.
type Said = (i32, String, String);

fn said(output: &Output) -> Said {
    let text = |bytes: &[u8]| match cfg!(windows) {
        // Paths that were found in directories have the separators of the system.
        true => String::from_utf8_lossy(bytes).replace('\\', "/"),
        false => String::from_utf8_lossy(bytes).into_owned(),
    };
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn mapgrep(dir: &TempDir, args: &[&str]) -> Said {
    said(&command(MAPGREP, dir.path(), args).output().unwrap())
}

fn index(dir: &TempDir, args: &[&str]) -> Said {
    said(&command(INDEX, dir.path(), args).output().unwrap())
}

fn build(dir: &TempDir, args: &[&str]) {
    let (status, _, errors) = index(dir, &[&["build"], args].concat());
    assert_eq!((status, errors.as_str()), (0, ""));
}

/// Numbered lines, of 26 bytes each.
fn log(lines: usize) -> String {
    (1..=lines).map(|n| format!("line {n:07} of the log {}\n", n % 10)).collect()
}

/// More than 1 MiB.
const LINES: usize = 45_000;

/// A directory with a file that is worth an index, and one that is not.
fn files() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("big"), log(LINES)).unwrap();
    fs::write(dir.path().join("small"), log(10)).unwrap();
    dir
}

fn append(dir: &TempDir, name: &str, text: &str) {
    OpenOptions::new().append(true).open(dir.path().join(name)).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Writes to the middle of a file, at another time than it was written to before.
fn overwrite(dir: &TempDir, name: &str, at: u64, bytes: &[u8]) {
    thread::sleep(Duration::from_millis(20));
    let mut file = OpenOptions::new().write(true).open(dir.path().join(name)).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

fn nothing(status: i32) -> Said {
    (status, String::new(), String::new())
}

#[test]
fn an_index_is_built_updated_verified_and_removed() {
    let dir = files();
    let (status, out, errors) = index(&dir, &["build", "big", "small"]);
    assert_eq!((status, errors.as_str()), (0, ""));
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "small: skipped; files of less than 1 MiB are searched as fast without an index");
    assert!(lines[1].starts_with("big: indexed in ") && lines[1].contains(" for 1."), "{out}");
    assert!(dir.path().join("big.mgx").exists() && !dir.path().join("small.mgx").exists());
    let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["big", "big.mgx", "small"]);

    let (status, out, _) = index(&dir, &["stat", "big", "small"]);
    assert_eq!(status, 0);
    for part in
        ["small: there is no index\n", "big\n  index     big.mgx\n", "state     up to date\n", "grams     default"]
    {
        assert!(out.contains(part), "{out}");
    }
    assert_eq!(index(&dir, &["verify", "big"]), (0, "big: the index is right\n".into(), String::new()));
    let (status, out, errors) = index(&dir, &["verify", "small"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert_eq!(errors, "mapgrep-index: small: there is no index of this file: mapgrep-index build makes one\n");

    let (status, out, _) = index(&dir, &["update", "big"]);
    assert!(status == 0 && out.starts_with("big: up to date; "), "{out}");
    append(&dir, "big", &log(LINES));
    let (_, out, _) = index(&dir, &["stat", "big"]);
    assert!(out.contains("state     used; 1.") && out.contains("at the end are not indexed yet"), "{out}");
    let (status, out, _) = index(&dir, &["update", "big"]);
    assert!(status == 0 && out.starts_with("big: indexed in "), "{out}");
    let (_, out, _) = index(&dir, &["stat", "big"]);
    assert!(out.contains("state     up to date"), "{out}");
    assert_eq!(index(&dir, &["update", "-q", "big"]), nothing(0));

    assert_eq!(index(&dir, &["remove", "big", "small"]).0, 0);
    assert!(!dir.path().join("big.mgx").exists());
    let (status, out, _) = index(&dir, &["remove", "big"]);
    assert_eq!((status, out.as_str()), (0, "big: there is no index\n"));
    // An update makes an index where there is none.
    assert!(index(&dir, &["update", "--index-dir=cache", "big"]).1.starts_with("big: indexed in "));
    assert!(!dir.path().join("big.mgx").exists());
}

#[test]
fn what_cannot_be_indexed_is_told() {
    let dir = files();
    fs::create_dir(dir.path().join("sub")).unwrap();
    let (status, out, errors) = index(&dir, &["build", "missing", "sub", "big"]);
    assert_eq!(status, 2);
    assert!(out.starts_with("big: indexed in "), "{out}");
    let missing = fs::metadata(dir.path().join("missing")).unwrap_err();
    assert_eq!(
        errors,
        format!("mapgrep-index: sub: is a directory; use -r for the files in it\nmapgrep-index: missing: {missing}\n")
    );
    assert_eq!(index(&dir, &["build"]).0, 2);
    assert_eq!(index(&dir, &["nonsense", "big"]).0, 2);
    #[cfg(target_os = "linux")]
    assert_eq!(
        index(&dir, &["build", "/dev/null"]),
        (2, String::new(), "mapgrep-index: /dev/null: only regular files can be indexed\n".into())
    );
}

/// Small files in directories have no index, and need none: `verify -r` took each of them for an error.
#[test]
fn directories_are_walked() {
    let dir = files();
    let sub = dir.path().join("sub");
    fs::create_dir(&sub).unwrap();
    fs::write(sub.join("other"), log(LINES)).unwrap();
    fs::write(sub.join(".hidden"), log(LINES)).unwrap();
    fs::write(sub.join("ignored"), log(LINES)).unwrap();
    fs::write(sub.join(".gitignore"), "ignored\n").unwrap();
    build(&dir, &["-r", "."]);
    for (name, has) in [("big", true), ("small", false), ("sub/other", true), ("sub/ignored", false)] {
        assert_eq!(dir.path().join(format!("{name}.mgx")).exists(), has, "{name}");
    }
    assert!(!sub.join(".hidden.mgx").exists());
    // Indexes are not indexed.
    build(&dir, &["-r", "."]);
    assert!(!dir.path().join("big.mgx.mgx").exists());
    let sorted = |(status, out, errors): Said| {
        let mut lines: Vec<String> = out.lines().map(ToOwned::to_owned).collect();
        lines.sort();
        (status, lines.join("\n"), errors)
    };
    assert_eq!(
        sorted(index(&dir, &["verify", "-r", "."])),
        (0, "./big: the index is right\n./sub/other: the index is right".into(), String::new())
    );
    assert!(!index(&dir, &["stat", "-r", "."]).1.contains("small"));
    assert_eq!(
        sorted(index(&dir, &["remove", "-r", "."])),
        (0, "./big: removed the index\n./sub/other: removed the index".into(), String::new())
    );
}

/// Lines of the text stand in its index, in parts, and were found there.
#[test]
fn indexes_are_not_searched_with_directories() {
    let dir = files();
    let needle: String = "needle-".repeat(300);
    fs::write(dir.path().join("big"), format!("{}{needle}\n", log(LINES))).unwrap();
    build(&dir, &["big"]);
    // Of those who know the format one could write such a line into an index; here it is appended.
    append(&dir, "big.mgx", "\nneedle-\n");
    for args in [&["-a", "-l", "needle-", "."][..], &["-uuu", "-l", "needle-", "."], &["--mmap", "-al", "needle-", "."]]
    {
        assert_eq!(mapgrep(&dir, args), (0, "./big\n".into(), String::new()), "{args:?}");
    }
    assert_eq!(mapgrep(&dir, &["-alI", "needle-"]).1, "big\n");
    // Nor are they when they are named, as by big*; a file that has but such a name is.
    let passed_over = (1, String::new(), "mapgrep: big.mgx: skipped: it is an index\n".into());
    assert_eq!(mapgrep(&dir, &["-a", "-l", "needle-", "big.mgx"]), passed_over);
    fs::write(dir.path().join("none.mgx"), "needle-\n").unwrap();
    assert_eq!(mapgrep(&dir, &["-a", "-l", "needle-", "."]).1, "./big\n./none.mgx\n");
}

#[test]
fn an_index_is_used_where_there_is_one() {
    let dir = files();
    let needle = "line 0033333 of the log 3\n";
    let search = |args: &[&str]| mapgrep(&dir, &[args, &["0033333", "big"]].concat());
    assert_eq!(search(&[]), (0, needle.into(), String::new()));
    let (status, _, errors) = search(&["--index=require"]);
    assert_eq!(status, 2);
    assert_eq!(
        errors,
        "mapgrep: big: --index=require, and there is no index of this file: mapgrep-index build makes one\n"
    );
    assert_eq!(mapgrep(&dir, &["--index=require", "0000003", "small"]).0, 0);
    build(&dir, &["big"]);
    for how in ["auto", "require", "never"] {
        assert_eq!(search(&[&format!("--index={how}")]), (0, needle.into(), String::new()));
    }
    let (_, _, errors) = search(&["--explain"]);
    assert!(
        errors.contains("mapgrep: big: index big.mgx: lines need \"0033333\"; ") && errors.contains("1 of 17 blocks"),
        "{errors}"
    );
    assert!(!search(&["--explain", "--index=never"]).2.contains("index"));
    assert_eq!(search(&["-n"]).1, format!("33333:{needle}"));
    assert_eq!(search(&["-nC1"]).1.lines().count(), 3);
    assert_eq!(search(&["-nC1"]).1, search(&["-nC1", "--index=never"]).1);
    assert_eq!(mapgrep(&dir, &["--index=require", "nowhere", "big"]), nothing(1));
    assert_eq!(mapgrep(&dir, &["--index=sometimes", "x", "big"]).0, 2);
}

/// How often the whole of a search says that an index was asked.
fn times_asked(dir: &TempDir, args: &[&str]) -> usize {
    mapgrep(dir, &[&["--explain"], args].concat()).2.matches(".mgx: lines need").count()
}

#[test]
fn indexes_of_files_in_directories_are_used() {
    let dir = tempfile::tempdir().unwrap();
    let dir_of = |name: &str| dir.path().join("logs").join(name);
    fs::create_dir(dir.path().join("logs")).unwrap();
    let text = log(LINES);
    let with_nul = |at: usize| {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = 0;
        bytes
    };
    fs::write(dir_of("text"), &text).unwrap();
    fs::write(dir_of("nul-first"), with_nul(10)).unwrap();
    fs::write(dir_of("nul-before"), with_nul(700_000)).unwrap();
    fs::write(dir_of("nul-on"), with_nul(33_332 * 26 + 20)).unwrap();
    fs::write(dir_of("nul-behind"), with_nul(1_100_000)).unwrap();
    fs::write(dir_of("nul-in-what-came-later"), &text).unwrap();
    fs::write(dir_of("grown"), &text).unwrap();
    fs::write(dir_of("mark"), [b"\xEF\xBB\xBF", text.as_bytes()].concat()).unwrap();
    build(&dir, &["-q", "-r", "logs"]);
    append(&dir, "logs/nul-in-what-came-later", &format!("{}\0", log(100)));
    append(&dir, "logs/grown", "line 0033333 again\n");
    assert_eq!(times_asked(&dir, &["0033333", "logs"]), 2);
    let (_, _, errors) = mapgrep(&dir, &["--explain", "0033333", "logs"]);
    let why = "logs/nul-on: its index is not used: it has a NUL, from which on a stream is binary\n";
    assert!(errors.contains(why), "{errors}");
    // Where a NUL means nothing, or files are mapped at any rate.
    assert_eq!(times_asked(&dir, &["-a", "0033333", "logs"]), 7);
    assert_eq!(times_asked(&dir, &["--mmap", "0033333", "logs"]), 7);
    // From either end the text of a file ends with its first NUL.
    assert_eq!(times_asked(&dir, &["--last=1", "0033333", "logs"]), 2);
    assert_eq!(times_asked(&dir, &["-a", "--last=1", "0033333", "logs"]), 7);
    assert_eq!(times_asked(&dir, &["--no-mmap", "0033333", "logs"]), 0);
    for pattern in ["0033333", "00333[0-9]3 ", "line", "nowhere"] {
        for args in [
            &["-n"][..],
            &["-c"],
            &["-a"],
            &["--binary"],
            &["-uuu", "-c"],
            &["-l"],
            &["--files-without-match"],
            &["-C1"],
            &["-m1"],
            &["-v", "-c"],
            &["-o", "-b"],
            &["--count-matches"],
            &["--cache=drop", "-c"],
            &["--mmap", "-c"],
        ] {
            let search = |how: &str| mapgrep(&dir, &[args, &[how, pattern, "logs"]].concat());
            assert_eq!(search("--index=auto"), search("--index=never"), "{args:?} {pattern}");
        }
    }
}

/// A message in JSON without the times that it tells, and without how many bytes were searched, which is what an index
/// is for.
fn without_costs(text: &str) -> String {
    let without = |text: &str, from: &str, upto: &[char]| {
        let mut parts = text.split(from);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once(upto).map_or("", |(_, rest)| rest))
    };
    without(&without(text, "\"elapsed", &['}']), "\"bytes_searched", &[',', '}'])
}

/// With `--binary` all lines are shown in JSON; where a file had a NUL near its start, that was told only with an
/// index.
#[test]
fn what_json_says_of_files_in_directories_does_not_depend_on_indexes() {
    let dir = tempfile::tempdir().unwrap();
    let text = log(LINES);
    let dir_of = |name: &str| dir.path().join("logs").join(name);
    fs::create_dir(dir.path().join("logs")).unwrap();
    fs::write(dir_of("nul-first"), format!("\0\n{text}")).unwrap();
    fs::write(dir_of("nul-last"), format!("{text}\0\n")).unwrap();
    fs::write(dir_of("nul-on"), text.replacen("0033333 of", "0033333\0of", 1)).unwrap();
    fs::write(dir_of("text"), &text).unwrap();
    build(&dir, &["-q", "-r", "logs"]);
    assert_eq!(times_asked(&dir, &["--json", "--binary", "0033333", "logs"]), 4);
    for args in [&["--binary"][..], &["-uuu"], &["-a"], &["--mmap"], &["-m1"]] {
        for pattern in ["0033333", "nowhere"] {
            let search = |how: &str| {
                let (status, out, errors) = mapgrep(&dir, &[args, &["--json", how, pattern, "logs"]].concat());
                (status, without_costs(&out), errors)
            };
            assert!(search("--index=auto") == search("--index=never"), "{args:?} {pattern}");
        }
    }
}

#[test]
fn what_is_no_file_with_an_index_is_told_where_one_is_required() {
    let dir = files();
    fs::write(dir.path().join("mark"), [b"\xEF\xBB\xBF", log(LINES).as_bytes()].concat()).unwrap();
    fs::write(dir.path().join("nuls"), [log(LINES).as_bytes(), b"\0"].concat()).unwrap();
    build(&dir, &["-q", "big", "mark", "nuls"]);
    for (args, why) in [
        (&["-"][..], "mapgrep: <stdin>: --index=require, and no index is used: standard input has none\n"),
        (
            &["--no-mmap", "big"],
            "mapgrep: big: --index=require, and no index is used: with --no-mmap files are streams\n",
        ),
        (
            &["mark"],
            "mapgrep: mark: --index=require, and no index is used: it begins with a byte order mark, and is converted \
             as a stream\n",
        ),
        (
            &["-g", "nuls", "."],
            "mapgrep: ./nuls: --index=require, and no index is used: it has a NUL, from which on a stream is binary\n",
        ),
    ] {
        let said = mapgrep(&dir, &[&["--index=require", "0033333"], args].concat());
        assert_eq!(said, (2, String::new(), why.to_owned()));
    }
    assert_eq!(mapgrep(&dir, &["--index=require", "-c", "0000003", "-g", "{big,small}", "."]).0, 0);
    assert_eq!(index(&dir, &["remove", "-q", "big"]).0, 0);
    let (status, _, errors) = mapgrep(&dir, &["--index=require", "-c", "0000003", "-g", "{big,small}", "."]);
    assert!(status == 2 && errors.contains("./big: --index=require, and there is no index"), "{errors}");
}

#[test]
fn where_an_index_cannot_help_it_is_told_why() {
    let dir = files();
    build(&dir, &["big"]);
    for (args, why) in [
        (&["-v"][..], "big: its index cannot help: -v selects lines that do not match"),
        (&["--passthru"], "big: its index cannot help: --passthru shows all lines"),
        (&["-U", "-e", "log 3\nline"], "big: its index cannot help: with -U matches may cross lines"),
        (&["--null-data"], "big: its index cannot help: --null-data has other lines than were indexed"),
        (&["-e", "[0-9]"], "lines that match need not have anything that is indexed"),
        (&["-e", "line"], "more than a third of the blocks can match, so that all are searched"),
    ] {
        let args = [args, &["-c", "-e", "0033333", "big"]].concat();
        let (status, out, errors) = mapgrep(&dir, &[&["--explain"], &args[..]].concat());
        assert!(status == 0 && errors.contains(why), "{args:?}: {errors}");
        assert_eq!(out, mapgrep(&dir, &[&["--index=never"], &args[..]].concat()).1, "{args:?}");
    }
    let (status, _, errors) = mapgrep(&dir, &["--index=require", "-v", "x", "big"]);
    assert_eq!(status, 2);
    assert_eq!(
        errors,
        "mapgrep: big: --index=require, and the index cannot help: -v selects lines that do not match\n"
    );
    let many: String = (0..1000).map(|n| format!("absent{n}\n")).collect();
    fs::write(dir.path().join("many"), many).unwrap();
    let (_, _, errors) = mapgrep(&dir, &["--explain", "-f", "many", "big"]);
    assert!(errors.contains("big: its index is not used: searching for 1000 patterns is faster"), "{errors}");
}

#[test]
fn an_index_that_is_stale_is_told_of_in_one_line() {
    let dir = files();
    build(&dir, &["big"]);
    let search = |pattern: &str| mapgrep(&dir, &["-c", pattern, "big"]);
    overwrite(&dir, "big", 100_000, b"NEEDLE");
    let why = "the file was changed since it was indexed (mapgrep-index verify tells where, \
               mapgrep-index build indexes it anew)";
    assert_eq!(search("NEEDLE"), (0, "1\n".into(), format!("mapgrep: big: searched without its index: {why}\n")));
    assert_eq!(mapgrep(&dir, &["--index=never", "-c", "NEEDLE", "big"]), (0, "1\n".into(), String::new()));
    assert_eq!(
        mapgrep(&dir, &["--index=require", "NEEDLE", "big"]),
        (2, String::new(), format!("mapgrep: big: --index=require, and {why}\n"))
    );
    let (status, out, _) = index(&dir, &["verify", "big"]);
    assert_eq!(status, 1);
    assert!(out.starts_with("big: bytes 65") && out.ends_with(" have changed\n"), "{out}");
    let (status, _, errors) = index(&dir, &["update", "big"]);
    assert_eq!((status, errors), (2, format!("mapgrep-index: big: the index cannot be updated: {why}\n")));
    assert!(index(&dir, &["stat", "big"]).1.contains(&format!("state     not used: {why}")));
    build(&dir, &["big"]);
    assert_eq!(search("NEEDLE"), (0, "1\n".into(), String::new()));

    // The same bytes at another time.
    overwrite(&dir, "big", 100_000, b"NEEDLE");
    assert!(search("NEEDLE").2.contains("the file was changed"));
    assert_eq!(index(&dir, &["verify", "big"]).0, 0);
    assert_eq!(search("NEEDLE").2, "");

    let file = OpenOptions::new().write(true).open(dir.path().join("big")).unwrap();
    file.set_len(1_100_000).unwrap();
    // Windows replaces no file that is open.
    drop(file);
    let errors = search("NEEDLE").2;
    assert!(errors.contains("the file has become shorter since it was indexed") && errors.lines().count() == 1);

    fs::write(dir.path().join("new"), log(LINES)).unwrap();
    fs::rename(dir.path().join("new"), dir.path().join("big")).unwrap();
    let (status, out, errors) = search("0000007");
    assert_eq!((status, out.as_str()), (0, "1\n"));
    assert!(errors.contains("the file was replaced since it was indexed") && errors.lines().count() == 1, "{errors}");

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        build(&dir, &["big"]);
        fs::set_permissions(dir.path().join("big"), fs::Permissions::from_mode(0o600)).unwrap();
        let errors = search("0000007").2;
        assert!(errors.contains("its permissions changed") && errors.lines().count() == 1, "{errors}");
        assert_eq!(index(&dir, &["verify", "big"]).0, 0);
        assert_eq!(search("0000007").2, "");
    }
}

#[test]
fn a_file_that_has_grown_is_searched_with_its_index() {
    let dir = files();
    build(&dir, &["big"]);
    for text in ["no line end yet: NEEDLE", " goes on\n", "and NEEDLE on another line\n"] {
        append(&dir, "big", text);
        let search = |how: &str| mapgrep(&dir, &["-n", how, "NEEDLE", "big"]);
        let (status, out, errors) = search("--index=require");
        assert_eq!((status, errors.as_str()), (0, ""));
        assert_eq!(out, search("--index=never").1);
        assert!(out.starts_with(&format!("{}:no line end yet", LINES + 1)), "{out}");
    }
}

#[test]
fn a_damaged_index_is_told_of_and_does_no_harm() {
    let dir = files();
    build(&dir, &["big"]);
    let good = fs::read(dir.path().join("big.mgx")).unwrap();
    let needle = (0, "line 0033333 of the log 3\n".to_owned());
    let search = |how: &str, bytes: &[u8]| {
        fs::write(dir.path().join("big.mgx"), bytes).unwrap();
        let (status, out, errors) = mapgrep(&dir, &[how, "0033333", "big"]);
        ((status, out), errors)
    };
    let mut version = good.clone();
    version[8] = 99;
    let flipped = |range: std::ops::Range<usize>| {
        let mut bytes = good.clone();
        bytes[range].iter_mut().for_each(|byte| *byte ^= 0x55);
        bytes
    };
    for (bytes, why) in [
        (vec![], "the index is damaged: it is empty; mapgrep-index build makes a new one"),
        (good[..50].to_vec(), "the index is damaged: it is shorter than its header"),
        (good[..good.len() / 2].to_vec(), "the index is damaged: it has "),
        (version, "the index is of version 99, and this program reads version 3: build it anew"),
        (flipped(0..100), "this is not an index: the magic number is missing"),
        (flipped(16..100), "the index is damaged: its headers do not have the checksums"),
        (flipped(8192..good.len() - 120), "the index is damaged: its "),
    ] {
        let (found, errors) = search("--index=auto", &bytes);
        assert_eq!(found, needle, "{errors}");
        assert!(
            errors.starts_with("mapgrep: big: searched without its index: big.mgx: ") && errors.contains(why),
            "{why}: {errors}"
        );
        assert_eq!(errors.lines().count(), 1, "{errors}");
        let ((status, out), errors) = search("--index=require", &bytes);
        assert!(status == 2 && out.is_empty() && errors.contains(why), "{errors}");
        assert_eq!(search("--index=never", &bytes), (needle.clone(), String::new()));
    }
    // A new one can be built.
    build(&dir, &["big"]);
    let whole = fs::read(dir.path().join("big.mgx")).unwrap();
    assert_eq!(search("--index=require", &whole), (needle, String::new()));
}

/// It was told of whatever was asked.
/// `build` and `update --watch` wrote over what had the name of an index, and `remove` removed it.
#[test]
fn what_is_no_index_is_not_lost() {
    let dir = files();
    for other in ["the only copy\n".to_owned(), "x".repeat(10_000)] {
        fs::write(dir.path().join("big.mgx"), &other).unwrap();
        let (status, out, errors) = index(&dir, &["build", "big"]);
        assert_eq!((status, out), (2, String::new()));
        assert!(errors.contains("big.mgx: this file is not an index, and is not overwritten"), "{errors}");
        assert_eq!(index(&dir, &["update", "big"]).0, 2);
        assert_eq!(index(&dir, &["remove", "big"]), (0, "big: there is no index\n".to_owned(), String::new()));
        assert_eq!(mapgrep(&dir, &["-c", "0033333", "big"]).1, "1\n");
        assert_eq!(fs::read_to_string(dir.path().join("big.mgx")).unwrap(), other);
        build(&dir, &["-q", "--index-dir=elsewhere", "big"]);
    }
    // What may be left of an index is written anew.
    for rest in [&b""[..], b"\x89mg", &[0; 10_000]] {
        fs::write(dir.path().join("big.mgx"), rest).unwrap();
        build(&dir, &["-q", "big"]);
    }
    overwrite(&dir, "big.mgx", 0, &[7; 12]);
    build(&dir, &["-q", "big"]);
}

#[test]
fn nothing_is_told_of_an_index_where_no_messages_are_wanted() {
    let dir = files();
    build(&dir, &["big"]);
    let check = || {
        assert_eq!(mapgrep(&dir, &["-c", "0033333", "big"]).2.lines().count(), 1);
        assert_eq!(mapgrep(&dir, &["--no-messages", "-c", "0033333", "big"]), (0, "1\n".into(), String::new()));
        assert_eq!(mapgrep(&dir, &["-q", "0033333", "big"]), nothing(0));
        // That it is required is an error, of which the exit status tells.
        assert_eq!(mapgrep(&dir, &["--no-messages", "--index=require", "0033333", "big"]), nothing(2));
        assert_eq!(mapgrep(&dir, &["-q", "--index=require", "0033333", "big"]).2.lines().count(), 1);
    };
    overwrite(&dir, "big", 100_000, b"NEEDLE");
    check();
    // One that opens, and is damaged where it is read later.
    build(&dir, &["big"]);
    let mut bytes = fs::read(dir.path().join("big.mgx")).unwrap();
    let len = bytes.len();
    bytes[8192 + 1544..len - 200].fill(0x55);
    fs::write(dir.path().join("big.mgx"), bytes).unwrap();
    check();
}

#[test]
fn indexes_are_kept_where_they_are_wanted() {
    let dir = files();
    build(&dir, &["--index-dir", "indexes/of mine", "big"]);
    assert!(!dir.path().join("big.mgx").exists());
    assert_eq!(mapgrep(&dir, &["--index=require", "0033333", "big"]).0, 2);
    let args = ["--index=require", "--index-dir=indexes/of mine", "0033333", "big"];
    assert_eq!(mapgrep(&dir, &args), (0, "line 0033333 of the log 3\n".into(), String::new()));
    assert_eq!(mapgrep(&dir, &["--index-dir=nowhere", "-c", "0033333", "big"]), (0, "1\n".into(), String::new()));
    assert_eq!(index(&dir, &["remove", "--index-dir=indexes/of mine", "big"]).1, "big: removed the index\n");
}

/// The lines with these numbers, from 1.
fn some_lines(text: &str, first: usize, last: usize) -> String {
    text.split_inclusive('\n').skip(first - 1).take((last + 1).saturating_sub(first)).collect()
}

#[test]
fn lines_are_found_by_their_numbers() {
    let dir = files();
    let text = fs::read_to_string(dir.path().join("big")).unwrap();
    let check = || {
        for (lines, first, last) in [
            ("5", 5, 5),
            ("5..10", 5, 10),
            ("..3", 1, 3),
            ("1", 1, 1),
            ("44997..", 44_997, LINES),
            ("44999..70000", 44_999, LINES),
            ("45000", LINES, LINES),
            ("30000..30002", 30_000, 30_002),
            ("..", 1, LINES),
            ("45001", LINES + 1, LINES + 1),
            ("70000..80000", 70_000, 80_000),
            ("18446744073709551615", LINES + 1, LINES + 1),
        ] {
            let expected = some_lines(&text, first, last);
            let status = i32::from(expected.is_empty());
            assert_eq!(mapgrep(&dir, &["--lines", lines, "big"]), (status, expected.clone(), String::new()), "{lines}");
            if first < LINES && first > 1 {
                let numbered: String =
                    (first..).zip(expected.lines()).map(|(n, line)| format!("{n}:{line}\n")).collect();
                assert_eq!(mapgrep(&dir, &["-n", "--lines", lines, "big"]).1, numbered, "{lines}");
                let count = format!("{}\n", expected.lines().count());
                assert_eq!(mapgrep(&dir, &["-c", "--lines", lines, "big"]).1, count, "{lines}");
            }
        }
        for (args, expected) in [
            (
                &["--lines=100..130", "-n", "-e", "log 7"][..],
                "107:line 0000107 of the log 7\n117:line 0000117 of the log 7\n127:line 0000127 of the log 7\n",
            ),
            (&["--lines=100..130", "-c", "-e", "log 7"], "3\n"),
            (
                &["--lines=100..130", "-o", "-e", "012[0-9]"],
                "0120\n0121\n0122\n0123\n0124\n0125\n0126\n0127\n0128\n0129\n",
            ),
            (&["--lines=100..103", "-v", "-e", "log [12]"], "line 0000100 of the log 0\nline 0000103 of the log 3\n"),
            (&["--lines=100..130", "-e", "0000131"], ""),
            (&["--lines=100..130", "-e", "0000099"], ""),
            (&["--lines=40000..40010", "-n", "-e", "0040005"], "40005:line 0040005 of the log 5\n"),
            (&["--lines=40000..40010", "-n", "-B1", "-e", "0040000"], "40000:line 0040000 of the log 0\n"),
            (&["--lines=40000..40010", "-A1", "-e", "0040010"], "line 0040010 of the log 0\n"),
            (&["--lines=100..130", "--last=1", "-e", "log 7"], "line 0000127 of the log 7\n"),
            (
                &["--lines=100..130", "--reverse", "-m2", "-e", "log 7"],
                "line 0000127 of the log 7\nline 0000117 of the log 7\n",
            ),
            (&["--lines=100..130", "-m1", "-e", "log 7"], "line 0000107 of the log 7\n"),
            (&["--lines=8..9", "-U", "-e", "8\nline"], "line 0000008 of the log 8\nline 0000009 of the log 9\n"),
            (&["--lines=3", "--column", "-b"], "3:1:52:line 0000003 of the log 3\n"),
        ] {
            let (_, out, errors) = mapgrep(&dir, &[args, &["big"]].concat());
            assert_eq!((out.as_str(), errors.as_str()), (expected, ""), "{args:?}");
        }
    };
    check();
    build(&dir, &["big"]);
    check();
    let (_, out, _) = mapgrep(&dir, &["--lines=2..3", "", "big", "small"]);
    assert_eq!(
        out,
        "big:line 0000002 of the log 2\nbig:line 0000003 of the log 3\n\
         small:line 0000002 of the log 2\nsmall:line 0000003 of the log 3\n"
    );
    // Behind what is indexed.
    append(&dir, "big", "appended\nwithout an end");
    assert_eq!(mapgrep(&dir, &["--lines=45001..", "-n", "big"]).1, "45001:appended\n45002:without an end\n");
}

/// A match is where it begins, as it is for `--range`.
#[test]
fn matches_across_lines_are_shown_to_their_ends() {
    let dir = tempfile::tempdir().unwrap();
    let text: String = (1..=12).map(|n| format!("line {n}\n")).collect();
    fs::write(dir.path().join("text"), &text).unwrap();
    let search = |range: &str| mapgrep(&dir, &["-nU", range, "-e", r"line 8\nline 9", "text"]);
    let both = (0, "8:line 8\n9:line 9\n".to_owned(), String::new());
    for (range, shows) in [
        ("--lines=8", true),
        ("--lines=..8", true),
        ("--lines=8..9", true),
        ("--lines=..7", false),
        ("--lines=9", false),
        ("--range=49..56", true),
        ("--range=..56", true),
        ("--range=..49", false),
        ("--range=56..", false),
    ] {
        assert_eq!(search(range), if shows { both.clone() } else { nothing(1) }, "{range}");
    }
}

#[test]
fn what_are_no_lines_is_told() {
    let dir = files();
    for (lines, why) in [
        ("0", "lines are counted from 1"),
        ("0..3", "lines are counted from 1"),
        ("9..3", "LAST before FIRST in \"9..3\""),
        ("x", "\"x\" is not the number of a line: lines are FIRST..LAST, FIRST.., ..LAST, or one number"),
        ("", "\"\" is not the number of a line"),
        ("1-5", "\"1-5\" is not the number of a line"),
        ("1...5", "\".5\" is not the number of a line"),
        ("99999999999999999999", "is not the number of a line"),
    ] {
        let (status, out, errors) = mapgrep(&dir, &[&format!("--lines={lines}"), "small"]);
        assert_eq!((status, out.as_str()), (2, ""), "{lines}");
        assert!(errors.contains(why), "{lines}: {errors}");
    }
    assert_eq!(mapgrep(&dir, &["--lines=1", "--range=0..5", "small"]).0, 2);
}

#[test]
fn lines_of_streams_and_of_lines_that_end_otherwise() {
    let dir = files();
    let piped = |args: &[&str], text: &str| {
        let mut child = command(MAPGREP, dir.path(), args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        said(&child.wait_with_output().unwrap())
    };
    let text = "one\r\ntwo\r\n\r\nfour";
    for (args, expected) in [
        (&["--lines=2"][..], "two\r\n"),
        (&["--lines=3.."], "\r\nfour\n"),
        (&["--lines=4", "-n"], "4:four\n"),
        (&["--lines=2..", "--crlf", "-n", "-e", "o$"], "2:two\r\n"),
        (&["--lines=5"], ""),
        (&["--lines=..2", "-v", "-e", "two"], "one\r\n"),
        (&["--lines=2..", "--last=1", "-n"], "4:four\n"),
        (&["--lines=2..", "-", "-c"], "3\n"),
    ] {
        let (status, out, errors) = piped(args, text);
        assert_eq!((out.as_str(), errors.as_str()), (expected, ""), "{args:?}");
        assert_eq!(status, i32::from(expected.is_empty()));
        fs::write(dir.path().join("crlf"), text).unwrap();
        if !args.contains(&"-") {
            assert_eq!(mapgrep(&dir, &[args, &["crlf"]].concat()), (status, out, errors), "{args:?}");
        }
    }
    assert_eq!(piped(&["--lines=1"], ""), nothing(1));
    fs::write(dir.path().join("empty"), "").unwrap();
    assert_eq!(mapgrep(&dir, &["--lines=1", "empty"]), nothing(1));
}

/// They were counted by the line ends that others have.
#[test]
fn lines_that_end_with_nul_are_counted_as_such() {
    let dir = files();
    let text: String = (1..=100_000).map(|n| format!("a {n}\nb {n}\0")).collect();
    fs::write(dir.path().join("nuls"), text).unwrap();
    for _ in 0..2 {
        assert_eq!(mapgrep(&dir, &["--null-data", "--lines=3", "nuls"]).1, "a 3\nb 3\0");
        assert_eq!(
            mapgrep(&dir, &["--null-data", "-n", "--lines=70000..", "-e", "b 70001$", "nuls"]).1,
            "70001:a 70001\nb 70001\0"
        );
        build(&dir, &["nuls"]);
    }
}
