//! One run with `--range`, of 70 bytes on a loaded machine, came back empty, and never again. Whatever the order in
//! which threads get to run, ranges that follow each other add up to the whole: many searches at once, each with more
//! threads than there are cores, beside threads that do nothing but take time.

use std::{
    io::{self, Read},
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
};

use mapgrep::{
    grep::{Format, Goal, GrepBuilder, Line},
    mapping::MapOptions,
    matcher::MatcherBuilder,
    scan::Pool,
};

use crate::support::commands::{files, mapgrep, said, said_of};

/// How many searches are under way at once.
const AT_ONCE: usize = 8;

fn rounds(ordinary: usize) -> usize {
    if std::env::var_os("MAPGREP_TORTURE").is_some() { 100 * ordinary } else { ordinary }
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    /// Lines with few letters, some of them long.
    fn text(&mut self) -> Vec<u8> {
        let len = [20, 70, 300, 3000][self.below(4)];
        let line = [3, 10, 40, 1000][self.below(4)];
        (0..len).map(|_| if self.below(line) == 0 { b'\n' } else { b"abc 1"[self.below(5)] }).collect()
    }

    /// Where ranges begin and end that follow each other up to the end of a text.
    fn borders(&mut self, len: usize) -> Vec<u64> {
        let mut borders: Vec<u64> = (0..self.below(4)).map(|_| self.below(len + 2) as u64).collect();
        borders.extend([0, u64::MAX]);
        borders.sort_unstable();
        borders
    }
}

/// Takes the time of a processor until it is dropped.
struct Load<'a>(&'a AtomicBool);

impl<'a> Load<'a> {
    fn start<'scope>(scope: &'scope thread::Scope<'scope, '_>, over: &'a AtomicBool) -> Self
    where
        'a: 'scope,
    {
        for _ in 0..4 {
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        Load(over)
    }
}

impl Drop for Load<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A stream that comes in pieces of any size, and lets others run between them.
struct Pieces {
    text: Vec<u8>,
    at: usize,
    random: Random,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.random.below(3) == 0 {
            thread::yield_now();
        }
        let most = buffer.len().min(1 + self.random.below(50));
        let read = (&self.text[self.at..]).read(&mut buffer[..most])?;
        self.at += read;
        Ok(read)
    }
}

/// Lines, or the matches in them, with their offsets in the file.
struct Offsets {
    only_matches: bool,
}

impl Format for Offsets {
    fn wants_matches(&self) -> bool {
        self.only_matches
    }

    fn only_matches(&self) -> bool {
        self.only_matches
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        let mut push =
            |at: u64, bytes: &[u8]| out.extend_from_slice(format!("{at} {} ", bytes.escape_ascii()).as_bytes());
        if !self.only_matches {
            return push(line.offset, line.bytes);
        }
        line.matches.iter().for_each(|m| push(line.offset + m.start as u64, &line.bytes[m.range()]));
    }
}

/// Searches a text range by range, and at once, in some way.
fn check(random: &mut Random) {
    const PATTERNS: [&str; 8] = ["a", "ab|c1", "[abc]+", "b.*1", "^", "c$", "a{1,3}b?", "^ab"];
    let text = random.text();
    let pattern = PATTERNS[random.below(PATTERNS.len())];
    let matcher = MatcherBuilder::new().by_line(true).build([pattern]).unwrap();
    let format = Offsets { only_matches: random.below(2) == 0 };
    let counts = random.below(3) == 0;
    let mut builder = GrepBuilder::new();
    builder
        .chunk_size([1, 7, 64, 1 << 19][random.below(4)])
        .invert_match(random.below(5) == 0)
        .line_numbers(random.below(2) == 0)
        .goal(if counts { Goal::CountMatches } else { Goal::Lines });
    let pool = Pool::new(1 + random.below(6));
    let is_mapped = random.below(2) == 0;
    let mut memory = MapOptions::new().len(text.len()).map_anonymous().unwrap();
    memory.set_slice(.., &text).unwrap();
    let (borders, seed) = (random.borders(text.len()), random.0);
    let mut run = |start: u64, end: u64| {
        let grep = builder.range(start..end).build(matcher.clone()).unwrap();
        let mut out = vec![];
        let mut emit = |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            ControlFlow::Continue(())
        };
        let summary = match is_mapped {
            true => grep.search_mapping(&memory, &format, &pool, &mut emit),
            false => {
                let pieces = Pieces { text: text.clone(), at: 0, random: Random(seed ^ start) };
                grep.search_reader(pieces, &format, &pool, &mut emit)
            }
        };
        (String::from_utf8(out).unwrap(), if counts { summary.unwrap().matches } else { 0 })
    };
    let whole = run(0, u64::MAX);
    let parts: Vec<_> = borders.windows(2).map(|range| run(range[0], range[1])).collect();
    let sum = (parts.iter().map(|part| part.0.as_str()).collect::<String>(), parts.iter().map(|part| part.1).sum());
    assert_eq!(
        sum,
        whole,
        "{pattern} at {borders:?} of {:?}, mapped {is_mapped}: {builder:?}",
        text.escape_ascii().to_string()
    );
}

#[test]
fn ranges_add_up_to_the_whole() {
    let over = AtomicBool::new(false);
    let done = AtomicUsize::new(0);
    let rounds = rounds(400);
    thread::scope(|scope| {
        let load = Load::start(scope, &over);
        let searches: Vec<_> = (0..AT_ONCE)
            .map(|seed| {
                let done = &done;
                scope.spawn(move || {
                    let mut random = Random(seed as u64);
                    for _ in 0..rounds {
                        check(&mut random);
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        let failed: Vec<_> = searches.into_iter().filter_map(|search| search.join().err()).collect();
        drop(load);
        if let Some(panic) = failed.into_iter().next() {
            std::panic::resume_unwind(panic);
        }
    });
    assert_eq!(done.into_inner(), AT_ONCE * rounds);
}

/// The command on a file, on the same through a pipe, and in a directory, many at once.
#[test]
fn the_outputs_of_ranges_add_up_to_that_of_the_whole() {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let load = Load::start(scope, &over);
        let searches: Vec<_> = (0..AT_ONCE)
            .map(|seed| {
                scope.spawn(move || {
                    let mut random = Random(1000 + seed as u64);
                    for _ in 0..rounds(4) {
                        let text = random.text();
                        let dir = files(&[("f", &text)]);
                        let options = [&["-n", "-b"][..], &["-o", "-b", "-j3", "--chunk-size=7"], &["-b", "-j4"]]
                            [random.below(3)];
                        let way = random.below(3);
                        let run = |range: &str| {
                            let place: &[&str] = [&["f"][..], &[], &["-I", "."]][way];
                            let mut command =
                                mapgrep(dir.path(), &[options, &["--range", range, "[ab]1"], place].concat());
                            let (status, out, errors) =
                                if way == 1 { said_of(&mut command, &text) } else { said(&mut command) };
                            assert_eq!((status, errors.as_str()), (i32::from(out.is_empty()), ""));
                            out
                        };
                        let borders = random.borders(text.len());
                        let range = |range: &[u64]| match range[1] {
                            u64::MAX => format!("{}..", range[0]),
                            end => format!("{}..{end}", range[0]),
                        };
                        let parts: String = borders.windows(2).map(|borders| run(&range(borders))).collect();
                        assert_eq!(parts, run("0.."), "{borders:?} of {:?}", text.escape_ascii().to_string());
                    }
                })
            })
            .collect();
        let failed: Vec<_> = searches.into_iter().filter_map(|search| search.join().err()).collect();
        drop(load);
        if let Some(panic) = failed.into_iter().next() {
            std::panic::resume_unwind(panic);
        }
    });
}
