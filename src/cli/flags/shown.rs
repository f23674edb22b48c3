//! What is shown in place of the result of a search.

use crate::cli::flags::{
    generate::generate,
    help,
    options::{Mode, Options, Shown},
};

/// What these options ask for, if it is no search, and the exit status that goes with it.
pub(crate) fn text(options: &Options) -> Option<(String, u8)> {
    let shown = match (options.other.shown, options.output.mode) {
        (Some(shown), _) => shown,
        (None, Mode::Generated(kind)) => return Some((generate(kind), 0)),
        (None, _) => return None,
    };
    Some(match shown {
        Shown::Summary => (help::summary(), 0),
        Shown::Help => (help::help(), 0),
        Shown::Version => (help::version(), 0),
        Shown::Build => (help::build(), 0),
        Shown::Pcre2 => {
            let (text, is_there) = help::pcre2();
            (text, u8::from(!is_there))
        }
    })
}
