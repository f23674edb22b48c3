//! A search that an index has told where to look has the result of one of the whole file, byte for byte: random files,
//! patterns and options, and files that have grown, were cut or written to since they were indexed.
//!
//! `MAPGREP_CASES` sets how many searches there are, `MAPGREP_SEED` which ones.

use std::{
    fs::{File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    ops::{ControlFlow, Range},
    path::PathBuf,
    time::Duration,
};

use mapgrep::{
    grep::{Binary, Format, Goal, GrepBuilder, Line, LineKind, LongMatches, Summary},
    index::{Candidates, Freshness, Index, IndexBuilder, Outcome, Query, Stale},
    mapping::{Access, MapOptions, Mapping},
    matcher::{Case, LineTerminator, Matcher, MatcherBuilder},
};
use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use crate::oracle::memory::pool;

const MIB: usize = 1 << 20;
const BLOCK: usize = 64 << 10;

/// Pseudo-random choices that a seed tells.
struct Random {
    numbers: Xoshiro256PlusPlus,
    /// Words have letters that Unicode takes for another case of ASCII letters.
    odd_letters: bool,
}

impl Random {
    fn new(seed: u64) -> Self {
        Random { numbers: Xoshiro256PlusPlus::seed_from_u64(seed), odd_letters: seed.is_multiple_of(4) }
    }

    fn below(&mut self, end: usize) -> usize {
        (self.numbers.next_u64() % end.max(1) as u64) as usize
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn hex(&mut self) -> String {
        let digits = self.pick(&[6, 8, 12, 16]);
        format!("{:016x}", self.numbers.next_u64())[..digits].to_owned()
    }

    /// What a few lines have: letters that have other cases in Unicode, numbers, and what no other line has.
    fn token(&mut self) -> String {
        let hex = self.hex();
        let odd = ["ta\u{17F}k", "\u{212A}elvin", "se\u{17F}\u{17F}ion", "Ma\u{17F}\u{212A}"];
        let word = self.pick(&[
            "Task",
            "kelvin",
            "SESSION",
            "\u{e4}rger",
            "\u{c4}RGER",
            "stra\u{df}e",
            "\u{434}\u{43e}\u{43c}",
            "id",
            "Err",
            "x",
        ]);
        let word = if self.odd_letters && self.one_in(3) { self.pick(&odd) } else { word };
        let number = self.below(100_000);
        match self.below(6) {
            0 => format!("{word}-{hex}"),
            1 => format!("{word}{number}{word}"),
            2 => format!("10.{}.{}.{}:{number}", self.below(256), self.below(256), self.below(256)),
            3 => format!("{hex}{word}"),
            4 => format!("fn {word}_{number}() -> {hex}"),
            _ => (0..20).map(|_| self.pick(&["a", "c", "g", "t", "A", "T"])).collect(),
        }
    }
}

/// What lines look like.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Log,
    Json,
    Source,
    Dna,
    Bytes,
    Mixed,
}

impl Kind {
    const ALL: &[Kind] = &[Kind::Log, Kind::Log, Kind::Json, Kind::Source, Kind::Dna, Kind::Bytes, Kind::Mixed];

    fn line(self, number: usize, random: &mut Random, out: &mut Vec<u8>) {
        match self {
            Kind::Log => {
                let level = random.pick(&["INFO", "INFO", "INFO", "WARN", "Error"]);
                let (id, took) = (random.hex(), random.below(1000));
                let host = random.below(250);
                let line = format!(
                    "2026-11-{:02} 10:{:02} {level} request {id} from 10.0.{host}.7 took {took} us",
                    number % 30,
                    number % 60
                );
                out.extend(line.bytes());
            }
            Kind::Json => {
                let (id, user) = (random.hex(), random.below(5000));
                out.extend(
                    format!("{{\"id\":\"{id}\",\"user\":{user},\"ok\":{},\"n\":{number}}}", user % 2 == 0).bytes(),
                );
            }
            Kind::Source => {
                let words =
                    ["let", "fn", "struct", "return", "self", "Option", "kernel", "mask", "    ", "{", "}", ";"];
                for _ in 0..random.below(12) {
                    out.extend(random.pick(&words).bytes());
                    out.push(b' ');
                }
                if random.one_in(4) {
                    out.extend(format!("name_{}", random.hex()).bytes());
                }
            }
            Kind::Dna => out.extend((0..70).map(|_| random.pick(b"acgtACGTn"))),
            Kind::Bytes => {
                let len = random.below(200);
                out.extend((0..len).map(|_| 1 + random.below(255) as u8));
            }
            Kind::Mixed => random.pick(&Kind::ALL[..6]).line(number, random, out),
        }
    }
}

/// Text, and where in it something stands that few lines have.
struct Text {
    bytes: Vec<u8>,
    tokens: Vec<Range<usize>>,
}

impl Text {
    fn new() -> Self {
        Text { bytes: vec![], tokens: vec![] }
    }

    /// Appends lines of up to `len` bytes.
    fn grow(&mut self, len: usize, random: &mut Random) {
        let (kind, start) = (random.pick(Kind::ALL), self.bytes.len());
        let odd: &[u8] = if random.one_in(4) { &[0, 0xFF, 0xC3, b'\r'] } else { &[0xFF, 0xC3, b'\r', b' '] };
        let crlf = random.one_in(4);
        let giants = random.pick(&[0, 0, 1, 3]);
        let giant_at: Vec<usize> = (0..giants).map(|_| start + random.below(len)).collect();
        let mut giants = 0;
        let mut number = 0;
        while self.bytes.len() < start + len {
            if giant_at.iter().filter(|&&at| at < self.bytes.len()).count() > giants {
                giants += 1;
                let from = self.bytes.len();
                let end = from + random.pick(&[BLOCK, 2 * BLOCK + 77, 400_000]);
                while self.bytes.len() < end {
                    kind.line(number, random, &mut self.bytes);
                    number += 1;
                    if random.one_in(200) {
                        self.push_token(random);
                    }
                }
                for byte in &mut self.bytes[from..] {
                    *byte = if *byte == b'\n' { b' ' } else { *byte };
                }
                self.bytes.push(b'\n');
            }
            kind.line(number, random, &mut self.bytes);
            number += 1;
            if random.one_in(40) {
                self.push_token(random);
            }
            if random.one_in(300) {
                self.bytes.push(random.pick(odd));
            }
            self.bytes.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
        }
        self.bytes.truncate(start + len);
        if random.one_in(2) {
            self.bytes.pop();
            self.bytes.push(b'\n');
        }
        // At the ends of blocks, at any offset.
        for border in (start / BLOCK + 1)..(self.bytes.len() / BLOCK) {
            let token = random.token();
            let at = (border * BLOCK + 8).saturating_sub(random.below(token.len() + 16));
            if at >= start && at + token.len() < self.bytes.len() {
                self.bytes[at..at + token.len()].copy_from_slice(token.as_bytes());
                self.tokens.push(at..at + token.len());
            }
        }
        self.cut_tokens();
    }

    fn push_token(&mut self, random: &mut Random) {
        self.bytes.push(b' ');
        let start = self.bytes.len();
        self.bytes.extend(random.token().bytes());
        self.tokens.push(start..self.bytes.len());
        self.bytes.push(b' ');
    }

    /// Forgets what is no longer there.
    fn cut_tokens(&mut self) {
        let bytes = &self.bytes;
        self.tokens.retain(|token| token.end <= bytes.len() && !bytes[token.clone()].contains(&b'\n'));
    }

    /// The line that this is on, without its end.
    fn line(&self, at: usize) -> Range<usize> {
        let start = memchr::memrchr(b'\n', &self.bytes[..at]).map_or(0, |newline| newline + 1);
        start..memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |newline| at + newline)
    }

    /// Some bytes of one line.
    fn piece(&self, random: &mut Random) -> Range<usize> {
        let len = random.pick(&[3, 6, 10, 12, 16, 20, 24, 28, 30, 32, 36, 40, 60, 300]);
        match random.below(10) {
            0..8 if !self.tokens.is_empty() => {
                let token = self.tokens[random.below(self.tokens.len())].clone();
                // A part of it, or what is around, too.
                match random.below(4) {
                    0 => {
                        let line = self.line(token.start);
                        line.start.max(token.start.saturating_sub(random.below(12)))
                            ..line.end.min(token.end + random.below(12))
                    }
                    1 if token.len() > 8 => token.start + random.below(token.len() - 7)..token.end,
                    _ => token,
                }
            }
            8 => {
                let border = random.below(self.bytes.len() / BLOCK + 1) * BLOCK;
                let start = border.saturating_sub(random.below(len + 2)).min(self.bytes.len() - 1);
                start..self.line(start).end.min(start + len)
            }
            _ => {
                let start = random.below(self.bytes.len());
                start..self.line(start).end.min(start + len)
            }
        }
    }
}

/// A regex that matches these bytes and no others.
fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        for char in chunk.valid().chars() {
            match char {
                '\0'..' ' => out.push_str(&format!("\\x{:02x}", char as u32)),
                char if char.is_ascii_punctuation() => out.extend(['\\', char]),
                char => out.push(char),
            }
        }
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("(?-u:\\x{byte:02x})")));
    }
    out
}

/// A regex that matches these bytes, and others.
fn generalised(bytes: &[u8], random: &mut Random) -> String {
    let chars: Vec<(&str, &[u8])> = bytes
        .utf8_chunks()
        .flat_map(|chunk| {
            let valid = chunk.valid();
            let chars = valid.char_indices().map(move |(at, char)| {
                let char = &valid[at..at + char.len_utf8()];
                (char, char.as_bytes())
            });
            chars.chain(std::iter::once(("", chunk.invalid())))
        })
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect();
    let often = random.pick(&[6, 15, 30, 60]);
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        let (char, raw) = chars[at];
        let plain = escaped(raw);
        if !random.one_in(often) {
            out.push_str(&plain);
            at += 1;
            continue;
        }
        let upto = chars.len().min(at + 1 + random.below(6));
        let run: String = chars[at..upto].iter().map(|(_, raw)| escaped(raw)).collect();
        at += 1;
        match random.below(16) {
            0 => match char.chars().next() {
                Some('0'..='9') => out.push_str(random.pick(&["[0-9]", r"\d", "[0-9a-f]", "(?:[0-9]|x)"])),
                Some(letter) if letter.is_alphabetic() => out.push_str(random.pick(&[r"\w", r"\pL", "[^0-9]", "."])),
                Some(_) => out.push_str(r"[^\w]"),
                None => out.push_str(&plain),
            },
            1 => out.push_str(&format!("{plain}?")),
            2 => out.push_str(&format!("{plain}+")),
            3 => out.push_str(&format!("(?:{plain}|zz|yx)")),
            4 => {
                out.push_str(&format!("(?:{run}|Nothing|other.*)"));
                at = upto;
            }
            5 => {
                out.push_str(&format!("(?:{run})?"));
                at = upto;
            }
            6 => {
                out.push_str(".*");
                at = upto;
            }
            7 => {
                out.push_str(".*?");
                at = upto;
            }
            8 => out.push_str(&format!("(?:abc|(?:xyz)?){plain}")),
            9 => out.push_str(&format!("(?:[st]u?)*{plain}")),
            10 => {
                out.push_str(&format!("(?i:{run})"));
                at = upto;
            }
            11 => {
                out.push_str(&format!("(?:(?:q{{2}}|[kK]?)?{run}|s{{2,3}}k?){{1,2}}"));
                at = upto;
            }
            12 => {
                out.push_str(&format!("({run}|{run}{plain}|)"));
                at = upto;
            }
            13 => out.push_str(&format!(r"\b?{plain}")),
            14 => out.push_str(&if char.is_empty() { plain } else { format!("[{plain}x-z]") }),
            _ => {
                out.push_str(&format!("(?:(?:{run})|[^a-c]{{3}})"));
                at = upto;
            }
        }
    }
    out
}

/// The same with letters in other cases.
fn recased(text: &str, random: &mut Random) -> String {
    let recase = |char: char| match (char, random.below(3)) {
        ('s' | 'S', 0) => '\u{17F}',
        ('k' | 'K', 0) => '\u{212A}',
        ('\u{17F}' | '\u{212A}', _) => {
            if char == '\u{17F}' {
                's'
            } else {
                'K'
            }
        }
        (_, 1) if char.to_uppercase().count() == 1 => char.to_uppercase().next().unwrap_or(char),
        (_, 2) if char.to_lowercase().count() == 1 => char.to_lowercase().next().unwrap_or(char),
        _ => char,
    };
    text.chars().map(recase).collect()
}

/// A search.
#[derive(Clone, Debug)]
struct Asked {
    patterns: Vec<String>,
    fixed: bool,
    case: Case,
    word: bool,
    whole_line: bool,
    crlf: bool,
    goal: Goal,
    only_matches: bool,
    line_numbers: bool,
    before: usize,
    after: usize,
    max_count: Option<u64>,
    last: Option<u64>,
    reverse: bool,
    range: Option<Range<u64>>,
    binary: Binary,
    chunk: usize,
    threads: usize,
}

impl Asked {
    fn random(text: &Text, random: &mut Random) -> Self {
        let fixed = random.one_in(5);
        let whole_line = random.one_in(20);
        let count = if random.one_in(14) { 2 + random.below(10) } else { 1 };
        let patterns = (0..count).map(|_| Self::pattern(text, fixed, whole_line, random)).collect();
        let goal = random.below(8);
        let reverse = random.one_in(8);
        let lines = |random: &mut Random| if reverse || !random.one_in(5) { 0 } else { random.pick(&[1, 2, 5, 3000]) };
        let len = text.bytes.len();
        Asked {
            patterns,
            fixed,
            case: random.pick(&[Case::Sensitive, Case::Sensitive, Case::Insensitive, Case::Smart]),
            word: !whole_line && random.one_in(20),
            whole_line,
            crlf: random.one_in(8),
            goal: match goal {
                0 => Goal::CountLines,
                1 => Goal::CountMatches,
                2 => Goal::AnyLine,
                _ => Goal::Lines,
            },
            only_matches: random.one_in(5),
            line_numbers: random.one_in(2),
            before: lines(random),
            after: lines(random),
            max_count: random.one_in(5).then(|| random.pick(&[1, 2, 10, 1000])),
            last: random.one_in(8).then(|| random.pick(&[1, 3, 1000])),
            reverse,
            range: random.one_in(16).then(|| {
                let start = random.below(len / 2);
                let end = if random.one_in(2) { usize::MAX } else { start + random.below(len) };
                start as u64..end as u64
            }),
            binary: random.pick(&[
                Binary::Text,
                Binary::Text,
                Binary::Text,
                Binary::Text,
                Binary::Suppress,
                Binary::Quit,
            ]),
            chunk: random.pick(&[1 << 12, BLOCK, 1 << 19, 1 << 22]),
            threads: 1 + random.below(3),
        }
    }

    fn pattern(text: &Text, fixed: bool, whole_line: bool, random: &mut Random) -> String {
        let piece = text.piece(random);
        let mut bytes = text.bytes[piece.clone()].to_vec();
        if whole_line {
            let line = text.line(piece.start);
            bytes = text.bytes[line.start..line.end.min(line.start + 2000)].to_vec();
        }
        if random.one_in(25) && !bytes.is_empty() {
            // What is not there.
            let at = random.below(bytes.len());
            bytes[at] = random.pick(b"qZ7_ks");
        }
        bytes.retain(|&byte| byte != 0 && byte != b'\n');
        if bytes.last() == Some(&b'\r') && random.one_in(2) {
            bytes.pop();
        }
        if fixed {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            return if random.one_in(6) { recased(&text, random) } else { text };
        }
        let regex = match random.below(9) {
            0 | 1 => generalised(&bytes, random),
            2 => {
                let line = text.line(piece.start);
                let start = piece.end.min(line.end);
                let from = start + random.below((line.end - start).min(BLOCK * 3));
                let rest = &text.bytes[from..line.end.min(from + 3 + random.below(10))];
                let rest: Vec<u8> = rest.iter().copied().filter(|&byte| byte != 0).collect();
                let between = random.pick(&[".*", ".*?", "(?:.*)+"]);
                format!("{}{between}{}", escaped(&bytes), escaped(&rest))
            }
            _ => escaped(&bytes),
        };
        match random.below(40) {
            0 => format!(r"\b{regex}\b"),
            1 => format!("^{regex}"),
            2 => format!("{regex}$"),
            3 => format!("(?i){}", escaped(recased(&String::from_utf8_lossy(&bytes), random).as_bytes())),
            4 => format!("(?i){regex}"),
            5 => format!("(?:{regex}|nowhere{:x})", random.below(1 << 20)),
            6 => format!("{regex}|{}", escaped(random.token().as_bytes())),
            7 => format!("(?:never)?{regex}(?:[0-9]+|k)?"),
            _ => regex,
        }
    }

    fn matcher(&self) -> MatcherBuilder {
        let mut builder = MatcherBuilder::new();
        builder
            .by_line(true)
            .fixed_strings(self.fixed)
            .case(self.case)
            .word(self.word)
            .whole_line(self.whole_line)
            .line_terminator(if self.crlf { LineTerminator::Crlf } else { LineTerminator::Lf })
            .merge(true);
        builder
    }

    /// What a search emits, and says in the end: of what the index leaves, or of everything.
    fn search(&self, matcher: Matcher, text: &Mapping, candidates: Option<&Candidates>) -> (Vec<u8>, Summary) {
        let mut builder = GrepBuilder::new();
        builder
            .goal(self.goal)
            .line_numbers(self.line_numbers)
            .before_context(self.before)
            .after_context(self.after)
            .max_count(self.max_count)
            .last(self.last)
            .reverse(self.reverse)
            .binary_detection(self.binary)
            .chunk_size(self.chunk);
        if let Some(range) = self.range.clone() {
            builder.range(range);
        }
        let grep = builder.build(matcher).unwrap();
        let mut out = vec![];
        let mut emit = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            ControlFlow::Continue(())
        };
        let (printer, pool) = (Printer { only_matches: self.only_matches }, pool(self.threads));
        let summary = match candidates {
            Some(candidates) => grep.search_parts(text, candidates.parts(), &printer, pool, &mut emit),
            None => grep.search_mapping(text, &printer, pool, &mut emit),
        };
        (out, summary.unwrap())
    }
}

/// All that a line comes with.
struct Printer {
    only_matches: bool,
}

impl Format for Printer {
    fn wants_matches(&self) -> bool {
        true
    }

    fn only_matches(&self) -> bool {
        self.only_matches
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let mark = if line.kind == LineKind::Match { ':' } else { '-' };
        let number = line.number.unwrap_or(0);
        if self.only_matches && mark == ':' {
            for m in line.matches {
                let start = line.skipped + m.start as u64;
                out.extend(format!("{}{mark}{number}{mark}{start}{mark}", line.offset + m.start as u64).bytes());
                out.extend_from_slice(&line.bytes[m.range()]);
                out.push(b'\n');
            }
            return;
        }
        out.extend(format!("{}{mark}{number}", line.offset).bytes());
        line.matches.iter().for_each(|m| out.extend(format!(" {}..{}", m.start, m.end).bytes()));
        out.push(mark as u8);
        out.extend_from_slice(line.bytes);
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        let (mut out, matches) = (vec![], matches.collect());
        self.line(&Line { matches: &matches, ..*line }, &mut out);
        emit(&out);
    }

    fn context_break(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"--\n");
    }
}

/// A file with an index.
struct Indexed {
    _directory: tempfile::TempDir,
    path: PathBuf,
    text: Text,
    builder: IndexBuilder,
}

impl Indexed {
    fn new(text: Text, small: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("text");
        std::fs::write(&path, &text.bytes).unwrap();
        let mut builder = IndexBuilder::new();
        builder.small(small);
        let indexed = Indexed { _directory: directory, path, text, builder };
        indexed.build();
        indexed
    }

    fn build(&self) {
        assert!(matches!(self.builder.build(&self.path, pool(2)).unwrap(), Outcome::Written(_)));
    }

    fn open(&self) -> (Index, Mapping, Freshness) {
        let index = Index::open(&self.path, None).unwrap().unwrap();
        let file = File::open(&self.path).unwrap();
        // SAFETY: nobody else knows the file.
        let text = unsafe { MapOptions::new().access(Access::Read).map_file(&file).unwrap() };
        let freshness = index.freshness(&file.metadata().unwrap(), &text).unwrap();
        (index, text, freshness)
    }

    fn freshness(&self) -> Freshness {
        self.open().2
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        // So that the time of the change is another one.
        std::thread::sleep(Duration::from_millis(15));
        let mut file = OpenOptions::new().write(true).open(&self.path).unwrap();
        file.seek(SeekFrom::Start(at as u64)).unwrap();
        file.write_all(bytes).unwrap();
        self.text.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.text.cut_tokens();
    }

    fn append(&mut self, len: usize, random: &mut Random) {
        let before = self.text.bytes.len();
        self.text.grow(len, random);
        let mut file = OpenOptions::new().append(true).open(&self.path).unwrap();
        file.write_all(&self.text.bytes[before..]).unwrap();
    }

    fn cut(&mut self, len: usize) {
        std::thread::sleep(Duration::from_millis(15));
        OpenOptions::new().write(true).open(&self.path).unwrap().set_len(len as u64).unwrap();
        self.text.bytes.truncate(len);
        self.text.cut_tokens();
    }

    /// One of the things that become of files; then the index can be relied on, or is made anew.
    fn change(&mut self, random: &mut Random) {
        let len = self.text.bytes.len();
        let kind = random.below(5);
        if kind >= 2 && self.freshness() == Freshness::Grown {
            // Of a file that has grown first, it is not known for sure what became of the rest.
            self.build();
        }
        match kind {
            0..2 => {
                let more = random.pick(&[1, 100, 5000, BLOCK, 300_000, MIB]);
                self.append(more, random);
                assert_eq!(self.freshness(), Freshness::Grown);
                if random.one_in(2) {
                    self.builder.update(&self.path, pool(1)).unwrap();
                }
            }
            2 => {
                // In the part that is indexed, or behind it.
                let covered = self.open().0.covered() as usize;
                let in_tail = random.one_in(2) && covered < len;
                let at = if in_tail { covered + random.below(len - covered) } else { random.below(covered.max(1)) };
                let mut bytes = random.token().into_bytes();
                bytes.truncate(if in_tail { len - at } else { (covered - at).max(1) });
                bytes[0] = if self.text.bytes[at] == b'!' { b'?' } else { b'!' };
                self.write(at, &bytes);
                assert_eq!(self.freshness(), Freshness::Stale(Stale::Changed));
                let verified = self.builder.verify(&self.path, pool(2)).unwrap();
                if at >= covered {
                    assert_eq!((verified.changed, self.freshness()), (vec![], Freshness::Same));
                    return;
                }
                assert!(verified.changed.iter().any(|range| range.contains(&(at as u64))));
                assert_eq!(self.freshness(), Freshness::Stale(Stale::Changed));
                self.builder.update(&self.path, pool(1)).unwrap_err();
                self.build();
            }
            3 => {
                let covered = self.open().0.covered() as usize;
                let in_tail = random.one_in(2) && covered < len;
                let keep = if in_tail { covered + random.below(len - covered) } else { covered / 2 + covered / 3 };
                if keep < MIB {
                    return;
                }
                self.cut(keep);
                assert_eq!(self.freshness(), Freshness::Stale(Stale::Shrunk));
                let verified = self.builder.verify(&self.path, pool(1)).unwrap();
                if keep >= covered {
                    assert_eq!((verified.changed, self.freshness()), (vec![], Freshness::Same));
                    return;
                }
                assert!(!verified.changed.is_empty());
                assert_eq!(self.freshness(), Freshness::Stale(Stale::Shrunk));
                self.build();
            }
            _ => {
                let small = random.one_in(2);
                self.builder.small(small);
                self.build();
            }
        }
    }
}

/// How many searches there were.
#[derive(Debug, Default)]
struct Counts {
    searches: u64,
    with_hits: u64,
    /// The index told some of the file not to be looked at.
    narrowed: u64,
    both: u64,
    /// Of the blocks that were indexed, these were looked at where the index helped.
    blocks: u64,
    all_blocks: u64,
    invalid: u64,
}

/// As many random searches of a file as are asked for.
fn search_some(indexed: &Indexed, random: &mut Random, seed: u64, counts: &mut Counts, count: u64) {
    let (index, mapping, freshness) = indexed.open();
    assert!(matches!(freshness, Freshness::Same | Freshness::Grown), "{freshness:?}, seed {seed}");
    let index = index.assume_fresh(&mapping);
    assert_eq!(mapping.len(), indexed.text.bytes.len());
    for _ in 0..count {
        let asked = Asked::random(&indexed.text, random);
        let Ok(matcher) = asked.matcher().build(&asked.patterns) else {
            // Such as one in which a class got what is none.
            counts.invalid += 1;
            continue;
        };
        let query = Query::new(&asked.matcher(), &asked.patterns).unwrap();
        let candidates = index.candidates(&query, asked.after as u64).unwrap();
        let (expected, of_whole) = asked.search(matcher.clone(), &mapping, None);
        let (found, summary) = asked.search(matcher, &mapping, Some(&candidates));
        if (&found, summary) != (&expected, of_whole) {
            let at = found.iter().zip(&expected).position(|(a, b)| a != b).unwrap_or(found.len().min(expected.len()));
            let show = |out: &[u8]| out[at.saturating_sub(100)..out.len().min(at + 200)].escape_ascii().to_string();
            panic!(
                "seed {seed}: {asked:?}\nneeds {query}\n{:?} of {} bytes, covered {}\n\
                 found    {summary:?} {}\nexpected {of_whole:?} {}",
                candidates.parts(),
                mapping.len(),
                index.covered(),
                show(&found),
                show(&expected)
            );
        }
        counts.searches += 1;
        let (has_hits, is_narrowed) = (of_whole.matched_lines > 0, !candidates.is_everything());
        counts.with_hits += u64::from(has_hits);
        counts.narrowed += u64::from(is_narrowed);
        counts.both += u64::from(has_hits && is_narrowed);
        if is_narrowed {
            counts.blocks += candidates.blocks();
            counts.all_blocks += candidates.all_blocks();
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|number| number.parse().ok())
}

#[test]
fn an_index_does_not_change_the_result() {
    let searches = number("MAPGREP_CASES").unwrap_or(80);
    let mut seed = number("MAPGREP_SEED").unwrap_or(1);
    // Debug builds take their time for an index, and for each search.
    let is_long = searches > 10_000;
    let (steps, of_a_step) = if is_long { (6, 50) } else { (4, 8) };
    let mut counts = Counts::default();
    while counts.searches < searches {
        let mut random = Random::new(seed);
        let mut text = Text::new();
        let most = 1 + random.below(4 * MIB);
        let len = if is_long { 2 * MIB + random.below(most) } else { MIB + random.below(MIB) };
        text.grow(len, &mut random);
        let mut indexed = Indexed::new(text, random.one_in(2));
        for step in 0..steps {
            search_some(&indexed, &mut random, seed, &mut counts, of_a_step);
            if step + 1 < steps {
                indexed.change(&mut random);
            }
        }
        if seed.is_multiple_of(20) {
            eprintln!("{counts:?}");
        }
        seed += 1;
    }
    println!("{counts:?}");
    if searches >= 1000 {
        assert!(counts.both * 2 >= counts.searches, "{counts:?}");
    }
}
