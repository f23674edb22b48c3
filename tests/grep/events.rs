//! Lines as values: the same, whatever they are found in, as a walk over the text finds.

use std::{fs, io::Write, ops::ControlFlow};

use mapgrep::{
    Span,
    grep::{GrepBuilder, LineKind, Summary},
    index::IndexBuilder,
    mapping::{MapOptions, Mapping},
    matcher::MatcherBuilder,
    scan::Pool,
};

/// All that is known of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    kind: LineKind,
    number: u64,
    offset: u64,
    bytes: Vec<u8>,
    matches: Vec<Span>,
}

/// The lines with `needle` in them, and one line behind each, by the simplest means.
fn naive(text: &[u8], needle: &[u8]) -> Vec<Owned> {
    let (mut offset, mut lines, mut is_after) = (0, vec![], false);
    for (number, bytes) in (1..).zip(text.split_inclusive(|&byte| byte == b'\n')) {
        let (mut matches, mut at) = (vec![], 0);
        while at + needle.len() <= bytes.len() {
            if bytes[at..].starts_with(needle) {
                matches.push(Span::new(at, at + needle.len()));
                at += needle.len();
            } else {
                at += 1;
            }
        }
        let kind = if matches.is_empty() { LineKind::After } else { LineKind::Match };
        if kind == LineKind::Match || is_after {
            lines.push(Owned { kind, number, offset, bytes: bytes.to_vec(), matches });
        }
        is_after = kind == LineKind::Match;
        offset += bytes.len() as u64;
    }
    lines
}

fn text(lines: u64) -> Vec<u8> {
    let mut text = vec![];
    for n in 0..lines {
        let n = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let pad = "x".repeat((n % 200) as usize);
        match n % 7 {
            0 => writeln!(text, "{pad} needle {n} needle").unwrap(),
            1 => writeln!(text).unwrap(),
            _ => writeln!(text, "{n} {pad}").unwrap(),
        }
    }
    text.extend_from_slice(b"needle at the end");
    text
}

fn builder() -> MatcherBuilder {
    let mut builder = MatcherBuilder::new();
    builder.by_line(true);
    builder
}

/// Takes lines until there are so many.
fn taken(
    most: usize,
    search: impl FnOnce(&mut dyn FnMut(&mapgrep::grep::Line<'_>) -> ControlFlow<()>) -> Summary,
) -> (Vec<Owned>, Summary) {
    let mut lines = vec![];
    let summary = search(&mut |line| {
        lines.push(Owned {
            kind: line.kind,
            number: line.number.unwrap(),
            offset: line.offset,
            bytes: line.bytes.to_vec(),
            matches: line.matches.to_vec(),
        });
        if lines.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    (lines, summary)
}

#[test]
fn lines_are_those_of_a_walk() {
    let text = text(5_000);
    let wanted = naive(&text, b"needle");
    let mut memory = MapOptions::new().len(text.len()).map_anonymous().unwrap();
    memory.set_slice(.., &text).unwrap();
    for chunk_size in [64, 1000, 4096, 1 << 20] {
        let mut options = GrepBuilder::new();
        options.line_numbers(true).after_context(1).chunk_size(chunk_size);
        let grep = options.build(builder().build(["needle"]).unwrap()).unwrap();
        for threads in [1, 3] {
            let pool = Pool::new(threads);
            for most in [usize::MAX, 1, 2, 100] {
                let wanted = &wanted[..wanted.len().min(most)];
                let (lines, summary) = taken(most, |each| grep.for_each_line(&memory, &pool, each).unwrap());
                assert_eq!(lines, wanted);
                let last = wanted.last().unwrap();
                let end = last.offset + last.bytes.len() as u64;
                assert_eq!(summary.stopped_at, (most < usize::MAX).then_some(end));
            }
        }
    }
}

/// One line of megabytes is a line as any other.
#[test]
fn a_long_line_comes_as_a_whole() {
    let mut text = b"short\n".to_vec();
    text.extend_from_slice(&b"needle ".repeat(500_000));
    text.extend_from_slice(b"\nneedle\n");
    let mut memory = MapOptions::new().len(text.len()).map_anonymous().unwrap();
    memory.set_slice(.., &text).unwrap();
    let mut options = GrepBuilder::new();
    let grep = options.line_numbers(true).build(builder().build(["needle"]).unwrap()).unwrap();
    let (lines, _) = taken(usize::MAX, |each| grep.for_each_line(&memory, &Pool::new(2), each).unwrap());
    assert_eq!(
        lines,
        naive(&text, b"needle").into_iter().filter(|line| line.kind == LineKind::Match).collect::<Vec<_>>()
    );
}

#[test]
fn a_path_gives_the_same_lines_with_an_index_and_without() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let mut text = text(20_000);
    assert!(text.len() > 1 << 20);
    text.extend_from_slice(b"\nrare gold\nnext\n");
    fs::write(&path, &text).unwrap();
    let mut options = GrepBuilder::new();
    options.line_numbers(true).after_context(1);
    let pool = Pool::new(2);
    for indexed in [false, true] {
        if indexed {
            IndexBuilder::new().build(&path, &pool).unwrap();
        }
        for needle in ["needle", "rare gold", "absent"] {
            let grep = options.compile(&builder(), &[needle]).unwrap();
            let (lines, summary) = taken(usize::MAX, |each| grep.search_path(&path, &pool, each).unwrap());
            assert_eq!(lines, naive(&text, needle.as_bytes()), "{needle}, {indexed}");
            assert_eq!(summary.stopped_at, None);
        }
    }
    let grep = options.compile(&builder(), &["x"]).unwrap();
    let error = grep.search_path(dir.path().join("none"), &pool, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.path(), Some(dir.path().join("none").as_path()));
    fs::write(&path, "").unwrap();
    assert_eq!(taken(1, |each| grep.search_path(&path, &pool, each).unwrap()).0, []);
}

#[test]
fn a_mapping_is_opened_by_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    let error = Mapping::open(&path).unwrap_err();
    assert_eq!(error.path(), Some(path.as_path()));
    fs::write(&path, "").unwrap();
    assert!(Mapping::open(&path).unwrap_err().is_invalid_input());
    fs::write(&path, "hello").unwrap();
    let mut mapping = Mapping::open(&path).unwrap();
    assert_eq!(mapping.slice(..).unwrap(), b"hello");
    assert!(mapping.set_slice(.., b"HELLO").is_err());
    #[cfg(unix)]
    {
        fs::File::options().write(true).open(&path).unwrap().set_len(2).unwrap();
        assert!(mapping.slice(..).unwrap_err().is_truncated());
    }
}

/// Bytes in memory are searched where they are, with any number of threads.
#[test]
fn bytes_in_memory_have_the_same_lines() {
    let text = text(5_000);
    let mut options = GrepBuilder::new();
    options.line_numbers(true).after_context(1).chunk_size(1000);
    let grep = options.build(builder().build(["needle"]).unwrap()).unwrap();
    for start in [0, 1, 17, text.len() - 3, text.len()] {
        let text = &text[start..];
        let search = |each: &mut dyn FnMut(&mapgrep::grep::Line<'_>) -> ControlFlow<()>| {
            grep.for_each_line_of(text, &Pool::new(3), each).unwrap()
        };
        assert_eq!(taken(usize::MAX, search).0, naive(text, b"needle"));
    }
    let scanner = mapgrep::scan::Scanner::new(MatcherBuilder::new().build(["needle"]).unwrap());
    let mut found = 0;
    let stats = scanner.for_each_of(&text, |m: mapgrep::FileMatch| {
        assert_eq!(&text[m.start as usize..m.end as usize], b"needle");
        found += 1;
        ControlFlow::Continue(())
    });
    let wanted: usize = naive(&text, b"needle").iter().map(|line| line.matches.len()).sum();
    assert_eq!((found, stats.unwrap().matches), (wanted, wanted as u64));
}
