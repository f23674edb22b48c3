//! Makes a failing case smaller while it still fails.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::case::{Case, Difference, Stdin, Tools};

/// The most time that goes into one case.
const BUDGET: Duration = Duration::from_secs(20);

/// Reruns variants of a failing case.
struct Minimiser<'a> {
    tools: &'a Tools,
    deadline: Instant,
    /// Whether ripgrep refused the original command line. A variant must
    /// agree on that, or dropping half a regex would turn every failure into
    /// one about the wording of syntax errors.
    refused: bool,
}

impl Minimiser<'_> {
    /// Whether the time is spent.
    fn is_over(&self) -> bool {
        Instant::now() > self.deadline
    }

    /// Whether a variant still fails in the same manner.
    fn fails(&self, case: &Case) -> bool {
        if case.deliberate_difference().is_some() {
            return false;
        }
        let run = || -> io::Result<Option<Difference>> {
            let dir = tempfile::tempdir()?;
            case.materialise(dir.path())?;
            case.compare(self.tools, dir.path())
        };
        matches!(run(), Ok(Some(difference))
            if (difference.expected.status.code() == Some(2)) == self.refused)
    }

    /// Keeps a variant if it still fails.
    fn accept(&self, case: &mut Case, variant: Case) -> bool {
        let fails = self.fails(&variant);
        if fails {
            *case = variant;
        }
        fails
    }

    /// Drops as many items of a list as possible, in ever smaller runs.
    fn shrink<T: Clone>(&self, case: &mut Case, items: Vec<T>, least: usize, rebuild: impl Fn(&Case, &[T]) -> Case) {
        let mut items = items;
        let mut run = items.len().div_ceil(2);
        while run > 0 {
            let mut start = 0;
            while start < items.len() && items.len() > least && !self.is_over() {
                let end = (start + run).min(items.len());
                let mut fewer = items.clone();
                fewer.drain(start..end);
                if fewer.len() >= least && self.accept(case, rebuild(case, &fewer)) {
                    items = fewer;
                } else {
                    start = end;
                }
            }
            run = if run == 1 { 0 } else { run.div_ceil(2) };
        }
    }

    /// Shrinks everything about a case that can be shrunk cheaply.
    fn minimise(&self, case: &mut Case) {
        self.files(case);
        let paths = case.paths.clone();
        self.shrink(case, paths, 1, |case, paths| Case { paths: paths.to_vec(), ..case.clone() });
        self.files(case);
        let engine = case.engine.clone();
        self.shrink(case, engine, 0, |case, engine| Case { engine: engine.to_vec(), ..case.clone() });
        // One option may only be needed for the sake of another, so a second
        // round can drop what the first could not.
        for _ in 0..2 {
            let flags = case.flags.clone();
            self.shrink(case, flags, 0, |case, flags| Case { flags: flags.to_vec(), ..case.clone() });
        }
        let patterns = case.patterns.clone();
        self.shrink(case, patterns, 1, |case, patterns| Case { patterns: patterns.to_vec(), ..case.clone() });
        self.contents(case);
        self.pattern_text(case);
        self.contents(case);
    }

    /// Drops files, both searched ones and lists of patterns.
    fn files(&self, case: &mut Case) {
        let named = |case: &Case, name: &String| {
            case.paths.contains(name) || matches!(&case.stdin, Stdin::File(n) | Stdin::Pipe(n) if n == name)
        };
        let (needed, spare): (Vec<_>, Vec<_>) = case.tree.iter().cloned().partition(|(name, _)| named(case, name));
        self.shrink(case, spare, 0, |case, spare| Case {
            tree: Arc::new(needed.iter().chain(spare).cloned().collect()),
            ..case.clone()
        });
    }

    /// Drops lines, then bytes, of every file.
    fn contents(&self, case: &mut Case) {
        for i in 0..case.tree.len() {
            let with = |case: &Case, parts: &[Vec<u8>]| {
                let mut tree = (*case.tree).clone();
                tree[i].1 = Arc::new(parts.concat());
                Case { tree: Arc::new(tree), ..case.clone() }
            };
            let lines = lines(&case.tree[i].1);
            self.shrink(case, lines, 0, with);
            let bytes: Vec<_> = case.tree[i].1.iter().map(|&b| vec![b]).collect();
            // Single bytes are worth the runs only when few are left; above
            // that, cut blocks, which shortens one huge line well enough.
            let block = bytes.len().div_ceil(256).max(1);
            let blocks = bytes.chunks(block).map(<[_]>::concat).collect();
            self.shrink(case, blocks, 0, with);
        }
        for i in 0..case.side.len() {
            let lines = lines(&case.side[i].1);
            self.shrink(case, lines, 0, |case, lines| {
                let mut side = case.side.clone();
                side[i].1 = Arc::new(lines.concat());
                Case { side, ..case.clone() }
            });
        }
    }

    /// Drops characters of the patterns given as arguments.
    fn pattern_text(&self, case: &mut Case) {
        for i in 0..case.patterns.len() {
            if case.patterns[i].first().is_some_and(|arg| arg == "-f" || arg == "--file") {
                continue;
            }
            let Some(pattern) = case.patterns[i].last() else {
                continue;
            };
            let chars = pattern.chars().collect();
            self.shrink(case, chars, 1, |case, chars: &[char]| {
                let mut patterns = case.patterns.clone();
                if let Some(last) = patterns[i].last_mut() {
                    *last = chars.iter().collect();
                }
                Case { patterns, ..case.clone() }
            });
        }
    }
}

/// The lines of a file, each with its terminator.
fn lines(data: &[u8]) -> Vec<Vec<u8>> {
    data.split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect()
}

/// Returns the smallest failing variant found within the time budget, or
/// nothing when the case does not fail a second time.
pub(crate) fn minimise(tools: &Tools, case: &Case, difference: &Difference) -> Option<Case> {
    let minimiser =
        Minimiser { tools, deadline: Instant::now() + BUDGET, refused: difference.expected.status.code() == Some(2) };
    let mut smaller = case.clone();
    minimiser.fails(case).then(|| {
        minimiser.minimise(&mut smaller);
        smaller
    })
}
