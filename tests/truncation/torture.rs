//! A writer that only cuts: whatever is reported as complete equals what the file had at first.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    ops::ControlFlow,
    os::unix::fs::FileExt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::Path,
    process::{ChildStdin, ChildStdout},
    sync::{
        Barrier, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use mapgrep::{
    Error,
    grep::{Grep, GrepBuilder, Plain},
    mapping::{Access, MapOptions, Mapping, page_size},
    matcher::MatcherBuilder,
    scan::{Pool, Scanner},
};

use crate::support::{self, Hush, Random, Watchdog, file_of, map, rounds};

/// The length of all lines, with their ends. Pages end within lines' neighbours and, since it divides no page, within
/// lines.
const LINE: usize = 60;

/// Lines of which each tells where it is.
fn text() -> &'static [u8] {
    static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
    TEXT.get_or_init(|| {
        (0..3_000)
            .flat_map(|number| {
                let word = if number % 3 == 0 { "needle" } else { "hay" };
                let mut line = format!("line {number:06} of some {word} and the same {number:06}");
                line.extend(std::iter::repeat_n('.', LINE - 1 - line.len()));
                line.push('\n');
                line.into_bytes()
            })
            .collect()
    })
}

/// A search of the whole file, and what it gives for the whole text. No match depends on what is on other lines.
struct Search {
    scanner: Scanner,
    matches: Vec<(u64, u64)>,
    grep: Grep,
    output: Vec<u8>,
}

fn searches() -> &'static [Search] {
    /// Each with whether it is confined to lines. All of them match NULs too, which no file of the test has.
    const PATTERNS: [(&str, bool); 7] = [
        ("needle|\0", true),
        (r"line \d{6}|\x00+", true),
        (r"\w+\s+and\s+(the|\x00)|\x00", true),
        (r"needle and|\x00{1,9}", false),
        (r"\d{6}\.|\x00", false),
        (r"needle [^\n]*\n|\x00+", false),
        (r"[^\n\x00]+\n|\x00+", false),
    ];
    static SEARCHES: OnceLock<Vec<Search>> = OnceLock::new();
    SEARCHES.get_or_init(|| PATTERNS.map(|(pattern, by_line)| Search::new(pattern, by_line)).into())
}

impl Search {
    fn new(pattern: &str, by_line: bool) -> Self {
        let matcher = |by_line| MatcherBuilder::new().by_line(by_line).build([pattern]).unwrap();
        let regex = regex::bytes::Regex::new(pattern).unwrap();
        let matches = regex.find_iter(text()).map(|m| (m.start() as u64, m.end() as u64)).collect();
        // Lines have no line ends, but what matches one here does so at the end of a line.
        let grep_pattern = pattern.replace(r"\n|", "|");
        let grep_regex = regex::bytes::Regex::new(&grep_pattern).unwrap();
        let lines = text().split_inclusive(|&byte| byte == b'\n');
        let output = lines.filter(|line| grep_regex.is_match(&line[..LINE - 1])).collect::<Vec<_>>().concat();
        let mut scanner = Scanner::new(matcher(by_line));
        scanner.chunk_size(8192);
        let grep_matcher = MatcherBuilder::new().by_line(true).build([grep_pattern]).unwrap();
        let grep = GrepBuilder::new().chunk_size(8192).build(grep_matcher).unwrap();
        Search { scanner, matches, grep, output }
    }

    /// Matches that lie in the first `len` bytes.
    fn matches_before(&self, len: usize) -> &[(u64, u64)] {
        &self.matches[..self.matches.partition_point(|m| m.1 <= len as u64)]
    }
}

/// How a file of one round is read.
#[derive(Clone, Copy, Debug)]
struct Setup {
    access: Access,
    track_fd: bool,
    /// All readers have the same mapping.
    is_shared: bool,
    len: usize,
}

impl Setup {
    fn new(random: &mut Random) -> Self {
        let access = random.pick(&[Access::Read, Access::Read, Access::Write, Access::Copy, Access::Default]);
        let lines = 1 + random.below(text().len() / LINE);
        Setup { access, track_fd: !random.one_in(4), is_shared: random.one_in(2), len: lines * LINE }
    }

    fn map(&self, file: &File) -> Result<Mapping, Error> {
        map(file, MapOptions::new().access(self.access).track_fd(self.track_fd))
    }
}

/// What came of the reads of a test.
#[derive(Default)]
struct Counts {
    complete: AtomicUsize,
    truncated: AtomicUsize,
    /// Mappings that had a fault.
    poisoned: AtomicUsize,
}

impl Counts {
    fn count(&self, error: &Error, setup: Setup) {
        assert!(error.is_truncated(), "{setup:?}: {error:?}");
        let at = error.offset().expect("a truncation has a place");
        assert!(at <= setup.len as u64, "{setup:?}: truncated at {at}");
        self.truncated.fetch_add(1, Ordering::Relaxed);
    }

    fn count_complete(&self) {
        self.complete.fetch_add(1, Ordering::Relaxed);
    }

    fn show(&self, test: &str, rounds: usize) {
        let [complete, truncated, poisoned] =
            [&self.complete, &self.truncated, &self.poisoned].map(|count| count.load(Ordering::Relaxed));
        println!(
            "{test}: {rounds} rounds, {complete} reads complete, {truncated} truncated, {poisoned} mappings poisoned"
        );
        assert!(complete > 0 && truncated > 0);
    }
}

#[test]
fn what_is_complete_is_the_original_while_a_thread_cuts() {
    let rounds = rounds(150);
    let _hush = Hush::new();
    let (watchdog, counts) = (Watchdog::new("a thread cuts"), Counts::default());
    let file = tempfile::tempfile().unwrap();
    for round in 0..rounds {
        let mut random = Random::new(round as u64);
        let setup = Setup::new(&mut random);
        let cuts = prepare(&file, setup, &mut random);
        read_while(&file, setup, &mut random, &counts, |random| {
            for cut in cuts {
                random.dawdle();
                file.set_len(cut as u64).unwrap();
            }
        });
        watchdog.round_is_done();
    }
    counts.show("a thread cuts", rounds);
}

#[test]
fn what_is_complete_is_the_original_while_a_process_cuts() {
    let rounds = rounds(150);
    let _hush = Hush::new();
    let (watchdog, counts) = (Watchdog::new("a process cuts"), Counts::default());
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut cutter = Cutter::start(file.path());
    for round in 0..rounds {
        let mut random = Random::new(!(round as u64));
        let setup = Setup::new(&mut random);
        let cuts = prepare(file.as_file(), setup, &mut random);
        read_while(file.as_file(), setup, &mut random, &counts, |_| cutter.cut(&cuts));
        watchdog.round_is_done();
    }
    counts.show("a process cuts", rounds);
}

/// A match is found before the file is cut, and the next one would be decided by what is gone.
#[test]
fn no_match_is_made_of_what_a_cut_has_left_of_it() {
    // The third match is one with which a batch is delivered.
    const LEFT: usize = 2 * LINE + "line 0000".len();
    for (pattern, by_line) in [(r"line \d+", false), (r"line \d+", true), (r"line \d{1,6}", false)] {
        let file = file_of(&text()[..10 * LINE]);
        let mapping = map(&file, MapOptions::new().access(Access::Read)).unwrap();
        let matcher = MatcherBuilder::new().by_line(by_line).build([pattern]).unwrap();
        let mut found = vec![];
        let outcome = Scanner::new(matcher).chunk_size(LINE).for_each(&mapping, |m: mapgrep::FileMatch| {
            file.set_len(LEFT as u64).unwrap();
            found.push(m.start..m.end);
            ControlFlow::Continue(())
        });
        let wanted: Vec<_> = (0..10).map(|line| line * LINE as u64).map(|start| start..start + 11).collect();
        assert!(wanted.starts_with(&found), "{pattern}: {found:?}");
        if found.len() < wanted.len() {
            assert!(outcome.unwrap_err().is_truncated(), "{pattern}: {found:?}");
        }
    }
}

/// Gives the file its bytes, and says where it is to be cut.
fn prepare(file: &File, setup: Setup, random: &mut Random) -> Vec<usize> {
    file.set_len(0).unwrap();
    file.write_all_at(&text()[..setup.len], 0).unwrap();
    let mut cuts: Vec<usize> = (0..1 + random.below(6)).map(|_| random.below(setup.len)).collect();
    cuts.sort_unstable_by(|a, b| b.cmp(a));
    cuts
}

/// Reads in several threads until `cut` has returned, and once more then.
fn read_while(file: &File, setup: Setup, random: &mut Random, counts: &Counts, cut: impl FnOnce(&mut Random)) {
    let readers = 1 + random.below(3);
    let barrier = Barrier::new(readers + 1);
    let is_cut = AtomicBool::new(false);
    let shared = setup.is_shared.then(|| setup.map(file).unwrap());
    let owned = (0..readers).map(|_| (!setup.is_shared).then(|| setup.map(file).unwrap())).collect::<Vec<_>>();
    let (shared, is_cut, barrier) = (shared.as_ref(), &is_cut, &barrier);
    thread::scope(|scope| {
        for own in owned {
            let seed = random.next();
            scope.spawn(move || {
                let mut reader = Reader { setup, counts, random: Random::new(seed) };
                barrier.wait();
                match own {
                    Some(mapping) => reader.read_own(file, mapping, is_cut),
                    None => reader.read_shared(shared.unwrap(), is_cut),
                }
            });
        }
        barrier.wait();
        let outcome = catch_unwind(AssertUnwindSafe(|| cut(random)));
        // Whatever happened, the readers have to end.
        is_cut.store(true, Ordering::Release);
        outcome.unwrap_or_else(|payload| resume_unwind(payload));
    });
    if let Some(mapping) = shared {
        counts.poisoned.fetch_add(usize::from(mapping.tell().is_err()), Ordering::Relaxed);
    }
}

struct Reader<'a> {
    setup: Setup,
    counts: &'a Counts,
    random: Random,
}

impl Reader<'_> {
    fn read_shared(&mut self, mapping: &Mapping, is_cut: &AtomicBool) {
        loop {
            let is_last = is_cut.load(Ordering::Acquire);
            self.read(mapping);
            if is_last {
                break self.expect_cut(mapping);
            }
        }
    }

    /// A mapping that had a fault is replaced by a new one, of what the file has then.
    fn read_own(&mut self, file: &File, mut mapping: Mapping, is_cut: &AtomicBool) {
        loop {
            let is_last = is_cut.load(Ordering::Acquire);
            if self.setup.access != Access::Read && self.random.one_in(3) {
                self.write(&mut mapping);
            }
            self.read(&mapping);
            if is_last && mapping.len() == self.setup.len {
                self.expect_cut(&mapping);
            }
            if mapping.tell().is_err() {
                self.counts.poisoned.fetch_add(1, Ordering::Relaxed);
                match self.setup.map(file) {
                    Ok(new) => mapping = new,
                    Err(error) => {
                        // There is nothing to map in an empty file.
                        assert!(error.is_invalid_input(), "{error:?}");
                        break;
                    }
                }
            }
            if is_last {
                break;
            }
        }
    }

    /// When all is done, a look at everything fails.
    fn expect_cut(&mut self, mapping: &Mapping) {
        if self.setup.track_fd {
            let error = mapping.guarded(.., <[u8]>::len).unwrap_err();
            self.counts.count(&error, self.setup);
        }
    }

    fn read(&mut self, mapping: &Mapping) {
        // A search can be told from an incomplete one only where the size of the file is known.
        let kinds = if self.setup.track_fd { 5 } else { 2 };
        match self.random.below(kinds) {
            0 | 1 => self.read_chunks(mapping),
            2 => self.scan(mapping),
            3 => self.grep(mapping),
            _ => self.find(mapping),
        }
    }

    fn read_chunks(&mut self, mapping: &Mapping) {
        let size = self.random.pick(&[1000, 4096, 8192, 50_000, 1 << 20]);
        for start in (0..mapping.len()).step_by(size) {
            let end = mapping.len().min(start + size);
            let wanted = &text()[start..end];
            let yields = self.random.one_in(4);
            let has_wanted = mapping.guarded(start..end, |bytes| {
                if yields {
                    thread::yield_now();
                }
                match self.setup.track_fd {
                    true => bytes == wanted,
                    // All pages are looked at, whatever is in them.
                    false => is_cut_in_its_last_page(start, bytes.to_vec(), wanted),
                }
            });
            match has_wanted {
                Ok(has_wanted) => {
                    assert!(has_wanted, "{:?}: {start}..{end} is not the original", self.setup);
                    self.counts.count_complete();
                }
                Err(error) => {
                    self.counts.count(&error, self.setup);
                    if !self.setup.track_fd {
                        // It was a fault then, and stays one.
                        assert!(mapping.guarded(0..0, |_| ()).unwrap_err().is_truncated());
                    }
                }
            }
        }
    }

    /// Puts the same bytes into the file again, or into pages of the mapping's own.
    fn write(&mut self, mapping: &mut Mapping) {
        let start = self.random.below(mapping.len());
        let end = mapping.len().min(start + 1 + self.random.below(20_000));
        let written = mapping.guarded_mut(start..end, |bytes| bytes.copy_from_slice(&text()[start..end]));
        match written {
            Ok(()) => self.counts.count_complete(),
            Err(error) => self.counts.count(&error, self.setup),
        }
    }

    fn scan(&mut self, mapping: &Mapping) {
        let searches = searches();
        let search = &searches[self.random.below(searches.len())];
        let mut found = vec![];
        let sink = |m: mapgrep::FileMatch| {
            found.push((m.start, m.end));
            ControlFlow::Continue(())
        };
        let outcome = match self.random.one_in(2) {
            true => search.scanner.for_each(mapping, sink),
            false => search.scanner.for_each_in(pool(), mapping, sink),
        };
        let wanted = search.matches_before(mapping.len());
        let is_whole = self.is_whole(mapping);
        // The last line of a file that was mapped after a cut may be a part of one, with a match of its own.
        if !is_whole {
            found.truncate(found.len().saturating_sub(2));
        }
        let pattern = search.scanner.matcher().description();
        assert!(wanted.starts_with(&found), "{:?}, {pattern}: {}", self.setup, difference(&found, wanted));
        match outcome {
            Ok(_) if is_whole => {
                assert_eq!(found.len(), wanted.len(), "{:?}, {pattern}", self.setup);
                self.counts.count_complete();
            }
            Ok(_) => {}
            Err(error) => self.counts.count(&error, self.setup),
        }
    }

    fn grep(&mut self, mapping: &Mapping) {
        if !self.is_whole(mapping) {
            return;
        }
        let searches = searches();
        let search = &searches[self.random.below(searches.len())];
        let mut out = vec![];
        let outcome = search.grep.search_mapping(mapping, &Plain, pool(), &mut |bytes| {
            out.extend_from_slice(bytes);
            ControlFlow::Continue(())
        });
        assert!(search.output.starts_with(&out), "{:?}: lines that the file does not have", self.setup);
        assert!(out.is_empty() || out.ends_with(b"\n"), "{:?}: a part of a line", self.setup);
        match outcome {
            Ok(summary) => {
                let lines = search.matches_before(mapping.len());
                let lines = lines.chunk_by(|a, b| a.0 / LINE as u64 == b.0 / LINE as u64).count() as u64;
                assert_eq!((summary.matched_lines, out.len() as u64), (lines, lines * LINE as u64), "{:?}", self.setup);
                self.counts.count_complete();
            }
            Err(error) => self.counts.count(&error, self.setup),
        }
    }

    fn find(&mut self, mapping: &Mapping) {
        // Some are longer than the rest of the text is, and not there.
        let line = self.random.below(text().len() / LINE);
        let needle = format!("line {line:06}");
        let place = Some(line * LINE).filter(|at| at + needle.len() <= mapping.len());
        let found = match self.random.one_in(2) {
            true => mapping.find(needle.as_bytes()),
            false => mapping.rfind(needle.as_bytes()),
        };
        match found {
            Ok(found) => {
                assert_eq!(found, place, "{:?}: {needle}", self.setup);
                self.counts.count_complete();
            }
            Err(error) => self.counts.count(&error, self.setup),
        }
    }

    fn is_whole(&self, mapping: &Mapping) -> bool {
        mapping.len() == self.setup.len
    }
}

/// Where the size of the file is not known, the rest of the page in which it ends reads as zeros, or as what another
/// mapping has written there since. The page behind that is gone, which is noticed.
fn is_cut_in_its_last_page(start: usize, bytes: Vec<u8>, wanted: &[u8]) -> bool {
    let Some(at) = bytes.iter().zip(wanted).position(|(byte, wanted)| byte != wanted) else { return true };
    start + bytes.len() <= (start + at + 1).next_multiple_of(page_size())
        && bytes.iter().zip(wanted).all(|(&byte, &wanted)| byte == wanted || byte == 0)
}

/// The first match that is not the wanted one.
fn difference(found: &[(u64, u64)], wanted: &[(u64, u64)]) -> String {
    let at = found.iter().zip(wanted).position(|(a, b)| a != b).unwrap_or(wanted.len());
    format!("match {at} of {} is {:?} instead of {:?}", found.len(), found.get(at), wanted.get(at))
}

fn pool() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(|| Pool::new(2))
}

/// A process that cuts a file where it is told to.
struct Cutter {
    child: std::process::Child,
    orders: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Cutter {
    fn start(path: &Path) -> Self {
        let mut child = support::start("torture::cutter", path.to_str().unwrap());
        let (orders, replies) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Cutter { child, orders, replies }
    }

    /// Has the file cut, and returns when that is done.
    fn cut(&mut self, cuts: &[usize]) {
        let order: Vec<_> = cuts.iter().map(usize::to_string).collect();
        writeln!(self.orders.as_ref().unwrap(), "{}", order.join(" ")).unwrap();
        let done = (&mut self.replies).lines().try_for_each(|line| match line.unwrap().ends_with("cut") {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
        assert!(done.is_break(), "the cutter has ended");
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}

/// No test, but what the process of [`Cutter`] does.
#[test]
fn cutter() {
    let Some(path) = std::env::var_os(support::PART) else { return };
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let mut random = Random::new(1);
    for order in std::io::stdin().lines() {
        for cut in order.unwrap().split_whitespace() {
            random.dawdle();
            file.set_len(cut.parse().unwrap()).unwrap();
        }
        println!("cut");
    }
}
