//! An index file that was opened.

use std::{
    fs::{File, Metadata},
    io::Read,
    ops::Range,
    path::{Path, PathBuf},
};

use super::{file, identity::Attributes, owner::Owner, place, reader::Reader, segment::Segment, stale::Freshness};
use crate::bytes::u32_at;
use crate::index::fault::damaged;
use crate::{
    error::Error,
    index::format::{
        header::Header,
        layout::{BODY, fixed_len, longest_group, offsets_start},
        manifest::{Entry, Manifest},
        scheme::ROW_GROUP,
    },
    mapping::Mapping,
};

/// The index of a file: it tells which blocks of the file can have matching lines.
///
/// An index is a file of its own, mapped when it is opened. None of its bytes is trusted: a wrong checksum is an error.
///
/// Another process may write to the index file while it is open. `mapgrep` itself only appends to it, or replaces it by
/// a new file, which an open index does not see. Whatever another program does to the file is memory-safe, and at worst
/// an error or a wrong answer: the bytes are read as [`Mapping::open`] describes, every offset and length is checked
/// against its bounds when it is used, and truncation is an error. Only a program that writes an index with the right
/// checksums between two reads can cause a wrong answer, and such a program could have written a wrong index in the
/// first place.
///
/// # Examples
///
/// ```
/// use std::fs::File;
/// use mapgrep::{index::{Freshness, Index, IndexBuilder, Query}, mapping::{Access, MapOptions}, scan::Pool};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = std::env::temp_dir().join(format!("mapgrep-doc-index-{}", std::process::id()));
/// # std::fs::create_dir_all(&directory)?;
/// # let path = directory.join("log");
/// let lines: String = (0..100_000).map(|i| format!("request {i} took {} us\n", i % 977)).collect();
/// std::fs::write(&path, &lines)?;
/// IndexBuilder::new().build(&path, &Pool::new(2))?;
///
/// let file = File::open(&path)?;
/// let metadata = file.metadata()?;
/// // SAFETY: nobody changes the file while it is mapped.
/// let text = unsafe { MapOptions::new().access(Access::Read).map_file(&file)? };
/// let index = Index::open(&path, None)?.expect("it was built");
/// assert_eq!(index.freshness(&metadata, &text)?, Freshness::Same);
///
/// // An index tells of a text what it was made of. So it has to be found fresh before it is asked.
/// let fresh = index.check(&metadata, &text)?;
/// let candidates = fresh.candidates(&Query::literal(b"request 77777 "), 0)?;
/// assert!(candidates.blocks() <= 1);
/// let place = lines.find("request 77777 ").unwrap() as u64;
/// assert!(candidates.parts().iter().any(|part| part.range.contains(&place)));
/// # std::fs::remove_dir_all(&directory)?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    mapping: Mapping,
    /// The identity of the index file, and its owner.
    attributes: Attributes,
    header: Header,
    manifest: Manifest,
}

/// How well an index fits its text, and when it was made.
type Rank = (u8, i64);
const SAME: u8 = 2;

impl Index {
    /// Opens the index of a file, if it has one. That is `FILE.mgx` or a file in the user's cache directory; with
    /// `directory`, it is only looked for there. A symbolic link has the index of its target. Of two indexes it is the
    /// one whose attributes fit the file better, then the newer one.
    ///
    /// # Errors
    ///
    /// When the only index cannot be read, is not a regular file, has another version, is damaged, or is not trusted.
    /// An index is trusted if it belongs to the user, to root, or to the owner of the file, and if nobody can write it
    /// who cannot write the file: others could have left out lines. The [`source`](std::error::Error::source) is an
    /// [`IndexFault`] or a [`Stale`], or the error of the system.
    ///
    /// [`IndexFault`]: crate::index::IndexFault
    /// [`Stale`]: crate::index::Stale
    ///
    /// # Complexity
    ///
    /// Constant, plus a few bytes for each 256 MiB of text.
    ///
    /// # Examples
    ///
    /// See [`Index`].
    pub fn open(text: &Path, directory: Option<&Path>) -> Result<Option<Self>, Error> {
        // If the text does not exist, opening it says so.
        Self::open_of(text, Attributes::at(text).ok().as_ref(), directory)
    }

    pub(crate) fn open_of(
        text: &Path,
        attributes: Option<&Attributes>,
        directory: Option<&Path>,
    ) -> Result<Option<Self>, Error> {
        let mut best: Option<(Option<Rank>, Result<Self, Error>)> = None;
        for path in place::places(text, directory) {
            let path = path?;
            let opened = match file::read(&path) {
                Ok((file, metadata)) => Self::from_trusted(file, &metadata, &path, attributes),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                // A directory that cannot be read has no index for this user.
                Err(error) if place::is_unwritable(&error) => continue,
                Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => continue,
                Err(error) => Err(Error::io("cannot open the index", error)),
            };
            let opened = opened.map_err(|error| error.with_path(&path));
            // An index that cannot be read has no rank.
            let rank = opened.as_ref().ok().map(|index| index.rank(attributes));
            if rank.is_some_and(|(freshness, _)| freshness == SAME) {
                return opened.map(Some);
            }
            if best.as_ref().is_none_or(|(other, _)| rank > *other) {
                best = Some((rank, opened));
            }
        }
        best.map(|(_, opened)| opened).transpose()
    }

    /// How useful an index is, compared with others of the same text.
    fn rank(&self, text: Option<&Attributes>) -> Rank {
        let freshness = match text.map(|text| self.freshness_by_attributes(text.identity)) {
            Some(Freshness::Same) => SAME,
            Some(Freshness::Grown) => 1,
            Some(Freshness::Stale(_)) | None => 0,
        };
        (freshness, self.manifest.seen_at)
    }

    /// Checks the owner first: a file of somebody else is not read at all.
    pub(crate) fn from_trusted(
        file: File,
        metadata: &Metadata,
        path: &Path,
        text: Option<&Attributes>,
    ) -> Result<Self, Error> {
        let owner = Owner::of(Some(&file), metadata);
        match owner.is_trusted_beside(text.map(|text| &text.owner)) {
            Ok(()) => Self::from_file(file, metadata, path),
            Err(stale) => Err(Error::caused("", stale)),
        }
    }

    pub(crate) fn from_file(file: File, metadata: &Metadata, path: &Path) -> Result<Self, Error> {
        // Whatever the header refers to was written before it, so the mapping that is made afterwards contains it.
        let mut head = Vec::with_capacity(BODY as usize + 1);
        (&file).take(BODY).read_to_end(&mut head).map_err(|error| Error::io("cannot read the index", error))?;
        if head.is_empty() {
            return Err(damaged("it is empty"));
        }
        let header = Header::read(&head)?;
        let attributes = Attributes::of(Some(&file), metadata);
        let mapping = Mapping::open_own_file(file)?;
        let manifest = mapping.guarded(.., |bytes| Manifest::read(bytes, &header))??;
        Ok(Index { path: path.to_owned(), mapping, attributes, header, manifest })
    }

    /// An index with an unchecked manifest.
    #[cfg(test)]
    pub(crate) fn with_manifest(file: File, path: &Path, manifest: Manifest) -> Result<Self, Error> {
        let mapping = Mapping::open_file(&file)?;
        let metadata = file.metadata().map_err(|error| Error::io("", error))?;
        let attributes = Attributes::of(Some(&file), &metadata);
        Ok(Index { path: path.to_owned(), mapping, attributes, header: Header::default(), manifest })
    }

    /// The path of the index.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    pub(crate) fn owner(&self) -> &Owner {
        &self.attributes.owner
    }

    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The length of the indexed part of the text, from its start, in bytes. It ends with a line.
    pub fn covered(&self) -> u64 {
        self.manifest.covered
    }

    /// Starts reading the offsets of rows of all segments at once, if they are not in memory. Returns whether they were
    /// not.
    pub(crate) fn read_offsets_ahead(&self) -> bool {
        let places = self.manifest.segments.iter().map(|entry| {
            let start = entry.offset as usize;
            start + offsets_start(entry.blocks())..start + fixed_len(self.manifest.scheme, entry.blocks())
        });
        let is_cold = places.clone().next_back().is_some_and(|place| !self.mapping.is_in_memory(place.start));
        if is_cold {
            places.for_each(|place| self.mapping.read_ahead(place));
        }
        is_cold
    }

    /// Starts reading some rows of some segments, all at once, so that they need not be waited for one by one.
    pub(crate) fn read_rows_ahead(&self, rows: &[u32], segments: Range<usize>) {
        let entries = &self.manifest.segments[segments];
        let places = self.mapping.guarded(.., |bytes| {
            let place = |entry: &Entry, row: u32| {
                let at = entry.offset as usize + offsets_start(entry.blocks()) + 4 * (row as usize / ROW_GROUP);
                let offsets = bytes.get(at..at + 8)?;
                let (start, end) = (u64::from(u32_at(offsets, 0)), u64::from(u32_at(offsets, 4)));
                let is_in = start < end && end <= entry.len && end - start <= longest_group(entry.blocks()) as u64;
                is_in.then(|| (entry.offset + start) as usize..(entry.offset + end) as usize)
            };
            let places = entries.iter().flat_map(|entry| rows.iter().filter_map(move |&row| place(entry, row)));
            places.collect::<Vec<_>>()
        });
        // An error is reported when the rows are read.
        places.unwrap_or_default().into_iter().for_each(|place| self.mapping.read_ahead(place));
    }

    /// Runs `read` on the bytes of the index.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Reader<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let read = self.mapping.guarded(.., |bytes| {
            let segments = self.manifest.segments.iter();
            let segments = segments.map(|entry| Segment::new(bytes, *entry, self.manifest.scheme));
            read(&Reader::new(&self.manifest, segments.collect::<Result<_, _>>()?))
        });
        read.and_then(|result| result).map_err(|error| error.with_path(&self.path))
    }
}
