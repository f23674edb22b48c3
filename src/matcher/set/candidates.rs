//! Candidates at which a pattern could start: what filters hand on, a batch at a time.

/// Candidates in a block of the haystack, ascending.
#[derive(Debug)]
pub(crate) struct Candidates {
    /// Where the block begins, which is what the places count from.
    base: usize,
    len: usize,
    places: [u32; Self::ROOM],
}

impl Candidates {
    const ROOM: usize = 1024;

    pub(crate) fn new(base: usize) -> Self {
        Candidates { base, len: 0, places: [0; Self::ROOM] }
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

    /// Adds the places from `from` on whose bits are set. There must be room for all 64, set or not.
    #[inline(always)]
    pub(super) fn push_all(&mut self, from: usize, mut mask: u64) {
        /// So many are written in any case, which is faster than to ask whether they are there.
        const FEW: usize = 4;
        if mask == 0 {
            return;
        }
        let first = (from - self.base) as u32;
        let len = self.len + mask.count_ones() as usize;
        let room = &mut self.places[self.len..][..64];
        for place in &mut room[..FEW] {
            *place = first + mask.trailing_zeros();
            mask &= mask.wrapping_sub(1);
        }
        for place in &mut room[FEW..] {
            if mask == 0 {
                break;
            }
            *place = first + mask.trailing_zeros();
            mask &= mask - 1;
        }
        self.len = len;
    }

    /// Adds a place and its `N - 1` neighbours behind it, for which there must be room.
    #[inline(always)]
    pub(super) fn push_run<const N: usize>(&mut self, from: usize) {
        let first = (from - self.base) as u32;
        self.places[self.len..][..N].copy_from_slice(&std::array::from_fn::<u32, N, _>(|i| first + i as u32));
        self.len += N;
    }

    pub(crate) fn as_slice(&self) -> &[u32] {
        &self.places[..self.len]
    }

    /// Keeps the places for which this is true.
    #[inline(always)]
    pub(super) fn retain(&mut self, mut keeps: impl FnMut(usize) -> bool) {
        let mut kept = 0;
        for at in 0..self.len {
            let place = self.places[at];
            self.places[kept] = place;
            kept += usize::from(keeps(self.base + place as usize));
        }
        self.len = kept;
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Begins anew, with another block.
    pub(crate) fn restart(&mut self, base: usize) {
        (self.base, self.len) = (base, 0);
    }
}
