//! Colours: the bytes that switch them, and text with its matches in colour.

use std::ops::Range;

use mapgrep::Span;
use termcolor::{Ansi, Color, ColorSpec, WriteColor};

/// The byte sequences that switch colours on a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Colors {
    pub(crate) path: Vec<u8>,
    pub(crate) number: Vec<u8>,
    pub(crate) other: Vec<u8>,
    pub(crate) matched: Vec<u8>,
    pub(crate) reset: Vec<u8>,
}

impl Default for Colors {
    fn default() -> Self {
        let bytes = |change: &dyn Fn(&mut ColorSpec)| {
            let mut spec = ColorSpec::new();
            change(&mut spec);
            let mut writer = Ansi::new(vec![]);
            writer.set_color(&spec).expect("writing to memory");
            writer.into_inner()
        };
        let mut reset = Ansi::new(vec![]);
        reset.reset().expect("writing to memory");
        Colors {
            path: bytes(&|spec| {
                spec.set_fg(Some(if cfg!(windows) { Color::Cyan } else { Color::Magenta }));
            }),
            number: bytes(&|spec| {
                spec.set_fg(Some(Color::Green));
            }),
            other: bytes(&|_| {}),
            matched: bytes(&|spec| {
                spec.set_fg(Some(Color::Red)).set_bold(true);
            }),
            reset: reset.into_inner(),
        }
    }
}

/// Appends `shown` of `bytes`, with the matches in colour.
pub(crate) fn push_highlighted(colors: &Colors, bytes: &[u8], shown: Span, matches: &[Span], out: &mut Vec<u8>) {
    let mut highlighter = Highlighter::new(colors, shown);
    let mut push = |text, is_match| highlighter.push(text, is_match, &mut |text| out.extend_from_slice(text));
    let mut at = 0;
    for m in matches {
        push(&bytes[at..m.start.max(at)], false);
        push(&bytes[m.start.max(at)..m.end.max(at)], true);
        at = m.end.max(at);
    }
    push(&bytes[at..], false);
    highlighter.finish(&mut |text| out.extend_from_slice(text));
}

/// What of a piece of text that begins at `at` lies in a range.
pub(crate) fn clip<'p>(range: &Range<usize>, piece: &'p [u8], at: usize) -> &'p [u8] {
    let place = |offset: usize| offset.saturating_sub(at).min(piece.len());
    &piece[place(range.start)..place(range.end).max(place(range.start))]
}

/// Puts matches in colour. Adjacent ones are one stretch of it.
pub(crate) struct Highlighter<'a> {
    colors: &'a Colors,
    shown: Range<usize>,
    at: usize,
    in_color: bool,
}

impl<'a> Highlighter<'a> {
    pub(crate) fn new(colors: &'a Colors, shown: Span) -> Self {
        Highlighter { colors, shown: shown.range(), at: 0, in_color: false }
    }

    /// Writes what is shown of the next piece of the text.
    pub(crate) fn push(&mut self, piece: &[u8], is_match: bool, write: &mut dyn FnMut(&[u8])) {
        let shown = clip(&self.shown, piece, self.at);
        self.at += piece.len();
        if shown.is_empty() {
            return;
        }
        if self.in_color != is_match {
            write(if is_match { &self.colors.matched } else { &self.colors.reset });
            self.in_color = is_match;
        }
        write(shown);
    }

    /// Ends the text.
    pub(crate) fn finish(self, write: &mut dyn FnMut(&[u8])) {
        if self.in_color {
            write(&self.colors.reset);
        }
    }
}
