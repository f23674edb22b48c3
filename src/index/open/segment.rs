//! Reading a segment: the records of its blocks, and its rows.

use crate::bytes::{slice, u32_at};
use crate::index::fault::damaged;
use crate::{
    error::Error,
    index::format::{
        bits::Bits,
        layout::{fixed_len, longest_group, offsets_start},
        manifest::{Entry, entry_sum},
        row_group::{self, RowGroup},
        scheme::{ROW_GROUP, Scheme},
        table::{self, Record},
    },
};

/// A segment in an index file.
#[derive(Clone, Copy)]
pub(crate) struct Segment<'a> {
    pub(crate) entry: Entry,
    bytes: &'a [u8],
    scheme: Scheme,
}

impl<'a> Segment<'a> {
    /// `index` is the whole file. Nothing is checked yet.
    pub(crate) fn new(index: &'a [u8], entry: Entry, scheme: Scheme) -> Result<Self, Error> {
        let bytes = slice(index, entry.offset, entry.len)
            .filter(|bytes| bytes.len() >= fixed_len(scheme, entry.blocks()))
            .ok_or_else(|| damaged("a segment is not where it should be"))?;
        Ok(Segment { entry, bytes, scheme })
    }

    pub(crate) fn blocks(&self) -> usize {
        self.entry.blocks()
    }

    /// The entry of a copy of the segment at this offset.
    pub(crate) fn entry_at(&self, offset: u64) -> Entry {
        let mut entry = Entry { offset, ..self.entry };
        entry.sum = entry_sum(&entry, self.bytes, self.scheme);
        entry
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn record(&self, block: usize) -> Result<Record, Error> {
        if block >= self.blocks() {
            return Err(damaged("it has fewer blocks than it should have"));
        }
        table::record(self.bytes, block)
    }

    /// The records of all blocks.
    pub(crate) fn records(&self) -> Result<Vec<Record>, Error> {
        table::records(self.bytes, self.blocks())
    }

    /// A group of 32 rows.
    ///
    /// # Complexity
    ///
    /// Linear in the number of blocks: a group that is too long is an error before it is read.
    pub(crate) fn row_group(&self, group: usize) -> Result<RowGroup<'a>, Error> {
        let at = offsets_start(self.blocks()) + 4 * group;
        let (start, end) = (u32_at(self.bytes, at) as usize, u32_at(self.bytes, at + 4) as usize);
        let bytes = self.bytes.get(start..end).ok_or_else(row_group::wrong_sum)?;
        if start < fixed_len(self.scheme, self.blocks()) || !(5..=longest_group(self.blocks())).contains(&bytes.len()) {
            return Err(damaged("its rows are not where they should be, or not as long"));
        }
        RowGroup::new(bytes, group, self.blocks())
    }

    /// Reads one row.
    pub(crate) fn read_row(&self, row: usize, bits: &mut Bits) -> Result<(), Error> {
        self.row_group(row / ROW_GROUP)?.read(row % ROW_GROUP, bits)
    }

    /// Reads the row of the blocks that begin within a line.
    pub(crate) fn read_links(&self, bits: &mut Bits) -> Result<(), Error> {
        self.read_row(self.scheme.row_of_links(), bits)
    }

    /// Compares the checksum of the entry, and those of the table and all rows.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        if entry_sum(&self.entry, self.bytes, self.scheme) != self.entry.sum {
            return Err(damaged("a segment does not have the checksum that it should have"));
        }
        let mut row = Bits::zeros(0);
        for group in 0..self.scheme.row_groups() {
            let group = self.row_group(group)?;
            let mut rows = group.in_order();
            (0..ROW_GROUP).try_for_each(|_| rows.read_next(&mut row))?;
        }
        self.records().map(drop)
    }
}
