//! From a query to the parts of a file that can match.

use std::ops::Range;

use super::{links::Links, part::Part, parts::parts, planner::Planner, rows::Node};
use crate::{
    error::Error,
    index::{format::bits::Bits, open::fresh::Fresh, query::patterns::Query, work},
};

/// When more than one in so many blocks can match, looking at the rest costs less than leaving it out.
const WORTHWHILE: u64 = 3;
/// Planning may cost this part of a search of all bytes of the text, and that of so many bytes in any case. Work is
/// counted and no time, so that a query has the same plan each time.
const PLANNING: u64 = 50;
const LEAST_PLANNING: u64 = 16 << 20;

/// The parts of a file that can have lines that match.
///
/// # Examples
///
/// ```
/// use mapgrep::{index::{Fresh, IndexBuilder, Query, Unhelped}, mapping::Mapping, scan::Pool};
///
/// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-candidates-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # let path = directory.join("log");
/// let lines: String = (0..100_000).map(|i| format!("request {i}\n")).collect();
/// std::fs::write(&path, &lines)?;
/// IndexBuilder::new().build(&path, &Pool::new(2))?;
/// let file = std::fs::File::open(&path)?;
/// let (metadata, text) = (file.metadata()?, Mapping::open_file(&file)?);
/// let index = Fresh::open(&path, &metadata, &text, None)?.expect("it was built");
///
/// // A rare string: a block of 64 KiB or two, and the end of the file, which is not indexed.
/// let rare = index.candidates(&Query::literal("request 77777"), 0)?;
/// assert!(rare.blocks() <= 2 && rare.all_blocks() > 20 && rare.rows() > 0);
/// assert!(rare.parts().len() <= 3 && rare.bytes() < 3 * 65_536);
/// assert!(!rare.is_everything() && rare.unhelped().is_none());
///
/// // A string on every line: the index is of no help.
/// let frequent = index.candidates(&Query::literal("request"), 0)?;
/// assert_eq!(frequent.unhelped(), Some(Unhelped::TooMany));
/// assert!(frequent.is_everything() && frequent.bytes() == lines.len() as u64);
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
///
/// # Examples
///
/// See [`Candidates`].
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

impl Fresh {
    /// The parts of the text that can have lines that match, and behind each of them so many lines more. What is
    /// behind the indexed part of the text is one of them. Lines that match are in no other place.
    ///
    /// # Errors
    ///
    /// When the index is damaged, or its file was cut.
    ///
    /// # Complexity
    ///
    /// For each 256 MiB of text some rows of at most 512 bytes, fewer than the literals of the query have bytes; and a
    /// step for each part, and for each block that comes behind one. But for these steps it does no more work than a
    /// fiftieth of a search of the text, or a search of 16 MiB: what cannot be planned with that is the whole file.
    ///
    /// # Examples
    ///
    /// See [`Index`](crate::index::Index).
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
