//! Which pieces of a file are searched, and the windows that they are cut into.
//!
//! A search of a whole file has one piece. Where it is known that nothing is to be found elsewhere, there are several,
//! and what lies between them is neither looked at nor read.

use std::ops::Range;

use super::{
    chunk::Chunks,
    feed::Feed,
    piece::Piece,
    window::{AHEAD, MappedWindow, Window},
};
use crate::mapping::Mapping;

/// How many windows ahead the system is asked to read where there are several pieces. The windows may be small, so it
/// takes many requests to keep a medium busy.
const WINDOWS_AHEAD: usize = 32;

/// The pieces of a file that a search goes through.
pub(crate) struct Pieces<'m> {
    mapping: &'m Mapping,
    /// In file order; none is empty.
    pieces: Vec<Piece>,
    /// How large a window is at most.
    size: usize,
    terminator: u8,
    /// The whole file may be read ahead, not only what is searched.
    is_whole: bool,
}

impl<'m> Pieces<'m> {
    pub(crate) fn new(mapping: &'m Mapping, pieces: Vec<Piece>, size: usize, terminator: u8) -> Self {
        let is_whole = matches!(&pieces[..], [piece] if piece.is_whole(mapping));
        Pieces { mapping, pieces, size, terminator, is_whole }
    }

    /// Whether all of the file is one piece, of which a range may be searched.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// How many bytes are searched.
    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.range.len()).sum()
    }

    /// What is searched, in file order.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.pieces.iter().map(|piece| piece.range.clone())
    }

    pub(crate) fn first(&mut self) -> Option<&mut Piece> {
        self.pieces.first_mut()
    }

    pub(crate) fn last(&self) -> Option<&Piece> {
        self.pieces.last()
    }

    /// Leaves out what lies outside of a range, and pieces of which nothing is left. How many line ends come before
    /// the first piece is not known any more where the range begins inside of it.
    pub(crate) fn confine(&mut self, range: Range<usize>) {
        self.pieces.retain_mut(|piece| {
            piece.range.start = piece.range.start.max(range.start);
            piece.range.end = piece.range.end.min(range.end);
            !piece.range.is_empty()
        });
    }

    /// The windows, in file order.
    pub(crate) fn windows(&self) -> impl Iterator<Item = Window<'m>> + Send + '_ {
        self.with_next(self.chunks())
    }

    /// Feeds a pipeline with the windows, in file order.
    pub(crate) fn feed(&self) -> Feed<'_, Window<'m>> {
        self.begin(self.chunks());
        Feed::direct(self.windows().map(Ok))
    }

    /// The same from the last to the first.
    pub(crate) fn feed_backwards(&self) -> Feed<'_, Window<'m>> {
        self.begin(self.chunks().rev());
        Feed::direct(self.with_next(self.chunks().rev()).map(Ok))
    }

    /// What is searched in one step, and the piece that it is of.
    fn chunks(&self) -> impl DoubleEndedIterator<Item = (&Piece, Range<usize>)> + Clone + Send {
        let size = self.size;
        self.pieces
            .iter()
            .flat_map(move |piece| Chunks::within(piece.range.clone(), size).map(move |chunk| (piece, chunk)))
    }

    /// How many windows ahead the system is asked to read.
    fn ahead(&self) -> usize {
        match self.is_whole {
            true => (AHEAD / self.size).min(64) + 1,
            false => WINDOWS_AHEAD,
        }
    }

    /// Has the system read what nobody will ask for on the way. Of a whole file it does so by itself.
    fn begin<'a>(&self, chunks: impl Iterator<Item = (&'a Piece, Range<usize>)>) {
        if !self.is_whole {
            chunks.take(self.ahead()).for_each(|(_, chunk)| self.mapping.read_ahead_no_further(chunk));
        }
    }

    /// Windows that know what comes some windows behind them.
    fn with_next<'a>(
        &'a self,
        chunks: impl Iterator<Item = (&'a Piece, Range<usize>)> + Clone + Send + 'a,
    ) -> impl Iterator<Item = Window<'m>> + Send + 'a {
        let mut next = chunks.clone().skip(self.ahead());
        chunks.map(move |(piece, range)| {
            let ahead = next.next().map_or(0..0, |(_, chunk)| chunk);
            let (mapping, terminator) = (self.mapping, self.terminator);
            Window::Mapped(MappedWindow { mapping, range, piece: piece.clone(), ahead, terminator })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::MapOptions;

    fn ranges<'m>(windows: impl Iterator<Item = Window<'m>>) -> Vec<(Range<u64>, Range<usize>)> {
        let range = |window: Window<'m>| match &window {
            Window::Mapped(mapped) => (window.own(), mapped.ahead.clone()),
            Window::Owned(_) => unreachable!("no stream"),
        };
        windows.map(range).collect()
    }

    fn piece(range: Range<usize>) -> Piece {
        Piece { range: range.clone(), within: range, newlines: 0 }
    }

    #[test]
    fn windows_have_the_borders_of_the_whole_and_know_what_comes_later() {
        let mapping = MapOptions::new().len(1000).map_anonymous().unwrap();
        let mut pieces = Pieces::new(&mapping, vec![piece(5..25), piece(40..50), piece(57..1000)], 10, b'\n');
        assert!(!pieces.is_whole());
        assert_eq!(pieces.len(), 20 + 10 + 943);
        let windows = ranges(pieces.windows());
        let expected = [5..10, 10..20, 20..25, 40..50, 57..60, 60..70];
        assert_eq!(windows.iter().map(|(range, _)| range.clone()).take(6).collect::<Vec<_>>(), expected);
        for (index, (_, ahead)) in windows.iter().enumerate() {
            let later = windows.get(index + WINDOWS_AHEAD).map_or(0..0, |(range, _)| range.clone());
            assert_eq!(ahead.start as u64..ahead.end as u64, later);
        }
        let backwards = ranges(pieces.with_next(pieces.chunks().rev()));
        assert!(windows.iter().rev().map(|(range, _)| range).eq(backwards.iter().map(|(range, _)| range)));

        pieces.confine(25..58);
        assert_eq!(pieces.pieces[1], Piece { range: 57..58, ..piece(57..1000) });
        assert_eq!(ranges(pieces.windows()), [(40..50, 0..0), (57..58, 0..0)]);
    }
}
