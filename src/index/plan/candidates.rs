//! The parts of a file that a query leaves to be searched.

use std::ops::Range;

use super::{links::Links, part::Part, parts::parts, planner::Planner, rows::Node};
use crate::{
    error::Error,
    index::{format::bits::Bits, open::fresh::Fresh, query::patterns::Query, work},
};

/// If more than one block in this many can match, skipping the others costs more than searching them.
const WORTHWHILE: u64 = 3;
/// Planning may take this fraction of the time of a search of the whole text, or the time of a search of this many
/// bytes if that is longer. Work is counted instead of time, so that a query always has the same plan.
const PLANNING: u64 = 50;
const LEAST_PLANNING: u64 = 16 << 20;

/// The parts of a file that can have matching lines.
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
    /// Set when the parts are the whole file.
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
    /// The query allows any line.
    NoNeeds,
    /// So many blocks can match that skipping the others is not worth it.
    TooMany,
    /// Planning would take too long.
    TooCostly,
}

impl Candidates {
    /// The parts in file order: indexed blocks that can match, and what is not indexed.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether the parts are the whole file, because the index was of no help.
    pub fn is_everything(&self) -> bool {
        self.unhelped.is_some()
    }

    /// The number of indexed blocks, of 64 KiB each, that can match.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// The number of indexed blocks.
    pub fn all_blocks(&self) -> u64 {
        self.all_blocks
    }

    /// The number of rows of the index that were read.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The total length of the parts, in bytes.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.range.end - part.range.start).sum()
    }

    /// Why the index was of no help, if it was not.
    pub fn unhelped(&self) -> Option<Unhelped> {
        self.unhelped
    }
}

impl Fresh {
    /// The parts of the text that can have matching lines, each with the `after` lines that follow it. Text that is not
    /// indexed is always among them. No line outside of the parts matches.
    ///
    /// # Errors
    ///
    /// When the index is damaged, or its file was truncated.
    ///
    /// # Complexity
    ///
    /// For each 256 MiB of text, some rows of at most 512 bytes each, fewer than the literals of the query have bytes;
    /// and a step for each part and for each block after one. Apart from these steps, planning stops after a fiftieth
    /// of the work of a search of the text, or the work of a search of 16 MiB if that is more. The result is then the
    /// whole file.
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
        let Some(mut node) = planner.compile(&query.condition, self) else { return Ok(whole(Unhelped::TooCostly, 0)) };
        if matches!(node, Node::Everything) {
            return Ok(whole(Unhelped::NoNeeds, 0));
        }
        let is_cold = self.read_offsets_ahead();
        self.read(|reader| {
            let mut runs: Vec<Range<u64>> = vec![];
            let (mut first, mut blocks) = (0, 0);
            for (i, segment) in reader.segments.iter().enumerate() {
                work::steps(1);
                // The first segment shows which rows are rare. The rare rows of the other segments are then read all at
                // once.
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
