//! How a file is searched: mapped into memory, with its index or without, or read as a stream.

use std::{fs::Metadata, sync::Arc};

use anyhow::bail;
use mapgrep::{
    Error,
    grep::Binary,
    index::{Fresh, Unfit},
    mapping::{Access, MapOptions, Mapping},
    scan::{CacheKeeper, CachePolicy, Cancel, has_holes},
};

use crate::cli::{
    flags::{
        Options,
        options::{Encoding, MapFiles},
    },
    run::{haystack::Haystack, indexes::Indexes, input::Input, job::Job},
    terminal::{notes::Notes, stdout::FileId},
};

/// Up to this size a file that was named is read and not mapped: to map it, watch it and let go of it takes a dozen
/// calls of the system more.
pub(crate) const SMALL: u64 = 64 << 10;

/// The bytes of a file, by the way in which they are had.
pub(crate) enum Source {
    /// With its index, if there is one that can be relied on.
    Mapped(Mapping, Option<Box<Fresh>>),
    Stream,
    /// The file is empty, and stays so for this search.
    Nothing,
}

/// How a file is searched, and what its first bytes tell of it where it was named, or is mapped.
pub(crate) struct Opened {
    pub(crate) source: Source,
    pub(crate) unfit: Option<Unfit>,
}

/// Decides how files are searched.
pub(crate) struct Opener {
    map: MapFiles,
    /// A file is wanted as a whole, or from its end.
    takes_all: bool,
    encoding: Encoding,
    /// It is read line by line.
    stops: bool,
    /// The file that lines are printed to. It is not to be searched for what is printed.
    output: Option<FileId>,
    indexes: Arc<Indexes>,
    cache: CachePolicy,
    notes: Notes,
    cancel: Cancel,
}

/// What is to become of one file.
struct Wishes {
    /// It is mapped, whatever is in it.
    maps: bool,
    /// It is mapped if it is text, also without an index.
    maps_text: bool,
    /// Nothing is binary.
    all_is_text: bool,
    looks_for_index: bool,
}

/// What came of an attempt to have the bytes of a file in memory.
enum Tried {
    Mapped(Mapping, Option<Box<Fresh>>, Option<Unfit>),
    /// It is a stream. The reason is missing where it is the usual one.
    Stream(Option<&'static str>, Option<Unfit>),
}

impl Opener {
    /// `output` is the file that lines are printed to, if they are.
    pub(crate) fn new(options: &Options, indexes: Arc<Indexes>, output: Option<FileId>, cancel: &Cancel) -> Self {
        Opener {
            map: options.performance.map,
            takes_all: options.selection.needs_mapping(),
            encoding: options.text.encoding,
            stops: options.selection.stop_on_nonmatch,
            output,
            indexes,
            cache: options.performance.page_cache.policy(),
            notes: Notes::new(options),
            cancel: cancel.clone(),
        }
    }

    /// Whether a file is mapped, with an index or without. Standard input is a stream.
    pub(crate) fn maps(&self, haystack: &Haystack) -> bool {
        let most = if haystack.explicit { MapFiles::Named } else { MapFiles::All };
        !haystack.is_stdin && (self.map == MapFiles::All || self.map == most)
    }

    /// Has the file mapped when that is wanted and possible; it is a stream otherwise.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is also the output, or has no index and needs one.
    pub(crate) fn open(&self, job: Job<'_>, input: &mut Input) -> anyhow::Result<Opened> {
        let haystack = job.haystack;
        let usual = match self.map {
            MapFiles::None => "with --no-mmap files are streams",
            MapFiles::Named | MapFiles::All => "it cannot be mapped",
        };
        let (Some(metadata), Some(len)) = (input.regular().cloned(), input.len()) else {
            let why = match input.is_converted() {
                true => "a program converts it",
                false if haystack.is_stdin => "standard input has none",
                false => usual,
            };
            self.indexes.do_without(None, why)?;
            return Ok(Opened { source: Source::Stream, unfit: None });
        };
        if self.output.is_some_and(|output| output.is_of(&metadata)) {
            // An empty one has nothing that could be printed to it again.
            return match len {
                0 => Ok(Opened { source: Source::Nothing, unfit: None }),
                _ => bail!("this file is also the output: the search would find its own output"),
            };
        }
        // Of standard input nobody asked what it is.
        let opened = |source, unfit: Option<Unfit>| Opened { source, unfit: unfit.filter(|_| !haystack.is_stdin) };
        let (why, mut unfit) = match self.try_memory(job, input, &metadata, len)? {
            Tried::Mapped(mapping, index, unfit) => return Ok(opened(Source::Mapped(mapping, index), unfit)),
            Tried::Stream(why, unfit) => (why.unwrap_or(usual), unfit),
        };
        if unfit.is_none() && haystack.explicit && len > 0 {
            unfit = input.unfit()?;
        }
        self.indexes.do_without(Some(len), why)?;
        Ok(opened(Source::Stream, unfit))
    }

    /// Has a file in memory, if that is wanted and possible.
    fn try_memory(&self, job: Job<'_>, input: &mut Input, metadata: &Metadata, len: u64) -> anyhow::Result<Tried> {
        if matches!(self.encoding, Encoding::Of(_)) {
            return Ok(Tried::Stream(Some("it is converted to UTF-8 as a stream"), None));
        }
        if self.stops {
            return Ok(Tried::Stream(Some("with --stop-on-nonmatch it is read line by line"), None));
        }
        let wishes = self.wishes(job, metadata);
        // Files of the kernel's making, such as those in /proc, have no size until they are read.
        if len == 0 {
            return Ok(Tried::Stream(None, None));
        }
        if wishes.maps
            && let Some(text) = self.read_small(input, len)?
        {
            let unfit = self.unfit(&text, 0)?;
            if !self.is_marked(unfit) {
                return Ok(Tried::Mapped(text, None, unfit));
            }
            input.rewind()?;
            return Ok(Tried::Stream(None, unfit));
        }
        let maps = wishes.maps || (self.map != MapFiles::None && (wishes.looks_for_index || wishes.maps_text));
        if maps && let Ok(size) = usize::try_from(metadata.len()) {
            return self.try_map(job, &wishes, input, metadata, size);
        }
        Ok(Tried::Stream(None, None))
    }

    fn wishes(&self, job: Job<'_>, metadata: &Metadata) -> Wishes {
        let Job { haystack, grep, .. } = job;
        let may_map = self.map != MapFiles::None;
        // What is no text is binary from another place on in a stream than in a file that is mapped. Where there is no
        // NUL that makes no difference, nor where all of a stream would be read into memory first.
        let takes_all = self.takes_all || !grep.matcher().is_by_line();
        let all_is_text = may_map && grep.binary_detection() == Binary::Text;
        let maps_text = match haystack.is_stdin {
            true => all_is_text,
            // One with holes is not read into memory with them.
            false => self.takes_all || (all_is_text && has_holes(metadata)),
        };
        Wishes {
            maps: self.maps(haystack) || (haystack.is_stdin && may_map && takes_all),
            maps_text,
            all_is_text,
            looks_for_index: may_map && self.indexes.are_looked_for(metadata),
        }
    }

    /// Whether the mark at the start of a text tells its encoding.
    fn is_marked(&self, unfit: Option<Unfit>) -> bool {
        unfit == Some(Unfit::Marked) && self.encoding == Encoding::Auto
    }

    /// Maps a file of this size, and keeps it mapped if that is what its bytes allow.
    fn try_map(
        &self,
        job: Job<'_>,
        wishes: &Wishes,
        input: &mut Input,
        metadata: &Metadata,
        size: usize,
    ) -> anyhow::Result<Tried> {
        let Job { haystack, grep, .. } = job;
        let Some(file) = input.take_file() else { return Ok(Tried::Stream(None, None)) };
        // One that is shorter by now is a stream that ends too early.
        let mut options = MapOptions::new();
        options.access(Access::Read).len(size);
        #[allow(unsafe_code)]
        // SAFETY: whoever changes the file while it is searched gets a search of changing bytes; the mapping is
        // only ever read through its guard, which checks the size, and no part of it is kept.
        let mapped = unsafe { options.map_own_file(file) };
        let mapping = match mapped {
            Ok(mapping) => mapping,
            Err((_, Some(unmapped))) => {
                input.put_back(unmapped);
                return Ok(Tried::Stream(None, None));
            }
            Err((error, None)) => return Err(error.into()),
        };
        let unfit = self.unfit(&mapping, input.start())?;
        let why = if self.is_marked(unfit) {
            "it begins with a byte order mark, and is converted as a stream"
        } else if input.start() > 0 && !grep.matcher().is_by_line() {
            "it is not searched from its start"
        } else {
            let index = self.open_index(haystack, input, metadata, &mapping)?.map(Box::new);
            let wants_mapping = wishes.maps || index.is_some() || wishes.maps_text;
            let is_text = || self.is_text(index.as_deref(), &mapping, input.start());
            if wants_mapping && (wishes.maps || wishes.all_is_text || is_text()?) {
                return Ok(Tried::Mapped(mapping, index, unfit));
            }
            let why = "it has a NUL, from which on a stream is binary";
            if index.is_some() {
                self.notes.explain(&haystack.path, || format!("its index is not used: {why}"));
            }
            why
        };
        input.put_back(mapping.into_file().expect("a mapping keeps its descriptor unless it is told not to"));
        Ok(Tried::Stream(Some(why), unfit))
    }

    /// The index of a mapped file, if it has one that can be relied on.
    fn open_index(
        &self,
        haystack: &Haystack,
        input: &Input,
        metadata: &Metadata,
        mapping: &Mapping,
    ) -> anyhow::Result<Option<Fresh>> {
        if !self.indexes.are_looked_for(metadata) {
            return Ok(None);
        }
        let path = input.path(haystack).filter(|_| input.start() == 0);
        let Some(path) = path else {
            let why = "standard input has no name, or is not read from its start";
            return self.indexes.do_without(input.len(), why).map(|()| None);
        };
        self.indexes.open(&path, metadata, mapping)
    }

    /// The bytes of a file that is so small that reading it costs less than mapping it. None for others, and for one
    /// that has become shorter.
    fn read_small(&self, input: &Input, len: u64) -> Result<Option<Mapping>, Error> {
        if len > SMALL || input.start() > 0 || self.cache != CachePolicy::Keep {
            return Ok(None);
        }
        let mut memory = MapOptions::new().len(len as usize).access(Access::Copy).map_anonymous()?;
        if memory.guarded_mut(.., |room| input.read_all(room))?? {
            return Ok(Some(memory));
        }
        input.rewind()?;
        Ok(None)
    }

    /// True when there is no NUL in a file from where its text starts on, neither in what is indexed nor behind it.
    fn is_text(&self, index: Option<&Fresh>, mapping: &Mapping, start: u64) -> Result<bool, Error> {
        const STEP: usize = 16 << 20;
        if index.is_some_and(Fresh::has_nul) {
            return Ok(false);
        }
        // The search is not to take what this reads for what was there before.
        let _keeper = CacheKeeper::of_mapping(self.cache, mapping, 0);
        let mut at = index.map_or(start, |index| index.covered()) as usize;
        while at < mapping.len() && !self.cancel.is_cancelled() {
            let end = mapping.len().min(at + STEP);
            if mapping.guarded(at..end, |bytes| memchr::memchr(0, bytes).is_some())? {
                return Ok(false);
            }
            at = end;
        }
        Ok(true)
    }

    /// What the first bytes of a text tell that begins at an offset.
    fn unfit(&self, mapping: &Mapping, start: u64) -> Result<Option<Unfit>, Error> {
        // The search that follows is not to take what this reads for what was there before.
        let _keeper = CacheKeeper::of_mapping(self.cache, mapping, 0);
        let start = mapping.len().min(start as usize);
        mapping.guarded(start..mapping.len().min(start + Unfit::HEAD_BYTES), Unfit::of)
    }
}
