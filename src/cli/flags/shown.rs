//! What is shown in place of the result of a search.

use crate::cli::flags::{
    generate::generate,
    help,
    options::{Mode, Options, Shown},
};

/// What these options ask for, if it is no search.
pub(crate) fn text(options: &Options) -> Option<String> {
    let shown = match (options.other.shown, options.output.mode) {
        (Some(shown), _) => shown,
        (None, Mode::Generated(kind)) => return Some(generate(kind)),
        (None, _) => return None,
    };
    Some(match shown {
        Shown::Summary => help::summary(),
        Shown::Help => help::help(),
        Shown::Version => help::version(),
        Shown::Build => help::build(),
    })
}
