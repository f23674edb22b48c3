//! Indexing a text, or the new part of one, and writing the index.

use std::{
    io,
    ops::Range,
    path::Path,
    sync::{Mutex, PoisonError, mpsc::sync_channel},
};

use memchr::{memchr, memrchr};

use super::{
    claim::cannot_write,
    commit::Committer,
    outcome::Done,
    segment::{Made, Maker},
    storage::Storage,
    text::Text,
};
use crate::{
    error::Error,
    index::{
        format::{
            layout::{BLOCK, MOST_BLOCKS},
            manifest::{Entry, Manifest},
        },
        open::{index::Index, segment::Segment},
    },
    mapping::Mapping,
    scan::{Progress, has_room_for_thread},
};

/// If more than this part of an index is of no more use, in tenths, the index is written anew.
const DEAD_OF_TEN: u64 = 3;

/// The work on one index.
pub(crate) struct Indexing<'a> {
    pub(crate) opened: &'a Text,
    pub(crate) text: &'a Mapping,
    pub(crate) maker: Maker<'a>,
    pub(crate) progress: Option<&'a Progress>,
    /// Whether updates without a new block leave the index as it is while the text is being written to.
    pub(crate) is_patient: bool,
}

impl Indexing<'_> {
    /// The number of blocks that can be indexed, and their end: after the last line, or as close to it as a block
    /// begins with a line.
    fn extent(&self) -> Result<(u64, u64), Error> {
        const STEP: usize = 1 << 20;
        let mut end = self.text.len();
        loop {
            if let Some(hole) = end.checked_sub(1).and_then(|last| self.maker.holes(self.text).around(last)) {
                end = hole.start;
                if end == 0 {
                    return Ok((0, 0));
                }
                continue;
            }
            let start = end.saturating_sub(STEP);
            let newline = self.guarded(start..end, |bytes| memrchr(b'\n', bytes))?;
            if let Some(newline) = newline {
                // The last line starts there, or the file ends. Other lines of that block may start before.
                let line = (start + newline) as u64 + 1;
                let block = line / BLOCK;
                if block == 0 {
                    return Ok((0, 0));
                }
                let from = (block * BLOCK - 1) as usize;
                let first = self.guarded(from..line as usize, |bytes| memchr(b'\n', bytes))?;
                return Ok((block, first.map_or(line, |at| (from + at) as u64 + 1)));
            }
            if start == 0 || self.maker.is_cancelled() {
                return Ok((0, 0));
            }
            end = start;
        }
    }

    fn advance(&self, bytes: u64) {
        if let Some(progress) = self.progress {
            progress.advance(bytes);
        }
    }

    fn guarded<T>(&self, range: Range<usize>, read: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        self.text.guarded(range, read).map_err(|error| error.with_path(&self.opened.path))
    }

    fn manifest(&self, covered: u64, newlines: u64, segments: Vec<Entry>) -> Manifest {
        let Text { identity, seen_at, .. } = *self.opened;
        Manifest { identity, seen_at, scheme: self.maker.scheme, covered, newlines, segments, sections: vec![] }
    }

    pub(crate) fn build(&self, storage: impl Storage, path: &Path) -> Result<Done, Error> {
        let (blocks, covered) = self.extent()?;
        let mut committer = Committer::create(storage);
        let made = self.write_new(&mut committer, path, 0..blocks, 0)?;
        let Some((segments, newlines)) = made.filter(|_| !self.maker.is_cancelled()) else {
            return Ok(Done::Cancelled);
        };
        self.opened.check_same()?;
        let manifest = self.manifest(covered, newlines, segments);
        committer.commit(&manifest, 0).map_err(|error| cannot_write(error, path))?;
        Ok(Done::Written)
    }

    /// Indexes some blocks, and writes segments while the next are made.
    fn write_new<S: Storage>(
        &self,
        committer: &mut Committer<S>,
        path: &Path,
        blocks: Range<u64>,
        newlines: u64,
    ) -> Result<Option<(Vec<Entry>, u64)>, Error> {
        let scheme = self.maker.scheme;
        let entries = Mutex::new(vec![]);
        let failed = Mutex::new(None);
        let writer = Mutex::new(committer);
        // Writes a segment. False if that failed.
        let write = |made: &Made| {
            let mut committer = writer.lock().unwrap_or_else(PoisonError::into_inner);
            let written = committer.add(made, scheme).and_then(|entry| {
                entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
                // What is on the disk already need not be waited for in the end.
                committer.sync()
            });
            match written {
                Ok(()) => true,
                Err(error) => {
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    false
                }
            }
        };
        let mut newlines = newlines;
        let is_whole = std::thread::scope(|scope| {
            let (send, receive) = sync_channel::<Made>(0);
            let write_all = move || _ = receive.into_iter().all(|made| write(&made));
            let start =
                || std::thread::Builder::new().name("mapgrep-write".to_owned()).spawn_scoped(scope, write_all).ok();
            let thread = has_room_for_thread().then(start).flatten();
            let mut first = blocks.start;
            let mut is_whole = true;
            while first < blocks.end {
                let end = blocks.end.min(first + MOST_BLOCKS as u64);
                let made = self.maker.index(self.text, first..end, newlines, |bytes| self.advance(bytes));
                let made = made.map_err(|error| error.with_path(&self.opened.path))?;
                let Some(made) = made else {
                    is_whole = false;
                    break;
                };
                newlines = made.newlines;
                first = end;
                // Without a further thread, this one writes.
                let goes_on = if thread.is_some() { send.send(made).is_ok() } else { write(&made) };
                if !goes_on {
                    break;
                }
            }
            drop(send);
            if let Some(thread) = thread {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            }
            Ok::<_, Error>(is_whole)
        })?;
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(cannot_write(error, path)),
            None => {
                let entries = entries.into_inner().unwrap_or_else(PoisonError::into_inner);
                Ok(is_whole.then_some((entries, newlines)))
            }
        }
    }

    /// `open` opens the file of the index, and `create` makes one that will replace it.
    pub(crate) fn update<S: Storage>(
        &self,
        index: Index,
        open: impl FnOnce(&Index) -> io::Result<S>,
        create: impl FnOnce() -> io::Result<S>,
    ) -> Result<Done, Error> {
        let old = index.manifest();
        let path = &index.path().to_owned();
        let cannot = |error| cannot_write(error, path);
        let (blocks, covered) = self.extent()?;
        if self.maker.is_cancelled() {
            return Ok(Done::Cancelled);
        }
        // Without a new block only the attributes of the text are stored, with which its next change is compared.
        let is_more = blocks > old.blocks();
        if !is_more && self.is_patient && self.opened.is_being_written() {
            return Ok(Done::UpToDate);
        }
        let (blocks, covered) = if is_more { (blocks, covered) } else { (old.blocks(), old.covered) };
        let new = old.blocks()..blocks;
        // The last segments are merged with the new one, unless it is small compared with them.
        let mut kept = old.segments.clone();
        let mut merged = vec![];
        let mut count = (new.end - new.start) as usize;
        while let Some(last) = kept.last()
            && last.blocks() + count <= MOST_BLOCKS
            && last.blocks() < 2 * count
        {
            count += last.blocks();
            merged.push(*last);
            kept.pop();
        }
        merged.reverse();
        let header = index.header();
        let sections = old.sections.iter().map(|section| section.len);
        let mut dead = merged.iter().map(|entry| entry.len).chain(sections).fold(0, u64::saturating_add);
        // Damaged sections may overlap.
        dead = dead.min(header.end - header.dead);
        let is_mostly_dead = (header.dead + dead) * 10 > header.end * DEAD_OF_TEN;
        let mut committer = match is_mostly_dead {
            true => Committer::create(create().map_err(cannot)?),
            false => Committer::resume(open(&index).map_err(cannot)?, *header),
        };
        if is_mostly_dead {
            dead = 0;
            kept = self.copy(&index, &kept, &mut committer)?;
        }
        let newlines = if merged.is_empty() {
            let Some((entries, newlines)) = self.write_new(&mut committer, path, new, old.newlines)? else {
                return Ok(Done::Cancelled);
            };
            kept.extend(entries);
            newlines
        } else {
            let made = self.maker.index(self.text, new, old.newlines, |bytes| self.advance(bytes));
            let Some(made) = made.map_err(|error| error.with_path(&self.opened.path))? else {
                return Ok(Done::Cancelled);
            };
            let whole = index.read(|reader| {
                let is_merged = |segment: &&Segment<'_>| merged.contains(&segment.entry);
                let mut parts: Vec<Segment<'_>> = reader.segments.iter().filter(is_merged).copied().collect();
                parts.push(Segment::new(&made.bytes, made.entry, self.maker.scheme)?);
                self.maker.merge(&parts)
            })?;
            let Some(whole) = whole else { return Ok(Done::Cancelled) };
            kept.push(committer.add(&whole, self.maker.scheme).map_err(cannot)?);
            made.newlines
        };
        self.opened.check_same()?;
        // Windows cannot replace a mapped file.
        drop(index);
        committer.commit(&self.manifest(covered, newlines, kept), dead).map_err(cannot)?;
        Ok(if is_more { Done::Written } else { Done::UpToDate })
    }

    /// Copies segments to a new file.
    fn copy<S: Storage>(&self, index: &Index, kept: &[Entry], to: &mut Committer<S>) -> Result<Vec<Entry>, Error> {
        index.read(|reader| {
            let segments = reader.segments.iter().filter(|segment| kept.contains(&segment.entry));
            segments
                .map(|segment| {
                    let offset = to.append(segment.bytes()).map_err(|error| cannot_write(error, index.path()))?;
                    Ok(segment.entry_at(offset))
                })
                .collect()
        })
    }
}
