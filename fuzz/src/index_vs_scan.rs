//! A search of what an index leaves to be searched, and one of the whole file: the same lines, whatever stands in
//! blocks and around their borders.

use std::{
    fs::{File, OpenOptions},
    io::Write,
    ops::ControlFlow,
    path::Path,
    sync::OnceLock,
};

use arbitrary::Arbitrary;
use mapgrep::{
    grep::{Binary, Format, Goal, GrepBuilder, Line, LineKind, Summary},
    index::{Fresh, Index, IndexBuilder, Query},
    mapping::{Access, MapOptions, Mapping},
    matcher::{Case as LetterCase, LineTerminator, MatcherBuilder},
    scan::Pool,
};

/// As many bytes as a block has under fuzzing.
const BLOCK: usize = 256;

#[derive(Arbitrary, Debug)]
pub struct Case {
    /// What each block is filled with.
    fillings: Vec<u8>,
    /// What stands there in place of the filling: a block, how far from its start, and how often the bytes are
    /// repeated.
    pieces: Vec<(u8, i16, u8, Vec<u8>)>,
    /// How much of the text is appended after it was indexed, in 256ths.
    appended: u8,
    small: bool,
    /// Making an index takes longer than what is asked of it.
    searches: Vec<Search>,
}

#[derive(Arbitrary, Debug)]
struct Search {
    patterns: Vec<Pattern>,
    /// Options, a bit for each.
    flags: u16,
    context: u8,
    max_count: Option<u8>,
}

#[derive(Arbitrary, Debug)]
enum Pattern {
    /// A part of a piece.
    Part(u8, u8, u8),
    /// Parts of two pieces with a regex between.
    Two((u8, u8, u8), u8, (u8, u8, u8)),
    Raw(String),
}

/// Lines, with or without ends.
const FILLINGS: [&[u8]; 6] = [
    b"some words of which there are many\n",
    b"acgtacgttgcaacca",
    b"x",
    b"10.1.2.3 5f3a9e01 \xC5\xBFession \xE2\x84\xAAelvin\r\n",
    b"\n",
    b"abcdefghijklmnopqrstuvwxyz ",
];
const BETWEEN: [&str; 8] = [".*", "", "[a-z]+", "(?:x|yz)?", ".{0,9}", r"\s*", r"\b", "(?:foo|bar.*)"];

impl Case {
    fn text(&self) -> Vec<u8> {
        static BLOCKS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let blocks = BLOCKS
            .get_or_init(|| FILLINGS.map(|filling| filling.iter().cycle().take(BLOCK).copied().collect()).to_vec());
        let mut text = vec![];
        for i in 0..12 {
            text.extend_from_slice(&blocks[usize::from(*self.fillings.get(i).unwrap_or(&0)) % FILLINGS.len()]);
        }
        for (block, shift, times, bytes) in self.pieces.iter().take(24) {
            let bytes = bytes.repeat(1 + usize::from(*times) % 4);
            let at = usize::from(*block) % 13 * BLOCK;
            let at = at.saturating_add_signed(if times % 2 == 0 { *shift % BLOCK as i16 } else { *shift / 256 }.into());
            let at = at.min(text.len().saturating_sub(bytes.len()));
            let len = bytes.len().min(text.len() - at);
            text[at..at + len].copy_from_slice(&bytes[..len]);
        }
        text
    }

    fn part(&self, (piece, start, len): (u8, u8, u8)) -> Option<&str> {
        let (.., bytes) = self.pieces.get(usize::from(piece) % self.pieces.len().max(1))?;
        let part = bytes.get(usize::from(start) % bytes.len().max(1)..)?;
        let part = &part[..part.len().min(3 + usize::from(len) % 20)];
        part.utf8_chunks().next()?.valid().split(['\n', '\r']).next()
    }
}

impl Search {
    fn patterns(&self, case: &Case) -> Vec<String> {
        let flag = self.flags & 1 != 0;
        let escape = |part: &str| if flag { part.to_owned() } else { regex::escape(part) };
        let pattern = |pattern: &Pattern| match pattern {
            Pattern::Part(piece, start, len) => case.part((*piece, *start, *len)).map(escape),
            Pattern::Two(first, between, second) => {
                let between = BETWEEN[usize::from(*between) % BETWEEN.len()];
                Some(escape(case.part(*first)?) + between + &escape(case.part(*second)?))
            }
            Pattern::Raw(raw) => Some(raw.clone()),
        };
        self.patterns.iter().take(4).filter_map(pattern).collect()
    }

    fn matcher(&self) -> MatcherBuilder {
        let mut builder = MatcherBuilder::new();
        builder
            .by_line(true)
            .fixed_strings(self.flags & 1 != 0)
            .word(self.flags & 2 != 0)
            .whole_line(self.flags & 4 != 0);
        builder.case(
            [LetterCase::Sensitive, LetterCase::Insensitive, LetterCase::Smart][usize::from(self.flags >> 3 & 3) % 3],
        );
        if self.flags & 32 != 0 {
            builder.line_terminator(LineTerminator::Crlf);
        }
        builder
    }

    fn grep(&self) -> GrepBuilder {
        let mut builder = GrepBuilder::new();
        let context = |shift: u8| usize::from(self.context >> shift & 15) % 5;
        builder.line_numbers(true).before_context(context(0)).after_context(context(4));
        builder.max_count(self.max_count.map(|max| 1 + u64::from(max % 8)));
        builder.goal([Goal::Lines, Goal::Lines, Goal::CountLines, Goal::AnyLine][usize::from(self.flags >> 6 & 3)]);
        builder.binary_detection(
            [Binary::Text, Binary::Text, Binary::Suppress, Binary::Quit][usize::from(self.flags >> 8 & 3)],
        );
        builder.chunk_size([1 << 6, 1 << 9, 1 << 20, 1 << 10][usize::from(self.flags >> 10 & 3)]);
        builder
    }
}

/// Places, and what lines begin and end with: some have a megabyte.
struct Short;

impl Format for Short {
    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let mark = if line.kind == LineKind::Match { ':' } else { '-' };
        let number = line.number.unwrap_or(0);
        out.extend(format!("{}{mark}{number}{mark}{}\n", line.offset, line.bytes.len()).bytes());
    }
}

fn map(path: &Path) -> (Mapping, std::fs::Metadata) {
    let file = File::open(path).unwrap();
    let metadata = file.metadata().unwrap();
    // SAFETY: nobody changes the file while it is mapped.
    (unsafe { MapOptions::new().access(Access::Read).map_file(&file).unwrap() }, metadata)
}

fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<tempfile::TempDir> = OnceLock::new();
    // In memory, where the system has such a directory: each commit of an index is synced.
    let memory = Path::new("/dev/shm");
    let make = || if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    DIRECTORY.get_or_init(|| make().unwrap()).path()
}

/// Searches a file and what its index leaves of it. None where the index does not help.
fn compare(index: &Fresh, mapping: &Mapping, search: &Search, patterns: &[String]) -> Option<()> {
    let matcher = search.matcher();
    let query = Query::new(&matcher, patterns).ok().filter(|query| !query.is_anything())?;
    let grep = search.grep().build(matcher.build(patterns).ok()?).ok().filter(|grep| grep.takes_parts())?;
    let after = usize::from(search.context >> 4) % 5;
    let candidates = index.candidates(&query, after as u64).unwrap();
    if candidates.is_everything() {
        return None;
    }
    let run = |is_whole: bool| {
        let mut out = vec![];
        let mut emit = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            ControlFlow::Continue(())
        };
        let summary: Summary = match is_whole {
            true => grep.search_mapping(mapping, &Short, &Pool::inline(), &mut emit).unwrap(),
            false => grep.search_parts(mapping, candidates.parts(), &Short, &Pool::inline(), &mut emit).unwrap(),
        };
        (String::from_utf8(out).unwrap(), summary.matched_lines, summary.matches)
    };
    assert_eq!(run(false), run(true), "{patterns:?}, lines need {query}, {:?}", candidates.parts());
    Some(())
}

/// Checks one case.
pub fn check(case: Case) {
    let searches: Vec<(&Search, Vec<String>)> =
        case.searches.iter().take(16).map(|search| (search, search.patterns(&case))).collect();
    let can_help = |(search, patterns): &(&Search, Vec<String>)| {
        Query::new(&search.matcher(), patterns).is_ok_and(|query| !query.is_anything())
    };
    if !searches.iter().any(can_help) {
        return;
    }
    let text = case.text();
    let path = directory().join("text");
    let _ = std::fs::remove_file(&path);
    let first = (text.len() - text.len() * usize::from(case.appended % 128) / 256).max(1);
    std::fs::write(&path, &text[..first]).unwrap();
    let mut builder = IndexBuilder::new();
    builder.small(case.small).least_size(0).build(&path, &Pool::inline()).unwrap();
    if first < text.len() {
        OpenOptions::new().append(true).open(&path).unwrap().write_all(&text[first..]).unwrap();
        if case.appended >= 128 {
            builder.update(&path, &Pool::inline()).unwrap();
        }
    }
    let (mapping, metadata) = map(&path);
    let index = Index::open(&path, None).unwrap().unwrap().check(&metadata, &mapping).unwrap();
    for (search, patterns) in &searches {
        compare(&index, &mapping, search, patterns);
    }
}
