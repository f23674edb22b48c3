//! A writer that cuts, extends and writes: any outcome will do, but none that ends the process or the test.

use std::{
    fs::File,
    io::{BufRead, Read, SeekFrom, Write},
    ops::ControlFlow,
    os::unix::fs::FileExt,
    sync::{
        Barrier, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use mapgrep::{
    Error,
    grep::{Binary, Grep, GrepBuilder, Plain},
    mapping::{Access, Advice, MapOptions, Mapping},
    matcher::MatcherBuilder,
    scan::{Pool, Scanner},
};

use crate::support::{Hush, Random, Watchdog, map, rounds};

const LARGEST: usize = 120_000;

/// How a search ended.
#[derive(Clone, Copy, Debug)]
enum Ending {
    Complete,
    Truncated,
    Changed,
    Io,
    /// The file was empty, or what was asked for lay behind its end.
    Refused,
}

#[derive(Default)]
struct Counts([AtomicUsize; 5]);

impl Counts {
    fn count<T>(&self, outcome: Result<T, Error>) {
        let ending = match outcome {
            Ok(_) => Ending::Complete,
            Err(error) if error.is_truncated() => Ending::Truncated,
            Err(error) if error.is_changed() => Ending::Changed,
            Err(error) if error.is_io() => Ending::Io,
            Err(error) if error.is_invalid_input() || error.is_out_of_range() => Ending::Refused,
            Err(error) => panic!("{error:?}"),
        };
        self.0[ending as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn count_std<T>(&self, outcome: std::io::Result<T>) {
        self.count(outcome.map_err(|error| error.downcast::<Error>().expect("an error of the mapping")));
    }

    fn of(&self, ending: Ending) -> usize {
        self.0[ending as usize].load(Ordering::Relaxed)
    }

    fn show(&self, test: &str, rounds: usize) {
        let endings = [Ending::Complete, Ending::Truncated, Ending::Changed, Ending::Io, Ending::Refused];
        let shown: Vec<_> = endings.iter().map(|&ending| format!("{} {ending:?}", self.of(ending))).collect();
        println!("{test}: {rounds} rounds, {}", shown.join(", "));
        assert!(self.of(Ending::Complete) > 0 && self.of(Ending::Truncated) > 0);
    }
}

struct Search {
    scanner: Scanner,
    grep: Option<Grep>,
}

/// Patterns for every engine; those with a state for each look at the text are the ones that changing bytes can upset.
fn searches() -> &'static [Search] {
    const REGEXES: [&str; 12] = [
        r"\w+\s+\d+x?",
        r"\d+x?\b",
        r"(?:a|\d+)\s*x",
        r"[^a]*needle\b",
        r"\b\w{3,9}\b \d",
        r"^.*\d$",
        r"(?i)needle|x+y",
        r"(?s).\x00.",
        r"\p{L}+\d",
        r"a{1,40}b{1,40}\d?",
        "",
        "needle",
    ];
    static SEARCHES: OnceLock<Vec<Search>> = OnceLock::new();
    SEARCHES.get_or_init(|| {
        let mut searches = vec![];
        for regex in REGEXES {
            let [within_lines, free] =
                [true, false].map(|by_line| MatcherBuilder::new().by_line(by_line).build([regex]).unwrap());
            for (by_line, chunk) in [(true, 4096), (true, 1000), (false, 4096), (false, 1 << 20)] {
                let matcher = if by_line { &within_lines } else { &free };
                let mut scanner = Scanner::new(matcher.clone());
                scanner.chunk_size(chunk);
                let binary = if chunk == 1000 { Binary::Quit } else { Binary::Text };
                let mut builder = GrepBuilder::new();
                builder.chunk_size(chunk).line_numbers(true).binary_detection(binary).invert_match(chunk == 1000);
                builder.before_context(chunk % 3).after_context(chunk % 5);
                let grep = by_line.then(|| builder.build(matcher.clone()).unwrap());
                searches.push(Search { scanner, grep });
            }
        }
        let many = ["needle", "a1", "1 2", "\n", "xy\nxy", "zzzzzzzz"];
        let matcher = MatcherBuilder::new().fixed_strings(true).build(many).unwrap();
        let mut scanner = Scanner::new(matcher);
        scanner.chunk_size(500);
        searches.push(Search { scanner, grep: None });
        searches
    })
}

#[test]
fn searches_outlive_a_writer_that_does_everything() {
    let rounds = rounds(30);
    let (watchdog, counts) = (Watchdog::new("a writer that does everything"), Counts::default());
    let _hush = Hush::new();
    let file = tempfile::tempfile().unwrap();
    for round in 0..rounds {
        let mut random = Random::new(round as u64);
        file.set_len(0).unwrap();
        file.write_all_at(&block(&mut random, LARGEST), 0).unwrap();
        // Older kernels count the time of changes in steps; a change in the step of the mapping would go unseen.
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
        let readers = 1 + random.below(2);
        let barrier = Barrier::new(readers + 1);
        let is_written = AtomicBool::new(false);
        let shared = random.one_in(2).then(|| map_to_read(&file).unwrap());
        let (shared, barrier, is_written) = (shared.as_ref(), &barrier, &is_written);
        thread::scope(|scope| {
            for _ in 0..readers {
                let mut random = Random::new(random.next());
                let (file, counts) = (&file, &counts);
                scope.spawn(move || {
                    barrier.wait();
                    loop {
                        let is_last = is_written.load(Ordering::Acquire);
                        match shared {
                            Some(mapping) => search(mapping, &mut random, counts),
                            None => match map_to_read(file) {
                                Ok(mapping) => (0..3).for_each(|_| search(&mapping, &mut random, counts)),
                                Err(error) => counts.count::<()>(Err(error)),
                            },
                        }
                        if is_last {
                            break;
                        }
                    }
                });
            }
            barrier.wait();
            for _ in 0..1 + random.below(30) {
                random.dawdle();
                change(&file, &mut random);
            }
            is_written.store(true, Ordering::Release);
        });
        watchdog.round_is_done();
    }
    counts.show("a writer that does everything", rounds);
}

/// Mappings that are written to, and change their length, while somebody else does the same to the file.
#[test]
fn writing_mappings_outlive_a_writer_that_does_everything() {
    let rounds = rounds(30);
    let (watchdog, counts) = (Watchdog::new("two writers"), Counts::default());
    let file = tempfile::tempfile().unwrap();
    for round in 0..rounds {
        let mut random = Random::new(!(round as u64));
        file.set_len(0).unwrap();
        file.write_all_at(&block(&mut random, LARGEST), 0).unwrap();
        let (barrier, is_written) = (Barrier::new(2), AtomicBool::new(false));
        thread::scope(|scope| {
            let mut other = Random::new(random.next());
            let (file, counts, barrier, is_written) = (&file, &counts, &barrier, &is_written);
            scope.spawn(move || {
                barrier.wait();
                while !is_written.load(Ordering::Acquire) {
                    let mut options = MapOptions::new();
                    options.access(other.pick(&[Access::Write, Access::Copy, Access::Default]));
                    options.track_fd(!other.one_in(4));
                    match map(file, &options) {
                        Ok(mut mapping) => (0..8).for_each(|_| use_mutably(&mut mapping, &mut other, counts)),
                        Err(error) => counts.count::<()>(Err(error)),
                    }
                }
            });
            barrier.wait();
            for _ in 0..1 + random.below(30) {
                random.dawdle();
                change(file, &mut random);
            }
            is_written.store(true, Ordering::Release);
        });
        watchdog.round_is_done();
    }
    counts.show("two writers", rounds);
}

fn map_to_read(file: &File) -> Result<Mapping, Error> {
    map(file, MapOptions::new().access(Access::Read))
}

/// Bytes of one of several kinds, so that writing another kind changes what matches.
fn block(random: &mut Random, len: usize) -> Vec<u8> {
    const KINDS: [&[&[u8]]; 7] = [
        &[b"1", b"2", b"x"],
        &[b"needle", b" ", b"1", b"\n"],
        &[b"a", b"b", b" ", b"\n", b"7"],
        &[b"word", b"\t", b" ", b"12"],
        &[b"\xC3\xA9", b"\xFF", b"\xE2\x82", b"9", b"\n"],
        &[b"\0", b"a"],
        &[b"xy\n"],
    ];
    let pieces = random.pick(&KINDS);
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        let mut chance = random.next();
        for _ in 0..16 {
            bytes.extend_from_slice(pieces[chance as usize % 16 % pieces.len()]);
            chance >>= 4;
        }
    }
    bytes.truncate(len);
    bytes
}

/// Does something to the file.
fn change(file: &File, random: &mut Random) {
    let size = file.metadata().unwrap().len() as usize;
    match random.below(6) {
        0 => file.set_len(random.below(size.max(1)) as u64).unwrap(),
        1 => file.set_len(random.below(LARGEST) as u64).unwrap(),
        2 => file.set_len(LARGEST as u64).unwrap(),
        3 => {
            let bytes = block(random, LARGEST);
            file.write_all_at(&bytes, 0).unwrap();
        }
        _ => {
            let len = 1 + random.below(20_000);
            let bytes = block(random, len);
            file.write_all_at(&bytes, random.below(LARGEST - len) as u64).unwrap();
        }
    }
}

fn search(mapping: &Mapping, random: &mut Random, counts: &Counts) {
    static POOL: OnceLock<Pool> = OnceLock::new();
    let pool = POOL.get_or_init(|| Pool::new(2));
    let searches = searches();
    let search = &searches[random.below(searches.len())];
    match random.below(6) {
        0 | 1 => {
            // What is found may be nonsense, but the order is that of the file.
            let mut last = 0;
            let sink = |m: mapgrep::FileMatch| {
                assert!(last <= m.start && m.start <= m.end && m.end <= mapping.len() as u64, "{m:?} behind {last}");
                last = m.end;
                ControlFlow::Continue(())
            };
            counts.count(match random.one_in(3) {
                true => search.scanner.for_each(mapping, sink),
                false => search.scanner.for_each_in(pool, mapping, sink),
            });
        }
        2 | 3 => {
            let Some(grep) = &search.grep else { return };
            counts.count(grep.search_mapping(mapping, &Plain, pool, &mut |_| ControlFlow::Continue(())));
        }
        4 => {
            let needle = random.pick(&[&b"needle"[..], b"12 12", b"zzzzzz", b"\n", b"aab", b""]);
            counts.count(mapping.find(needle));
            counts.count(mapping.rfind(needle));
            let middle = (mapping.len() / 2) as isize;
            counts.count(mapping.find_in(needle, middle..));
            counts.count(mapping.rfind_in(needle, ..middle));
        }
        _ => {
            counts.count(mapping.slice(..));
            counts.count(mapping.guarded(.., |bytes| bytes.iter().filter(|&&byte| byte == b'\n').count()));
            counts.count(mapping.iter().collect::<Result<Vec<u8>, _>>());
            counts.count(mapping.advise(Advice::WillNeed));
        }
    }
}

fn use_mutably(mapping: &mut Mapping, random: &mut Random, counts: &Counts) {
    let place = random.below(mapping.len().max(1));
    match random.below(10) {
        0 => counts.count(mapping.guarded_mut(place.., |bytes| bytes.fill(b'm'))),
        1 => counts.count(mapping.copy_within(place..mapping.len(), 0)),
        2 => counts.count(mapping.set_slice(place as isize..place as isize + 1, b"s")),
        3 => {
            let resized = mapping.resize(1 + random.below(LARGEST));
            // A mapping of which no descriptor is kept, or that is private, has the length that it has.
            if !resized.as_ref().is_err_and(Error::is_read_only) {
                counts.count(resized);
            }
        }
        4 => counts.count(mapping.flush_range(place - place % 4096..)),
        5 => {
            counts.count(mapping.seek(SeekFrom::Start(place as u64)));
            counts.count(mapping.write(b"written"));
            counts.count(mapping.read_line());
        }
        6 => {
            let mut lines = mapping.buffered();
            let mut line = vec![];
            for _ in 0..20 {
                line.clear();
                counts.count_std(lines.read_until(b'\n', &mut line));
            }
        }
        7 => {
            counts.count_std(mapping.read(&mut [0; 9000]));
            counts.count_std(Write::write(mapping, b"w"));
        }
        8 => counts.count(mapping.set(place as isize, b's')),
        _ => counts.count(mapping.get(-1)),
    }
}
