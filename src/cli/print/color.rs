//! Colours: the bytes that switch them, and text with its matches in colour.

use std::ops::Range;

use grep_printer::{ColorSpecs, UserColorSpec, default_color_specs};
use mapgrep::Span;
use termcolor::{Ansi, ColorSpec, WriteColor};

/// The byte sequences that switch colours on a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Colors {
    pub(crate) path: Vec<u8>,
    pub(crate) number: Vec<u8>,
    pub(crate) column: Vec<u8>,
    pub(crate) matched: Vec<u8>,
    /// Matches look like what is around them.
    pub(crate) is_match_plain: bool,
    /// That of lines with matches, if they have one.
    pub(crate) highlight: Option<Vec<u8>>,
    pub(crate) reset: Vec<u8>,
}

impl Colors {
    /// The default colours, changed in this order.
    pub(crate) fn new(changes: &[UserColorSpec]) -> Self {
        let mut specs = default_color_specs();
        specs.extend_from_slice(changes);
        let specs = ColorSpecs::new(&specs);
        let bytes = |spec: &ColorSpec| {
            let mut writer = Ansi::new(vec![]);
            writer.set_color(spec).expect("writing to memory");
            writer.into_inner()
        };
        let mut reset = Ansi::new(vec![]);
        reset.reset().expect("writing to memory");
        Colors {
            path: bytes(specs.path()),
            number: bytes(specs.line()),
            column: bytes(specs.column()),
            matched: bytes(specs.matched()),
            is_match_plain: specs.matched().is_none(),
            highlight: (!specs.highlight().is_none()).then(|| bytes(specs.highlight())),
            reset: reset.into_inner(),
        }
    }
}

/// Appends `shown` of `bytes`, with the matches in colour. Of matches that reach further there is less to show.
pub(crate) fn push_highlighted(colors: &Colors, bytes: &[u8], shown: Span, matches: &[Span], out: &mut Vec<u8>) {
    let mut highlighter = Highlighter::new(colors, shown);
    let mut push = |text, is_match| highlighter.push(text, is_match, &mut |text| out.extend_from_slice(text));
    let mut at = 0;
    for m in matches {
        let start = m.start.clamp(at, bytes.len());
        let end = m.end.clamp(start, bytes.len());
        push(&bytes[at..start], false);
        push(&bytes[start..end], true);
        at = end;
    }
    push(&bytes[at..], false);
    highlighter.finish(&mut |text| out.extend_from_slice(text));
}

/// What of a piece of text that begins at `at` lies in a range.
pub(crate) fn clip<'p>(range: &Range<usize>, piece: &'p [u8], at: usize) -> &'p [u8] {
    let place = |offset: usize| offset.saturating_sub(at).min(piece.len());
    &piece[place(range.start)..place(range.end).max(place(range.start))]
}

/// Puts the matches of a selected line in colour, and the line itself where lines have one. Adjacent matches are one
/// stretch of it.
pub(crate) struct Highlighter<'a> {
    colors: &'a Colors,
    shown: Range<usize>,
    at: usize,
    in_color: bool,
    has_begun: bool,
}

impl<'a> Highlighter<'a> {
    pub(crate) fn new(colors: &'a Colors, shown: Span) -> Self {
        Highlighter { colors, shown: shown.range(), at: 0, in_color: false, has_begun: false }
    }

    /// Writes what is shown of the next piece of the text.
    pub(crate) fn push(&mut self, piece: &[u8], is_match: bool, write: &mut dyn FnMut(&[u8])) {
        let shown = clip(&self.shown, piece, self.at);
        self.at += piece.len();
        if shown.is_empty() {
            return;
        }
        self.begin(write);
        if self.in_color != is_match {
            write(if is_match { &self.colors.matched } else { self.around() });
            self.in_color = is_match;
        }
        write(shown);
    }

    /// Ends the text.
    pub(crate) fn finish(mut self, write: &mut dyn FnMut(&[u8])) {
        self.begin(write);
        if self.in_color {
            write(self.around());
        }
        if self.colors.highlight.is_some() {
            write(&self.colors.reset);
        }
    }

    /// What is around matches.
    fn around(&self) -> &'a [u8] {
        self.colors.highlight.as_ref().unwrap_or(&self.colors.reset)
    }

    fn begin(&mut self, write: &mut dyn FnMut(&[u8])) {
        if let Some(highlight) =
            self.colors.highlight.as_ref().filter(|_| !std::mem::replace(&mut self.has_begun, true))
        {
            write(highlight);
        }
    }
}
