//! Named sections: what later programs add to an index without another version of the format.

use std::ops::Range;

use super::layout::SECTION;
use crate::bytes::{u32_at, u64_at};
use crate::error::Error;
use crate::index::fault::{IndexFault, damaged};

/// The names that this program knows.
const KNOWN: [&str; 0] = [];
const REQUIRED: u32 = 1;
/// Sections of the whole index have this in place of the number of a segment.
const OF_INDEX: u32 = u32::MAX;
/// How many sections there may be for each segment, and for the whole index.
const MOST: usize = 8;

/// The place of a section in an index file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) is_required: bool,
    /// The number of the segment that it is about. `None` for the whole index.
    pub(crate) segment: Option<u32>,
    pub(crate) offset: u64,
    pub(crate) len: u64,
    pub(crate) sum: u64,
}

impl Section {
    pub(crate) fn to_bytes(&self) -> [u8; SECTION] {
        let mut bytes = [0; SECTION];
        bytes[..self.name.len()].copy_from_slice(self.name.as_bytes());
        bytes[16..20].copy_from_slice(&u32::from(self.is_required).to_le_bytes());
        bytes[20..24].copy_from_slice(&self.segment.unwrap_or(OF_INDEX).to_le_bytes());
        for (at, number) in [(24, self.offset), (32, self.len), (40, self.sum)] {
            bytes[at..at + 8].copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// None if these bytes are no section.
    fn from_bytes(bytes: &[u8; SECTION]) -> Option<Self> {
        let len = bytes[..16].iter().position(|&byte| byte == 0).unwrap_or(16);
        let (name, rest) = bytes[..16].split_at(len);
        let is_name = !name.is_empty() && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let flags = u32_at(bytes, 16);
        let is_section = is_name && rest.iter().all(|&byte| byte == 0) && flags & !REQUIRED == 0;
        is_section.then(|| Section {
            name: name.iter().map(|&byte| char::from(byte)).collect(),
            is_required: flags & REQUIRED != 0,
            segment: Some(u32_at(bytes, 20)).filter(|&segment| segment != OF_INDEX),
            offset: u64_at(bytes, 24),
            len: u64_at(bytes, 32),
            sum: u64_at(bytes, 40),
        })
    }
}

/// Reads the sections of an index of `segments` segments, whose bytes lie `within` the file. Nothing of their content
/// is read.
///
/// # Errors
///
/// When one cannot be, or is unknown and required.
pub(crate) fn read(bytes: &[u8], segments: usize, within: Range<u64>) -> Result<Vec<Section>, Error> {
    let (sections, rest) = bytes.as_chunks::<SECTION>();
    if !rest.is_empty() || sections.len() > MOST * (segments + 1) {
        return Err(damaged("its list of segments has the wrong length"));
    }
    let is_possible = |section: &Section| {
        section.offset >= within.start
            && section.offset.checked_add(section.len).is_some_and(|end| end <= within.end)
            && section.segment.is_none_or(|segment| (segment as usize) < segments)
    };
    let mut read = vec![];
    for bytes in sections {
        let section = Section::from_bytes(bytes).filter(is_possible);
        read.push(section.ok_or_else(|| damaged("a section is not where it should be"))?);
    }
    Ok(read)
}

/// Refuses sections that are unknown and required.
pub(crate) fn check_known(sections: &[Section]) -> Result<(), Error> {
    let unknown = |section: &&Section| section.is_required && !KNOWN.contains(&&*section.name);
    match sections.iter().find(unknown) {
        Some(section) => Err(IndexFault::UnknownSection { name: section.name.clone() }.into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(name: &str) -> Section {
        Section { name: name.to_owned(), is_required: false, segment: None, offset: 8192, len: 100, sum: 7 }
    }

    #[test]
    fn sections_come_back() {
        let sections = [section("times"), Section { segment: Some(1), ..section("sixteen-letters1") }];
        let bytes: Vec<u8> = sections.iter().flat_map(Section::to_bytes).collect();
        assert_eq!(read(&bytes, 2, 8192..8292).unwrap(), sections);
        assert!(check_known(&sections).is_ok());
    }

    #[test]
    fn an_unknown_section_is_refused_only_if_it_is_required() {
        let required = Section { is_required: true, ..section("times") };
        let bytes = [section("other").to_bytes(), required.to_bytes()].concat();
        let error = check_known(&read(&bytes, 1, 8192..9000).unwrap()).unwrap_err();
        assert!(error.to_string().contains("`times`"), "{error}");
    }

    #[test]
    fn sections_that_cannot_be() {
        let mut flagged = section("times").to_bytes();
        flagged[17] = 1;
        let mut named = section("times").to_bytes();
        named[9] = b'x';
        let refused = [
            [0; SECTION],
            flagged,
            named,
            Section { offset: 8191, ..section("times") }.to_bytes(),
            Section { len: u64::MAX, ..section("times") }.to_bytes(),
            Section { len: 101, ..section("times") }.to_bytes(),
            Section { segment: Some(1), ..section("times") }.to_bytes(),
            section("a name").to_bytes(),
        ];
        for bytes in refused {
            assert!(read(&bytes, 1, 8192..8292).is_err(), "{bytes:?}");
        }
        let bytes = section("times").to_bytes();
        assert!(read(&bytes[..SECTION - 1], 1, 8192..8292).is_err());
        assert!(read(&bytes.repeat(2 * MOST), 1, 8192..8292).is_ok());
        assert!(read(&bytes.repeat(2 * MOST + 1), 1, 8192..8292).is_err());
    }
}
