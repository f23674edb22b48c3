//! Places at which a pattern could start: what filters hand on, a batch at a time.

/// Places in a block of the haystack, ascending.
#[derive(Debug)]
pub(in crate::matcher) struct Places {
    /// Where the block begins, which is what the places count from.
    base: usize,
    len: usize,
    places: [u32; Self::ROOM],
}

impl Places {
    const ROOM: usize = 1024;

    pub(in crate::matcher) fn new(base: usize) -> Self {
        Places { base, len: 0, places: [0; Self::ROOM] }
    }

    /// How many more there is room for.
    #[inline(always)]
    pub(super) fn room(&self) -> usize {
        Self::ROOM - self.len
    }

    /// Adds a place, for which there must be room.
    #[inline(always)]
    pub(super) fn push(&mut self, place: usize) {
        self.places[self.len] = (place - self.base) as u32;
        self.len += 1;
    }

    /// Adds a place and its `N - 1` neighbours behind it, for which there must be room.
    #[inline(always)]
    pub(super) fn push_run<const N: usize>(&mut self, from: usize) {
        let first = (from - self.base) as u32;
        self.places[self.len..][..N].copy_from_slice(&std::array::from_fn::<u32, N, _>(|i| first + i as u32));
        self.len += N;
    }

    pub(in crate::matcher) fn as_slice(&self) -> &[u32] {
        &self.places[..self.len]
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }
}
