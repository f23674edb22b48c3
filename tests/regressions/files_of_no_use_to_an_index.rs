//! `mapgrep-index build app.log*` indexed indexes and compressed files, `mapgrep X app.log*` searched them, and nobody
//! was told that a compressed file had been searched as it is. Of files that are converted when they are searched
//! indexes were made that nothing used.

use std::fs;

use crate::support::commands::{files, mapgrep, mapgrep_index, native, said};

fn log() -> Vec<u8> {
    (0..60_000).flat_map(|i| format!("line {i:07} of the log {}\n", i % 10).into_bytes()).collect()
}

const COMPRESSED: [(&str, &[u8], &str); 5] = [
    ("gzip", b"\x1F\x8B\x08\0\0\0\0\0\0\x03", "zcat"),
    ("zstd", b"\x28\xB5\x2F\xFD\x24\0\0\0", "zstdcat"),
    ("xz", b"\xFD7zXZ\0\0\x04\xE6\xD6", "xzcat"),
    ("bzip2", b"BZh91AY&SY\xAB\xCD", "bzcat"),
    ("lz4", b"\x04\x22\x4D\x18\x64\x40", "lz4cat"),
];

/// A file of more than 1 MiB that begins like one that is compressed.
fn compressed(head: &[u8]) -> Vec<u8> {
    [head, &log(), b"\0\xFFneedle"].concat()
}

#[test]
fn indexes_are_neither_indexed_nor_searched_when_they_are_named() {
    let dir = files(&[("app.log", &log()), ("app.log.1", &log())]);
    let dir = dir.path();
    let all = || {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.filter(|name| name.starts_with("app.log")).collect();
        names.sort();
        names
    };
    let with_all = |args: &[&str]| [args.iter().map(|&arg| arg.to_owned()).collect(), all()].concat();
    let run = |args: &[&str]| {
        let args = with_all(args);
        said(&mut mapgrep_index(dir, &args.iter().map(String::as_str).collect::<Vec<_>>()))
    };
    assert_eq!(run(&["build", "-q"]).0, 0);
    // One of another name, as log rotation leaves it.
    fs::copy(dir.join("app.log.mgx"), dir.join("app.log.mgx.1")).unwrap();
    for command in ["build", "update"] {
        let (status, out, errors) = run(&[command, "-j1"]);
        assert_eq!((status, errors.as_str()), (0, ""));
        for name in ["app.log.mgx", "app.log.1.mgx", "app.log.mgx.1"] {
            assert!(out.contains(&format!("{name}: skipped; the file is an index itself\n")), "{out}");
        }
        assert_eq!(all(), ["app.log", "app.log.1", "app.log.1.mgx", "app.log.mgx", "app.log.mgx.1"]);
    }
    for args in [&["-c"][..], &["-c", "--no-mmap"], &["-c", "-a"], &["--count-matches", "-j1"]] {
        let args = with_all(&[args, &["0033333"]].concat());
        let (status, out, errors) = said(&mut mapgrep(dir, &args.iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!((status, out.as_str()), (0, "app.log:1\napp.log.1:1\n"), "{args:?}");
        let passed_over = ["app.log.1.mgx", "app.log.mgx", "app.log.mgx.1"];
        let mut told = passed_over.map(|name| format!("mapgrep: {name}: skipped: it is an index"));
        told.sort();
        let mut lines: Vec<&str> = errors.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, told, "{args:?}");
    }
    assert_eq!(said(&mut mapgrep(dir, &["--files-without-match", "x", "app.log.mgx"])).1, "");
    let (status, out, errors) = said(&mut mapgrep(dir, &["--no-messages", "x", "app.log.mgx"]));
    assert_eq!((status, out, errors), (1, String::new(), String::new()));
}

#[test]
fn compressed_files_are_not_indexed() {
    for (how, head, command) in COMPRESSED {
        let dir = files(&[("app.log.2", &compressed(head))]);
        let dir = dir.path();
        for what in ["build", "update"] {
            let told = format!(
                "app.log.2: skipped; the file is compressed with {how}; {command} app.log.2 | mapgrep ... searches it\n"
            );
            assert_eq!(said(&mut mapgrep_index(dir, &[what, "app.log.2"])), (0, told, String::new()));
            assert!(!dir.join("app.log.2.mgx").exists());
        }
    }
}

#[test]
fn a_search_that_finds_nothing_tells_that_a_file_is_compressed() {
    for (how, head, command) in COMPRESSED {
        let (large, small) = (compressed(head), [head, b"needle\0"].concat());
        let dir = files(&[("large", &large), ("small", &small)]);
        let dir = dir.path();
        for name in ["large", "small"] {
            let told = format!(
                "mapgrep: {name}: nothing was found, and it is compressed with {how}: {command} {name} | mapgrep ...\n"
            );
            for args in [&[][..], &["--no-mmap"], &["-a"], &["--index=never"], &["-l"]] {
                let found = said(&mut mapgrep(dir, &[args, &["nowhere", name]].concat()));
                assert_eq!(found, (1, String::new(), told.clone()), "{args:?}");
            }
            for args in [&["-q"][..], &["--no-messages"]] {
                assert_eq!(said(&mut mapgrep(dir, &[args, &["nowhere", name]].concat())).2, "", "{args:?}");
            }
            // What is found was worth the search.
            assert_eq!(said(&mut mapgrep(dir, &["-a", "-c", "needle", name])), (0, "1\n".into(), String::new()));
        }
        assert_eq!(said(&mut mapgrep(dir, &["-c", "nowhere", "large", "small"])).2.lines().count(), 2);
    }
}

/// Of those in directories nothing was said at all.
#[test]
fn compressed_files_in_directories_are_told_of_once_where_nothing_is_found() {
    let (gzip, zstd) = (COMPRESSED[0].1, COMPRESSED[1].1);
    let large = compressed(zstd);
    let dir =
        files(&[("logs/b.log.gz", &[gzip, b"x"].concat()), ("logs/c.log.zst", &large), ("logs/d.log", b"plain\n")]);
    let dir = dir.path();
    let one = "mapgrep: nothing was found, and 2 of the files are compressed, ";
    let told = native(&format!("{one}logs/b.log.gz with gzip: zcat logs/b.log.gz | mapgrep ...\n"));
    for args in [&[][..], &["-j1"], &["--mmap"], &["-a"], &["-l"], &["-c"]] {
        let found = said(&mut mapgrep(dir, &[args, &["nowhere", "logs"]].concat()));
        assert_eq!(found, (1, String::new(), told.clone()), "{args:?}");
    }
    for args in [&["-q"][..], &["--no-messages"]] {
        assert_eq!(said(&mut mapgrep(dir, &[args, &["nowhere", "logs"]].concat())).2, "", "{args:?}");
    }
    assert_eq!(said(&mut mapgrep(dir, &["plain", "logs"])), (0, native("logs/d.log:plain\n"), String::new()));
    std::fs::remove_file(dir.join("logs/b.log.gz")).unwrap();
    let told = native(
        "mapgrep: logs/c.log.zst: nothing was found, and it is compressed with zstd: \
         zstdcat logs/c.log.zst | mapgrep ...\n",
    );
    assert_eq!(said(&mut mapgrep(dir, &["nowhere", "logs"])), (1, String::new(), told));
    // A name is no proof.
    std::fs::write(dir.join("logs/c.log.zst"), "plain\n").unwrap();
    assert_eq!(said(&mut mapgrep(dir, &["nowhere", "logs"])), (1, String::new(), String::new()));
}

#[test]
fn files_that_are_converted_are_not_indexed() {
    let utf16: Vec<u8> = log().iter().flat_map(|&byte| [byte, 0]).collect();
    for mark in [&b"\xFF\xFE"[..], b"\xEF\xBB\xBF"] {
        let text = if mark.len() == 2 { utf16.clone() } else { log() };
        let dir = files(&[("text", &text)]);
        let dir = dir.path();
        let why = "the file begins with a byte order mark, and is converted when it is searched";
        // An index of an earlier time.
        assert_eq!(said(&mut mapgrep_index(dir, &["build", "-q", "text"])).0, 0);
        fs::write(dir.join("text"), [mark, &text].concat()).unwrap();
        let (status, out, _) = said(&mut mapgrep_index(dir, &["stat", "text"]));
        assert!(status == 0 && out.ends_with(&format!("state     not used: {why}\n")), "{out}");
        for command in ["update", "build"] {
            let told = format!("text: skipped; {why}\n");
            assert_eq!(said(&mut mapgrep_index(dir, &[command, "text"])), (0, told, String::new()));
        }
        fs::remove_file(dir.join("text.mgx")).unwrap();
        assert_eq!(said(&mut mapgrep_index(dir, &["build", "-q", "text"])).0, 0);
        assert!(!dir.join("text.mgx").exists());
        assert_eq!(said(&mut mapgrep(dir, &["-c", "0033333", "text"])), (0, "1\n".into(), String::new()));
    }
}

/// They were dealt with side by side, and told of as they were done.
#[test]
fn what_is_told_of_files_is_in_the_order_of_the_arguments() {
    let names: Vec<String> = (0..12).map(|i| format!("log.{}", (i * 7) % 12)).collect();
    let dir = files(&names.iter().map(|name| (name.as_str(), &b"short\n"[..])).collect::<Vec<_>>());
    let dir = dir.path();
    fs::write(dir.join("log.7"), log()).unwrap();
    assert_eq!(said(&mut mapgrep_index(dir, &["build", "-q", "log.7"])).0, 0);
    let large = fs::File::create(dir.join("large")).unwrap();
    large.set_len(65 << 20).unwrap();
    let mut args: Vec<&str> = names.iter().map(String::as_str).collect();
    args.insert(3, "large");
    for command in ["stat", "remove"] {
        let (status, out, _) = said(&mut mapgrep_index(dir, &[&[command, "-j4"], &args[..]].concat()));
        assert_eq!(status, 0);
        let told: Vec<&str> =
            out.lines().filter(|line| !line.starts_with(' ')).map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(told, args, "{command}");
    }
}
