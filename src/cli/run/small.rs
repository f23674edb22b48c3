//! Small files of a directory: read at once, and looked through before anything is set up for a search. In most of them
//! nothing is found, and to set it up takes longer than to look.

use std::{
    cell::RefCell,
    io::{self, Cursor},
};

use mapgrep::{
    grep::{Grep, Summary},
    mapping::Cuts,
    scan::CachePolicy,
};

use crate::cli::run::{
    bom::{Text, is_marked},
    input::Input,
};

/// Files up to this size are read at once: those that ripgrep reads at once.
const SMALL: u64 = 64 << 10;

thread_local! {
    /// What the last small file was read into: fresh memory costs more than the text that is read into it.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(vec![]) };
}

/// What is left to do for an input.
pub(crate) enum Left {
    /// Nothing: no line is selected.
    Nothing(Summary),
    /// All of it is to be searched.
    All(Text),
}

/// Reads an input, all of which is to be searched as it is. Where it is a small file of which no line is selected, that
/// is all; it is text to be searched otherwise.
///
/// # Errors
///
/// Those of reading.
pub(crate) fn look_through(input: Input, grep: &Grep, cache: CachePolicy) -> io::Result<Left> {
    let len = input.len().filter(|len| (1..=SMALL).contains(len) && cache == CachePolicy::Keep);
    let (Some(len), 0, false) = (len, input.start(), input.is_stdin()) else {
        return Ok(Left::All(input.into_text(cache, &Cuts::default())));
    };
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(SMALL as usize, 0);
        let text = &mut buffer[..len as usize];
        if !input.read_all(text)? {
            // It has become shorter, of which the stream tells.
            input.rewind()?;
            return Ok(Left::All(input.into_text(cache, &Cuts::default())));
        }
        match grep.search_in_vain(text).filter(|_| !is_marked(text)) {
            Some(summary) => Ok(Left::Nothing(summary)),
            None => Ok(Left::All(Text::of_file(Cursor::new(text.to_vec()), len))),
        }
    })
}
