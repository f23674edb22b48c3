//! Those who take results, in file order.

/// Whether the one who takes results wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Enough: stop the workers.
    Stop,
}

/// Takes results one after the other, in file order, on the thread that asked for them.
///
/// Every closure of the right form is one, and lends a sink that is kept: `|m| sink.accept(m)`.
///
/// # Examples
///
/// ```
/// use mapgrep::{Match, mapping::MapOptions, matcher::MatcherBuilder, scan::{Flow, Scanner, Sink}};
///
/// /// Remembers the first few.
/// struct First(Vec<Match>, usize);
///
/// impl Sink<Match> for First {
///     fn accept(&mut self, item: Match) -> Flow {
///         self.0.push(item);
///         if self.0.len() < self.1 { Flow::Continue } else { Flow::Stop }
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
    fn accept(&mut self, item: T) -> Flow;
}

impl<T, F: FnMut(T) -> Flow> Sink<T> for F {
    fn accept(&mut self, item: T) -> Flow {
        self(item)
    }
}
