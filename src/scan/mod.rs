//! Mappings and streams, searched in parallel, with results in order.
//!
//! [`Scanner`] delivers every match of a [`Matcher`](crate::matcher::Matcher) in a mapped file, in file order, as if
//! one thread had walked through it. The file is cut into page-aligned chunks; a chunk owns the matches that start in
//! it. What a match has to see of its neighbours decides how far a worker looks past its chunk:
//!
//! * literals and other patterns of bounded length look that far, and matches that reach over a border are reconciled
//!   where the chunks meet;
//! * patterns that are confined to lines ([`by_line`](crate::matcher::MatcherBuilder::by_line)) are run on the lines
//!   that start in the chunk;
//! * patterns that may match any number of bytes across lines are run by one thread.
//!
//! # Examples
//!
//! Every match of a regex in a file, in order. As an iterator, the same is [`Scanner::par_find_iter`].
//!
//! ```
//! use std::ops::ControlFlow;
//! use mapgrep::{FileMatch, mapping::{Access, MapOptions}, matcher::MatcherBuilder, scan::Scanner};
//!
//! let path = std::env::temp_dir().join(format!("mapgrep-doc-scan-{}", std::process::id()));
//! std::fs::write(&path, "id=17 id=4 id=2026")?;
//! // SAFETY: nobody changes the file while this example has it mapped.
//! let mapping = unsafe { MapOptions::new().access(Access::Read).map_file(&std::fs::File::open(&path)?)? };
//! let scanner = Scanner::new(MatcherBuilder::new().build(["id=[0-9]{1,9}"])?);
//! let mut found = vec![];
//! scanner.for_each(&mapping, |m: FileMatch| {
//!     found.push(m.start..m.end);
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(found, [0..5, 6..10, 11..18]);
//! # drop(mapping);
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod cache;
mod cancel;
pub(crate) mod chunk;
pub(crate) mod feed;
mod find;
pub(crate) mod holes;
mod iter;
pub mod newlines;
pub mod ordered;
pub(crate) mod piece;
pub(crate) mod pieces;
mod pool;
mod progress;
mod scanner;
pub(crate) mod seam;
mod sequential;
mod sets;
mod sink;
pub(crate) mod stream;
pub(crate) mod unordered;
pub(crate) mod window;

pub use self::{
    cache::{CacheKeeper, CachePolicy, CacheReader},
    cancel::Cancel,
    holes::{cuts_of, has_holes},
    iter::{FindIter, ParFindIter},
    pool::Pool,
    progress::Progress,
    scanner::{Scanner, Stats, unmap},
    sink::Sink,
};
pub(crate) use self::{chunk::DEFAULT_CHUNK_SIZE, pool::has_room_for_thread};
