//! Control characters of files, which a terminal would obey: they could move the cursor, change what was shown, or set
//! the title of the window.

use std::borrow::Cow;

use mapgrep::Span;

/// Text with control characters written as escapes, such as `\x1B`. Tabs and line ends stay.
pub(crate) fn visible(text: &[u8]) -> Cow<'_, [u8]> {
    match has_control(text) {
        true => Cow::Owned(Visible::new(text, &[]).text),
        false => Cow::Borrowed(text),
    }
}

/// Whether text has characters that are to be made visible.
pub(crate) fn has_control(text: &[u8]) -> bool {
    (0..text.len()).any(|at| control_at(text, at).is_some())
}

/// How many bytes the control character has that begins at an offset, if one does: of ASCII, or of those that Unicode
/// has besides.
fn control_at(text: &[u8], at: usize) -> Option<usize> {
    match text[at] {
        b'\t' | b'\n' | b'\r' => None,
        0..0x20 | 0x7F => Some(1),
        0xC2 if matches!(text.get(at + 1), Some(0x80..0xA0)) => Some(2),
        _ => None,
    }
}

/// A text with its control characters made visible, and the matches in it.
pub(crate) struct Visible {
    pub(crate) text: Vec<u8>,
    pub(crate) matches: Vec<Span>,
    /// Where each control character ends: in the original text, and in this one.
    escapes: Vec<(usize, usize)>,
}

impl Visible {
    pub(crate) fn new(text: &[u8], matches: &[Span]) -> Self {
        let mut visible = Visible { text: vec![], matches: vec![], escapes: vec![] };
        let (mut at, mut copied) = (0, 0);
        while at < text.len() {
            let Some(len) = control_at(text, at) else {
                at += 1;
                continue;
            };
            visible.text.extend_from_slice(&text[copied..at]);
            // The second byte of a character of Unicode is its number.
            visible.text.extend_from_slice(format!("\\x{:02X}", text[at + len - 1]).as_bytes());
            at += len;
            copied = at;
            visible.escapes.push((at, visible.text.len()));
        }
        visible.text.extend_from_slice(&text[copied..]);
        visible.matches = matches.iter().map(|m| Span::new(visible.place(m.start), visible.place(m.end))).collect();
        visible
    }

    /// Where a place in the original text is. One within a character is behind it.
    pub(crate) fn place(&self, at: usize) -> usize {
        let before = self.escapes.partition_point(|(end, _)| *end <= at);
        match before.checked_sub(1).map(|last| self.escapes[last]) {
            Some((end, visible)) => visible + (at - end),
            None => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_written_out() {
        assert_eq!(&*visible(b"a\tb\r\n"), b"a\tb\r\n");
        assert_eq!(
            &*visible(b"\x1B[2J\x07\xC2\x9B1m\x7F\xC3\xA9\xC2\xA0"),
            b"\\x1B[2J\\x07\\x9B1m\\x7F\xC3\xA9\xC2\xA0"
        );
    }

    #[test]
    fn matches_stay_around_their_text() {
        let shown = Visible::new(b"a\x1Bbc\x07d", &[Span::new(0, 1), Span::new(1, 4), Span::new(5, 6)]);
        let texts: Vec<&[u8]> = shown.matches.iter().map(|m| &shown.text[m.range()]).collect();
        assert_eq!(texts, [&b"a"[..], b"\\x1Bbc", b"d"]);
    }
}
