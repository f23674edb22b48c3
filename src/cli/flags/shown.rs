//! What is shown in place of the result of a search.

use crate::cli::flags::{generate::generate, help, options::Shown};

pub(crate) fn text(shown: Shown) -> String {
    match shown {
        Shown::Summary => help::summary(),
        Shown::Help => help::help(),
        Shown::Version => help::version(),
        Shown::Build => help::build(),
        Shown::Generated(kind) => generate(kind),
    }
}
