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

/// The index of a file: which of its blocks can have a line that matches.
///
/// An index is a file by itself, mapped when it is opened. Nothing that it says is taken on trust: bytes that do not
/// have their checksum are an error.
///
/// Another process may write to the index file while it is open. `mapgrep` itself only appends to it, behind what an
/// earlier commit refers to, or puts a new file in its place, which an open index does not see. What any other program
/// does to it is sound, and an error or a wrong answer at worst: the bytes are read as [`Mapping::open`] describes,
/// every offset and length that they contain is checked against their bounds when it is used, and a file that is cut
/// is an error. A wrong answer takes somebody who overwrites an index, with the right checksums, between two looks at
/// it: one who may write it, and so could have put wrong answers into it anyway.
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
    /// Which file it is, and whose.
    attributes: Attributes,
    header: Header,
    manifest: Manifest,
}

/// How well an index goes with its text, and when it was made.
type Rank = (u8, i64);
const SAME: u8 = 2;

impl Index {
    /// Opens the index of a file, where it has one: `FILE.mgx`, or in the user's cache directory; or, if a directory
    /// is given, there and nowhere else. A symbolic link has the index of the file it leads to. Where there are two
    /// indexes, it is the one that goes with the file, as far as its attributes tell; of two that do so equally, the
    /// newer one.
    ///
    /// # Errors
    ///
    /// When the index cannot be read, is no regular file, is of another version of this program, or is damaged, and
    /// there is no other. When it belongs to somebody else than whoever runs this, root, or the owner of the file, or
    /// may be written by others than the file: they may have left lines out of it. The
    /// [`source`](std::error::Error::source) is an [`IndexFault`] or a [`Stale`], or what the system says.
    ///
    /// [`IndexFault`]: crate::index::IndexFault
    /// [`Stale`]: crate::index::Stale
    ///
    /// # Complexity
    ///
    /// Constant, plus some bytes for each 256 MiB of text.
    ///
    /// # Examples
    ///
    /// See [`Index`].
    pub fn open(text: &Path, directory: Option<&Path>) -> Result<Option<Self>, Error> {
        // Whoever opens a text that is not there is told so.
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
                // Whoever may not look into a directory has no index there.
                Err(error) if place::is_unwritable(&error) => continue,
                Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => continue,
                Err(error) => Err(Error::io("cannot open the index", error)),
            };
            let opened = opened.map_err(|error| error.with_path(&path));
            // What cannot be read has none.
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

    /// How much of use an index is beside others of the same text.
    fn rank(&self, text: Option<&Attributes>) -> Rank {
        let freshness = match text.map(|text| self.freshness_by_attributes(text.identity)) {
            Some(Freshness::Same) => SAME,
            Some(Freshness::Grown) => 1,
            Some(Freshness::Stale(_)) | None => 0,
        };
        (freshness, self.manifest.seen_at)
    }

    /// Nothing of a file is looked at that somebody may have made to be harmful.
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
        // What a header refers to is there before it is, so that it is in what is mapped behind that, whoever writes
        // meanwhile.
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

    /// An index whose manifest is not looked at.
    #[cfg(test)]
    pub(crate) fn with_manifest(file: File, path: &Path, manifest: Manifest) -> Result<Self, Error> {
        let mapping = Mapping::open_file(&file)?;
        let metadata = file.metadata().map_err(|error| Error::io("", error))?;
        let attributes = Attributes::of(Some(&file), &metadata);
        Ok(Index { path: path.to_owned(), mapping, attributes, header: Header::default(), manifest })
    }

    /// Where the index is.
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

    /// Which part of the text is indexed, from its start on. It ends with a line.
    pub fn covered(&self) -> u64 {
        self.manifest.covered
    }

    /// Has the system read where rows are, in all segments at once, if that is not in memory yet; whether that is so.
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

    /// Has the system read some rows of some segments, all at once: otherwise each would be waited for before the next
    /// is asked for.
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
        // What is wrong with it is told when it is read.
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
