//! Those who take results, in file order.

use std::ops::ControlFlow;

/// Takes results one after the other, in file order, on the thread that asked for them.
///
/// Every closure of the right form is one, and lends a sink that is kept: `|m| sink.accept(m)`.
///
/// # Examples
///
/// ```
/// use std::ops::ControlFlow;
/// use mapgrep::{FileMatch, mapping::MapOptions, matcher::MatcherBuilder, scan::{Scanner, Sink}};
///
/// /// Remembers the first few.
/// struct First(Vec<FileMatch>, usize);
///
/// impl Sink<FileMatch> for First {
///     fn accept(&mut self, item: FileMatch) -> ControlFlow<()> {
///         self.0.push(item);
///         if self.0.len() < self.1 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
///     }
/// }
///
/// let mut memory = MapOptions::new().len(6).map_anonymous()?;
/// memory.set_slice(.., b"ababab")?;
/// let mut first = First(vec![], 2);
/// Scanner::new(MatcherBuilder::new().build(["b"])?).for_each(&memory, |m| first.accept(m))?;
/// assert_eq!(first.0.iter().map(|m| m.start).collect::<Vec<_>>(), [1, 3]);
/// # Ok::<(), mapgrep::Error>(())
/// ```
pub trait Sink<T> {
    /// Takes one result.
    fn accept(&mut self, item: T) -> ControlFlow<()>;
}

impl<T, F: FnMut(T) -> ControlFlow<()>> Sink<T> for F {
    fn accept(&mut self, item: T) -> ControlFlow<()> {
        self(item)
    }
}
