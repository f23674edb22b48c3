//! From a query to the parts of the file that can match.

pub(crate) mod part;

use std::ops::Range;

use crate::{
    error::Error,
    index::{
        format::{bits::Bits, manifest::Entry},
        open::{
            fresh::Fresh,
            index::Index,
            reader::{Reader, is_linked, start_of},
            segment::Segment,
        },
        plan::part::Part,
        query::{Needs, Query},
        work,
    },
};

/// When more than one in so many blocks can match, looking at the rest costs less than leaving it out.
const WORTHWHILE: u64 = 3;
/// Planning may cost this part of a search of all bytes of the text, and that of so many bytes in any case. Work is counted and no
/// time, so that a query has the same plan each time.
const PLANNING: u64 = 50;
const LEAST_PLANNING: u64 = 16 << 20;
/// How many bytes are searched in the time that a row takes, or that a literal takes whose rows are looked up, or a block of which it
/// is seen whether it shares a line: about 7 bytes in a nanosecond.
const COST_OF_ROW: u64 = 8 << 10;
const COST_OF_LITERAL: u64 = 4 << 10;
const COST_OF_LINKED_BLOCK: u64 = 16;
/// After so many of the rarest rows, more of them are read only if one of the last few has made a difference.
const ENOUGH_ROWS: usize = 8;
const LAST_ROWS: usize = 3;
/// A block that is looked at in vain costs as much as so many rows.
const ROWS_A_BLOCK: usize = 8;

/// The parts of a file that can have lines that match.
#[derive(Clone, Debug)]
pub struct Candidates {
    parts: Vec<Part>,
    /// Why they are the whole file, if the index did not help.
    unhelped: Option<Unhelped>,
    blocks: u64,
    all_blocks: u64,
    rows: u64,
}

/// Why an index did not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unhelped {
    /// Nothing is known of lines that match.
    NoNeeds,
    /// More blocks can match than are worth telling apart from the others.
    TooMany,
    /// Planning costs as much as it may.
    TooCostly,
}

impl Candidates {
    /// The parts, in the order of the file: what was indexed and can match, and what was not indexed.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// True when they are the whole file, because the index does not tell more.
    pub fn is_everything(&self) -> bool {
        self.unhelped.is_some()
    }

    /// How many of the indexed blocks, of 64 KiB, can match.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// How many blocks are indexed.
    pub fn all_blocks(&self) -> u64 {
        self.all_blocks
    }

    /// How many rows of the index were read.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// How many bytes the parts have.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.range.end - part.range.start).sum()
    }

    /// Why the index did not help, where it did not.
    pub fn unhelped(&self) -> Option<Unhelped> {
        self.unhelped
    }
}

/// What is asked of rows.
enum Node {
    Everything,
    Nothing,
    /// All of these rows.
    Rows(Rows),
    All(Vec<Node>),
    Any(Vec<Node>),
}

/// Rows, of which those that told most the last time come first.
struct Rows {
    rows: Vec<u32>,
    /// All of them were read before, so that it is known which are rare. Otherwise the rarest may be the last.
    is_sorted: bool,
}

impl Rows {
    fn new(rows: Vec<u32>) -> Self {
        Rows { rows: spaced(rows), is_sorted: false }
    }
}

impl Node {
    /// The rows that will be read first.
    fn first_rows(&self, rows: &mut Vec<u32>) {
        const OF_EACH: usize = 5;
        const MOST: usize = 64;
        match self {
            Node::Everything | Node::Nothing => {}
            Node::Rows(all) => rows.extend(all.rows.iter().take(OF_EACH.min(MOST.saturating_sub(rows.len())))),
            Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|node| node.first_rows(rows)),
        }
    }
}

impl Fresh {
    /// The parts of the text that can have lines that match, and behind each of them so many lines more. What is behind the
    /// indexed part of the text is one of them. Lines that match are in no other place.
    ///
    /// # Errors
    ///
    /// When the index is damaged, or its file was cut.
    ///
    /// # Complexity
    ///
    /// For each 256 MiB of text some rows of at most 512 bytes, fewer than the literals of the query have bytes; and a
    /// step for each part, and for each block that comes behind one. But for these steps it does no more work than a fiftieth of a
    /// search of the text, or a search of 16 MiB: what cannot be planned with that is the whole file.
    ///
    /// # Examples
    ///
    /// See [`Index`].
    pub fn candidates(&self, query: &Query, after: u64) -> Result<Candidates, Error> {
        let manifest = self.manifest();
        let (len, all_blocks) = (self.text_len(), manifest.blocks());
        let mut planner = Planner::new((len / PLANNING).max(LEAST_PLANNING));
        let whole = |unhelped, rows| Candidates {
            parts: vec![Part { range: 0..len, newlines: 0 }],
            unhelped: Some(unhelped),
            blocks: all_blocks,
            all_blocks,
            rows,
        };
        let Some(mut node) = planner.compile(&query.needs, self) else { return Ok(whole(Unhelped::TooCostly, 0)) };
        if matches!(node, Node::Everything) {
            return Ok(whole(Unhelped::NoNeeds, 0));
        }
        let is_cold = self.read_offsets_ahead();
        self.read(|reader| {
            let mut runs: Vec<Range<u64>> = vec![];
            let (mut first, mut blocks) = (0, 0);
            for (i, segment) in reader.segments.iter().enumerate() {
                work::steps(1);
                // The first segment shows which rows tell most; of the others these are read at once.
                if is_cold && i < 2 {
                    let mut rows = vec![];
                    node.first_rows(&mut rows);
                    self.read_rows_ahead(&rows, if i == 0 { 0..1 } else { 1..reader.segments.len() });
                }
                let next = reader.segments.get(i + 1);
                let links = Links::of(segment, next)?;
                let mut found = Bits::zeros(0);
                if planner.evaluate(&mut node, segment, &links, &mut found)?.is_none() {
                    return Ok(whole(Unhelped::TooCostly, planner.rows));
                }
                for block in found.ones_iter() {
                    let block = first + block as u64;
                    match runs.last_mut() {
                        Some(last) if last.end == block => last.end += 1,
                        _ => runs.push(block..block + 1),
                    }
                    blocks += 1;
                }
                first += segment.blocks() as u64;
                if blocks > all_blocks / WORTHWHILE + 1 {
                    return Ok(whole(Unhelped::TooMany, planner.rows));
                }
            }
            let parts = parts(reader, &runs, len, after)?;
            Ok(Candidates { parts, unhelped: None, blocks, all_blocks, rows: planner.rows })
        })
    }
}

/// The parts of a text that some runs of blocks are, and what is not indexed.
fn parts(reader: &Reader<'_>, runs: &[Range<u64>], len: u64, after: u64) -> Result<Vec<Part>, Error> {
    let (blocks, covered) = (reader.manifest.blocks(), reader.manifest.covered);
    let mut parts: Vec<Part> = vec![];
    let mut push = |part: Part| match parts.last_mut() {
        Some(last) if last.range.end >= part.range.start => last.range.end = last.range.end.max(part.range.end),
        _ if part.range.start < part.range.end => parts.push(part),
        _ => {}
    };
    // The block with which the part before ends, or the one of this run. It only grows, so that no block is walked over twice, how
    // many runs ever there are before a long line.
    let mut end = 0;
    for run in runs {
        work::steps(1);
        let record = reader.record(run.start)?;
        let mut own = run.end;
        // The lines behind the last one of the run.
        if after > 0 && own < blocks {
            let newlines = reader.record(own)?.newlines.saturating_add(after);
            own = reader.block_of_line(newlines)?.max(own) + 1;
            // Those that begin within a line belong to the one before.
            while own > end && own < blocks && is_linked(&reader.record(own)?) {
                work::steps(1);
                own += 1;
            }
        }
        end = own.max(end);
        let end = match end < blocks {
            true => start_of(end, &reader.record(end)?),
            false => covered,
        };
        push(Part { range: start_of(run.start, &record)..end, newlines: record.newlines });
    }
    // The lines behind the last indexed one are in what is not.
    push(Part { range: covered..len, newlines: reader.manifest.newlines });
    Ok(parts)
}

/// Runs of blocks that share a line.
struct Links {
    runs: Vec<Range<usize>>,
    /// Of these the line goes on in another segment.
    open: Vec<Range<usize>>,
    /// How many blocks are in all of them.
    blocks: u64,
}

impl Links {
    fn of(segment: &Segment<'_>, next: Option<&Segment<'_>>) -> Result<Links, Error> {
        let (mut runs, mut open) = (vec![], vec![]);
        let goes_on = next.is_some_and(|next| next.entry.flags & Entry::CONTINUES != 0);
        if segment.entry.flags & Entry::LINKED != 0 {
            let mut links = Bits::zeros(0);
            segment.read_links(&mut links)?;
            for block in links.ones_iter() {
                match runs.last_mut() {
                    Some(Range { end, .. }) if *end == block => *end = block + 1,
                    _ => runs.push(block.saturating_sub(1)..block + 1),
                }
            }
        }
        if segment.entry.flags & Entry::CONTINUES != 0 && !runs.is_empty() {
            open.push(runs.remove(0));
        }
        let blocks = segment.blocks();
        if goes_on {
            open.push(runs.pop_if(|run| run.end == blocks).unwrap_or(blocks - 1..blocks));
        }
        let of_runs = runs.iter().chain(&open).map(|run: &Range<usize>| run.len() as u64).sum();
        Ok(Links { runs, open, blocks: of_runs })
    }

    /// What stands in one block of a line stands on that line.
    fn spread(&self, row: &mut Bits) {
        for run in &self.runs {
            if run.clone().any(|block| row.get(block)) {
                run.clone().for_each(|block| row.set(block));
            }
        }
        for run in &self.open {
            run.clone().for_each(|block| row.set(block));
        }
    }
}

struct Planner {
    /// What may be done still, in bytes that are searched in the time.
    left: u64,
    /// How many rows were read.
    rows: u64,
    row: Bits,
}

impl Planner {
    /// One that may do as much as a search of so many bytes.
    fn new(bytes: u64) -> Self {
        Planner { left: bytes, rows: 0, row: Bits::zeros(0) }
    }

    /// None where there is not as much left.
    fn spend(&mut self, cost: u64) -> Option<()> {
        self.left = self.left.checked_sub(cost)?;
        Some(())
    }

    /// What the needs ask of rows. None where that costs too much.
    fn compile(&mut self, needs: &Needs, index: &Index) -> Option<Node> {
        Some(match needs {
            Needs::Anything => Node::Everything,
            Needs::Nothing => Node::Nothing,
            Needs::Literal(literal) => {
                self.spend(COST_OF_LITERAL)?;
                work::steps(1);
                let rows = index.manifest().scheme.rows_of_literal(literal);
                if rows.is_empty() { Node::Everything } else { Node::Rows(Rows::new(rows)) }
            }
            Needs::All(all) => {
                let (mut rows, mut nodes) = (vec![], vec![]);
                for needs in all {
                    match self.compile(needs, index)? {
                        Node::Everything => {}
                        Node::Nothing => return Some(Node::Nothing),
                        Node::Rows(more) => rows.extend(more.rows),
                        node => nodes.push(node),
                    }
                }
                rows.sort_unstable();
                rows.dedup();
                if !rows.is_empty() {
                    nodes.insert(0, Node::Rows(Rows::new(rows)));
                }
                if nodes.is_empty() { Node::Everything } else { Node::All(nodes) }
            }
            Needs::Any(any) => {
                let mut nodes = vec![];
                for needs in any {
                    match self.compile(needs, index)? {
                        Node::Everything => return Some(Node::Everything),
                        Node::Nothing => {}
                        node => nodes.push(node),
                    }
                }
                if nodes.is_empty() { Node::Nothing } else { Node::Any(nodes) }
            }
        })
    }

    /// Sets the bits of the blocks of a segment that can match. None where that costs too much.
    fn evaluate(
        &mut self,
        node: &mut Node,
        segment: &Segment<'_>,
        links: &Links,
        found: &mut Bits,
    ) -> Result<Option<()>, Error> {
        let blocks = segment.blocks();
        found.reset(blocks);
        match node {
            Node::Nothing => {}
            Node::Everything => found.invert(),
            Node::Rows(rows) => return self.and_rows(rows, segment, links, found),
            Node::All(nodes) => {
                found.invert();
                let mut of_node = Bits::zeros(0);
                for node in nodes {
                    if self.evaluate(node, segment, links, &mut of_node)?.is_none() {
                        return Ok(None);
                    }
                    found.and(&of_node);
                    if found.is_empty() {
                        break;
                    }
                }
            }
            Node::Any(nodes) => {
                let mut of_node = Bits::zeros(0);
                for node in nodes {
                    if self.evaluate(node, segment, links, &mut of_node)?.is_none() {
                        return Ok(None);
                    }
                    found.or(&of_node);
                }
            }
        }
        Ok(Some(()))
    }

    /// Finds the blocks that have all rows, as far as it is worth while. None where that costs too much.
    fn and_rows(
        &mut self,
        rows: &mut Rows,
        segment: &Segment<'_>,
        links: &Links,
        found: &mut Bits,
    ) -> Result<Option<()>, Error> {
        found.invert();
        let (mut left, mut idle) = (found.count(), 0);
        let mut counts = vec![];
        for (i, &row) in rows.rows.iter().enumerate() {
            if self.spend(COST_OF_ROW + links.blocks * COST_OF_LINKED_BLOCK).is_none() {
                return Ok(None);
            }
            segment.read_row(row as usize, &mut self.row)?;
            self.rows += 1;
            links.spread(&mut self.row);
            counts.push((self.row.count(), row));
            found.and(&self.row);
            let now = found.count();
            idle = if now == left { idle + 1 } else { 0 };
            left = now;
            let is_enough = rows.is_sorted && i + 1 >= ENOUGH_ROWS && idle >= LAST_ROWS;
            if left == 0 || is_enough || i >= left * ROWS_A_BLOCK {
                break;
            }
        }
        // In the next segment it will be much the same: the rarest come first.
        counts.sort_unstable();
        rows.is_sorted |= counts.len() == rows.rows.len();
        rows.rows.iter_mut().zip(counts).for_each(|(row, (_, rarer))| *row = rarer);
        Ok(Some(()))
    }
}

/// Rows in another order: neighbours, whose grams share bytes, say less than such that lie apart.
fn spaced(rows: Vec<u32>) -> Vec<u32> {
    const APART: usize = 4;
    (0..APART).flat_map(|start| rows.iter().skip(start).step_by(APART).copied().collect::<Vec<_>>()).collect()
}

#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests {
    use std::{fs::File, io::Write, os::unix::fs::FileExt, path::Path};

    use super::*;
    use crate::{
        index::{
            build::{commit::Committer, segment::Maker, storage::Disk},
            format::{
                layout::{BLOCK, MOST_BLOCKS},
                manifest::{Identity, Manifest},
                scheme::Scheme,
                table::Record,
            },
            open::{
                identity::now,
                stale::{Freshness, Stale},
            },
        },
        mapping::{Access, MapOptions, Mapping},
        scan::Pool,
    };

    /// A file with nothing but a hole for so many bytes, and its mapping; the largest that there is room for in the address space. Not
    /// every system lets a process have four tebibytes of it: 64-bit Arm with pages of 4 KiB may have half a tebibyte for all.
    fn hole(path: &Path, sizes: &[u64]) -> (File, Mapping) {
        for &size in sizes {
            let file = File::create(path).unwrap();
            file.set_len(size).unwrap();
            let file = File::open(path).unwrap();
            #[allow(unsafe_code)]
            // SAFETY: nobody else knows the file, which is not changed while the mapping is there.
            match unsafe { MapOptions::new().access(Access::Read).map_file(&file) } {
                Ok(mapping) => return (file, mapping),
                Err(error) => println!("{size} bytes cannot be mapped: {error}"),
            }
        }
        panic!("not even {:?} bytes can be mapped", sizes.last());
    }

    /// An index of a text of which nothing but the end is there: what comes before are blocks without grams, said to begin with
    /// lines, which all are the same segment. Of a file that would be refused: an index has its segments one behind the other.
    #[test]
    fn offsets_beyond_four_tebibytes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sparse");
        let sizes = [4u64 << 40, 256 << 30, 16 << 30].map(|start| start + MOST_BLOCKS as u64 * BLOCK);
        let (file, room) = hole(&path, &sizes);
        let start = room.len() as u64 - MOST_BLOCKS as u64 * BLOCK;
        drop((file, room));
        let before = start / BLOCK;
        let file = File::create(&path).unwrap();
        let lines: String = (0..40_000).map(|i| format!("line {i} of many\n")).collect();
        file.write_all_at(format!("\n{lines}").as_bytes(), start - 1).unwrap();
        let file = File::open(&path).unwrap();
        #[allow(unsafe_code)]
        // SAFETY: nobody else knows the file.
        let text = unsafe { MapOptions::new().access(Access::Read).map_file(&file).unwrap() };

        let pool = Pool::new(2);
        let maker = Maker::new(Scheme::Default, &pool, None);
        let blocks = (lines.len() as u64) / BLOCK;
        let covered = start + lines[..(blocks * BLOCK) as usize].rfind('\n').unwrap() as u64 + 1;
        let covered = covered + lines[(covered - start) as usize..].find('\n').unwrap() as u64 + 1;
        let last = maker.index(&text, before..before + blocks, 1, |_| {}).unwrap().unwrap();
        let records = vec![Record { first_line: Some(0), ..Record::default() }; MOST_BLOCKS];
        let empty = maker.empty(&records).unwrap().unwrap();
        let index = path.with_extension("mgx");
        let mut committer = Committer::create(Disk::create(&index, &file).unwrap());
        let entry = committer.add(&empty, Scheme::Default).unwrap();
        let mut segments = vec![entry; before as usize / MOST_BLOCKS];
        segments.push(committer.add(&last, Scheme::Default).unwrap());
        let identity = Identity::of(Some(&file), &file.metadata().unwrap());
        let newlines = last.newlines;
        // As if it had been looked at long after its last change, so that no hashes are compared.
        let seen_at = now() + 10_000_000_000;
        let manifest = Manifest { identity, seen_at, scheme: Scheme::Default, covered, newlines, segments };
        committer.commit(&manifest, 0).unwrap();
        let error = Index::open(&path, None).unwrap_err();
        assert!(error.to_string().contains("a segment is not where it should be"), "{error}");
        let index = Index::with_manifest(File::open(&index).unwrap(), &index, manifest).unwrap();
        assert_eq!(index.freshness(&file.metadata().unwrap(), &text).unwrap(), Freshness::Same);
        let index = index.check(&file.metadata().unwrap(), &text).unwrap();
        let candidates = index.candidates(&Query::literal("line 12345 of"), 0).unwrap();
        let place = start + lines.find("line 12345 of").unwrap() as u64;
        assert!(candidates.blocks() <= 2, "{candidates:?}");
        let part = candidates.parts().iter().find(|part| part.range.contains(&place)).unwrap();
        let before_part = &lines[..(part.range.start - start) as usize];
        assert_eq!(part.newlines, 1 + memchr::memchr_iter(b'\n', before_part.as_bytes()).count() as u64);
        let (at, left) = index.before_line(1 + 12345).unwrap();
        let from = &lines[(at - start) as usize..];
        let line = from.split_inclusive('\n').nth(left as usize).unwrap();
        assert_eq!(line, "line 12345 of many\n");
        // Of a text that has grown, blocks are compared with their hashes; those of the hole have none that is right.
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(lines.as_bytes()).unwrap();
        let freshness = index.freshness(&std::fs::metadata(&path).unwrap(), &text).unwrap();
        assert_eq!(freshness, Freshness::Stale(Stale::Changed));
    }

    #[test]
    fn a_plan_reads_as_many_rows_as_it_may() {
        let pool = Pool::inline();
        let records = [Record { first_line: Some(0), ..Record::default() }; 4];
        let made = Maker::new(Scheme::Small, &pool, None).empty(&records).unwrap().unwrap();
        let segment = Segment::new(&made.bytes, made.entry, Scheme::Small).unwrap();
        let links = Links::of(&segment, None).unwrap();
        let evaluate = |left| {
            let mut planner = Planner::new(left);
            let rows = |row| Node::Rows(Rows::new(vec![row]));
            let mut node = Node::Any((0..10).map(rows).collect());
            let evaluated = planner.evaluate(&mut node, &segment, &links, &mut Bits::zeros(0)).unwrap();
            (evaluated.is_some(), planner.rows)
        };
        assert_eq!(evaluate(0), (false, 0));
        assert_eq!(evaluate(10 * COST_OF_ROW - 1), (false, 9));
        assert_eq!(evaluate(10 * COST_OF_ROW), (true, 10));
    }
}
