//! A sparse file of 3 GB took seconds, and one of 1 TB hours: its holes were read. They are passed over where nothing
//! matches in NULs, and what is found is what is found when they are read.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File},
    ops::ControlFlow,
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    process::Command,
    sync::Arc,
};

use mapgrep::{
    FileMatch,
    grep::GrepBuilder,
    mapping::{Access, MapOptions, Mapping},
    matcher::MatcherBuilder,
    scan::{Pool, Scanner},
};

use crate::support::commands::{files, mapgrep, mapgrep_index, said};

const MIB: u64 = 1 << 20;

/// Writes some pieces of text to their places in a file of a length, with nothing between them.
fn sparse(path: &Path, len: u64, pieces: &[(u64, &str)]) {
    let file = File::create(path).unwrap();
    file.set_len(len).unwrap();
    for (at, text) in pieces {
        file.write_all_at(text.as_bytes(), *at).unwrap();
    }
}

/// Whether there are holes on this file system at all.
fn has_holes(path: &Path) -> bool {
    let metadata = path.metadata().unwrap();
    metadata.blocks() * 512 < metadata.len() / 2
}

/// A file with three holes, and one with the same bytes that has none. None where the file system knows no holes.
fn sparse_and_filled(dir: &Path) -> Option<()> {
    let head = "first needle line\nsecond\nthe line before with a7b\nbefore the hole needle ";
    let middle = "needle behind the hole\nmiddle line\nneedle again 12345 x\nlast before the next";
    let tail = "end of the last hole a7b\nneedle\nlast line";
    sparse(&dir.join("sparse"), 18 * MIB, &[(0, head), (6 * MIB + 77, middle), (12 * MIB - 200, tail)]);
    if !has_holes(&dir.join("sparse")) {
        return None;
    }
    fs::write(dir.join("filled"), fs::read(dir.join("sparse")).unwrap()).unwrap();
    Some(())
}

/// The same bytes without a hole are the definition.
#[test]
fn every_mode_finds_what_it_finds_where_holes_were_filled() {
    let dir = files(&[]);
    let dir = dir.path();
    let Some(()) = sparse_and_filled(dir) else { return };
    let mut count = 0;
    for pattern in ["needle", "needle.*again", "[a-z]+ line", "a[0-9]b", r"\x00e", "^"] {
        for options in [
            &["-c", "-v"][..],
            &["--count-matches"],
            &["-n"],
            &["-a", "-n", "-o", "-b"],
            &["-a", "-n", "-b", "-C1", "-M80", "-r", "x"],
            &["-a", "-n", "-M80", "--last", "2"],
            &["-a", "-n", "-M80", "--reverse"],
            &["--last", "2"],
            &["-c", "--range", "9000000.."],
            &["-a", "-b", "-M80", "--range", "5000000..13000000"],
            &["-a", "-M80", "-n", "--lines", "3..5"],
            &["-c", "-m2", "--no-mmap"],
            &["-l", "--no-mmap"],
            &["-a", "-U", "-n", "-M80"],
            &["-U", "-c", "-v"],
        ] {
            let more = [&["-j3", "--chunk-size=200000"][..], &["-j2", "--chunk-size=64M"], &["-j1"]];
            count += 1;
            let run =
                |file: &str| said(&mut mapgrep(dir, &[options, more[count % 3], &["-e", pattern, file]].concat()));
            let (sparse, mut filled) = (run("sparse"), run("filled"));
            filled.1 = filled.1.replace("filled", "sparse");
            assert!(sparse == filled, "{options:?} {pattern}: {} where {}", shown(&sparse), shown(&filled));
        }
    }
    // A line with a hole in it is shown with all its NULs.
    for options in [&["-a", "-n"][..], &["-a", "-b", "-U"], &["-a", "--reverse"], &["--json"]] {
        let run = |file: &str| mapgrep(dir, &[options, &["before the hole", file]].concat()).output().unwrap().stdout;
        let (sparse, filled) = (run("sparse"), run("filled"));
        assert!(sparse.len() as u64 > 5 * MIB, "{options:?}");
        // Messages say how long it took.
        let is_same = if options == ["--json"] { sparse.len().abs_diff(filled.len()) < 100 } else { sparse == filled };
        assert!(is_same, "{options:?}");
    }
}

/// Standard input is a stream, in which a NUL ends a line, and is left where a reader would have left it.
#[test]
fn a_stream_of_a_sparse_file_is_one_of_the_filled_one() {
    use std::io::Seek;

    let dir = files(&[]);
    let dir = dir.path();
    let Some(()) = sparse_and_filled(dir) else { return };
    for options in [
        &["-c", "needle"][..],
        &["-c", "-m2", "needle"],
        &["needle"],
        &["-c", "-v", "needle"],
        &["--count-matches", "e"],
    ] {
        let run = |file: &str| {
            let mut file = File::open(dir.join(file)).unwrap();
            let said = said(mapgrep(dir, options).stdin(file.try_clone().unwrap()));
            (said, file.stream_position().unwrap())
        };
        assert_eq!(run("sparse"), run("filled"), "{options:?}");
    }
}

#[allow(unsafe_code)]
fn map(path: &Path) -> Mapping {
    // SAFETY: nobody else knows the file.
    unsafe { MapOptions::new().access(Access::Read).map_file(&File::open(path).unwrap()) }.unwrap()
}

/// The library's searches, too.
#[test]
fn the_library_finds_what_it_finds_where_holes_were_filled() {
    let dir = files(&[]);
    let dir = dir.path();
    let Some(()) = sparse_and_filled(dir) else { return };
    let (sparse, filled) = (Arc::new(map(&dir.join("sparse"))), Arc::new(map(&dir.join("filled"))));
    for (pattern, by_line) in
        [("needle", true), ("needle", false), ("[a-z0-9]+", false), (r"e\n[a-z]", false), ("a.b", true)]
    {
        let matcher = MatcherBuilder::new().by_line(by_line).build([pattern]).unwrap();
        for range in [0..u64::MAX, 100..7 * MIB, 9 * MIB..17 * MIB, 6 * MIB + 80..12 * MIB] {
            let mut scanner = Scanner::new(matcher.clone());
            scanner.range(range.clone()).chunk_size(300_000);
            let all = |mapping: &Arc<Mapping>| {
                let mut found = vec![];
                let stats = scanner.for_each(mapping, |m: FileMatch| {
                    found.push(m);
                    ControlFlow::Continue(())
                });
                let one_by_one: Vec<FileMatch> = scanner.find_iter(Arc::clone(mapping)).map(Result::unwrap).collect();
                let ahead: Vec<FileMatch> = scanner.par_find_iter(Arc::clone(mapping)).map(Result::unwrap).collect();
                assert!(found == one_by_one && found == ahead, "{pattern} {range:?}");
                (found, stats.unwrap().bytes_scanned)
            };
            assert_eq!(all(&sparse), all(&filled), "{pattern} {range:?}");
            if by_line {
                let grep = GrepBuilder::new().line_numbers(true).build(matcher.clone()).unwrap().within(range.clone());
                let lines = |mapping: &Mapping| {
                    let mut lines = vec![];
                    let summary = grep.for_each_line(mapping, &Pool::new(3), &mut |line| {
                        lines.push((line.number, line.offset, line.bytes.len(), line.matches.to_vec()));
                        ControlFlow::Continue(())
                    });
                    (lines, summary.unwrap())
                };
                assert_eq!(lines(&sparse), lines(&filled), "{pattern} {range:?}");
            }
        }
    }
}

fn shown((status, out, errors): &(i32, String, String)) -> String {
    let out: String = out.chars().take(500).collect();
    format!("{status} {out:?} {errors}")
}

/// Of 8 TiB, nothing could be read in the time that a test has, nor be kept in memory.
#[test]
fn holes_of_terabytes_are_passed_over() {
    let dir = files(&[]);
    let dir = dir.path();
    let tib = 1 << 40;
    let pieces =
        [(0, "needle one\nhole "), (5 * tib + 12_345, " e7nd\nneedle two\n"), (8 * tib - 12, "\nneedle end\n")];
    sparse(&dir.join("huge"), 8 * tib, &pieces);
    if !has_holes(&dir.join("huge")) {
        return;
    }
    let run = |args: &str| {
        // What reads holes takes hours of the processor's time.
        let script = format!("ulimit -t 120; exec {} {args}", env!("CARGO_BIN_EXE_mapgrep"));
        said(Command::new("bash").args(["-c", &script]).current_dir(dir))
    };
    for (args, out) in [
        ("-c needle huge", "3\n"),
        ("-a -n needle huge", "1:needle one\n3:needle two\n5:needle end\n"),
        ("-a -n -j1 needle huge", "1:needle one\n3:needle two\n5:needle end\n"),
        ("-c 'e[0-9]n' huge", "1\n"),
        ("-a -b -o 'e[0-9]n' huge", "5497558151226:e7n\n"),
        ("-c -v needle huge", "2\n"),
        ("-a -n --last 1 needle huge", "5:needle end\n"),
        ("-a -n --reverse needle huge", "5:needle end\n3:needle two\n1:needle one\n"),
        ("-c '[a-z]+ [a-z]+$' huge", "3\n"),
        ("-a --count-matches '[0-9]+' huge", "1\n"),
        ("-a -n --last 2 '[a-z]+ [a-z]+$' huge", "3:needle two\n5:needle end\n"),
        ("-a -c -i NEEDLE - < huge", "3\n"),
        ("-c -i NEEDLE - < huge", "3\n"),
        ("-c needle --no-mmap huge", "3\n"),
        ("-a -c needle .", "./huge:3\n"),
        ("--lines 3..3 -a -e needle huge", "needle two\n"),
        ("-a -b --range 5T.. needle huge", "5497558151231:needle two\n8796093022197:needle end\n"),
        ("-U -a -n 'needle two\\nx*' huge", "3:needle two\n"),
        ("-U -c 'd\\nneedle' huge", "2\n"),
    ] {
        let out = out.replace("5497558151226", &(5 * tib + 12_346).to_string());
        assert_eq!(run(args), (0, out, String::new()), "{args}");
    }
    // The library, too.
    let huge = Arc::new(map(&dir.join("huge")));
    for (pattern, expected) in [("needle", 3), ("[a-z]+ two", 1), (r"d\nneedle", 1)] {
        let scanner = Scanner::new(MatcherBuilder::new().build([pattern]).unwrap());
        let count = scanner.count(&huge).unwrap();
        assert_eq!(count, expected, "{pattern}");
        assert_eq!(scanner.find_iter(Arc::clone(&huge)).count() as u64, count);
    }
}

/// What an index says of a file does not depend on whether its NULs were written.
#[test]
fn an_index_of_a_sparse_file_is_that_of_the_filled_one() {
    let dir = files(&[]);
    let dir = dir.path();
    let line = "some words in a line that is found again\n".repeat(3000);
    let pieces = [
        (0, line.as_str()),
        (24 * MIB + 5, "behind\na rare word\n"),
        (64 * MIB + 1, line.as_str()),
        (90 * MIB, "end\n"),
    ];
    sparse(&dir.join("sparse"), 100 * MIB, &pieces);
    if !has_holes(&dir.join("sparse")) {
        return;
    }
    fs::write(dir.join("filled"), fs::read(dir.join("sparse")).unwrap()).unwrap();
    let build = |file: &str| assert_eq!(said(&mut mapgrep_index(dir, &["build", "-j2", file])).0, 0);
    build("sparse");
    build("filled");
    let (sparse, filled) = (fs::read(dir.join("sparse.mgx")).unwrap(), fs::read(dir.join("filled.mgx")).unwrap());
    // Headers tell when, and of which file.
    assert_eq!(sparse.len(), filled.len());
    let differing = sparse.iter().zip(&filled).filter(|(a, b)| a != b).count();
    assert!(differing < 400, "{differing} bytes differ");
    for args in [&["-c", "found again"][..], &["-a", "-n", "rare word"], &["-c", "end"]] {
        let run = |file: &str| said(&mut mapgrep(dir, &[args, &["--index=require", file]].concat()));
        assert_eq!(run("sparse"), run("filled"));
    }
}
