//! Which files in directories are searched.

use std::ffi::OsStr;

use crate::cli::flags::{
    flag::{self, Takes, set},
    numbers::parse_number,
};

/// Which files in directories are searched.
#[derive(Debug, Default)]
pub(crate) struct FileOptions {
    pub(crate) globs: Vec<String>,
    pub(crate) hidden: bool,
    pub(crate) no_ignore: bool,
    /// How often `-u` was given.
    pub(crate) unrestricted: u8,
    pub(crate) follow: bool,
    pub(crate) max_depth: Option<usize>,
}

impl FileOptions {
    /// Whether hidden files are searched too.
    pub(crate) fn takes_hidden(&self) -> bool {
        self.hidden || self.unrestricted >= 2
    }

    /// Whether files are searched too that ignore files name.
    pub(crate) fn takes_ignored(&self) -> bool {
        self.no_ignore || self.unrestricted >= 1
    }
}

type Flag = flag::Flag<FileOptions>;

/// The flags, in the order of `--help`.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::bytes(
        "glob",
        Takes::Any,
        "GLOB",
        "Include or, with a leading \"!\", exclude files in directories whose path matches GLOB. May be given many \
         times",
        |o, v| parse_glob(v).map(|glob| o.globs.push(glob)),
    )
    .short('g'),
    Flag::switch("hidden", "Search hidden files and directories too", |o| o.hidden = true).short('.'),
    Flag::switch(
        "no-ignore",
        "Do not pass over what .gitignore, .ignore and similar files name. Braces in these files are alternatives, \
         as in -g; to git they are characters, unless they are escaped",
        |o| o.no_ignore = true,
    ),
    Flag::switch(
        "unrestricted",
        "Pass over less: once is --no-ignore, twice --hidden too, three times --binary too",
        |o| o.unrestricted = o.unrestricted.saturating_add(1),
    )
    .short('u')
    .each_time(),
    Flag::switch("follow", "Follow symbolic links in directories", |o| o.follow = true).short('L'),
    Flag::text("max-depth", Takes::Number, "NUM", "Descend at most NUM directories deep", |o, v| {
        set(&mut o.max_depth, parse_number(v).map(Some))
    }),
];

/// A glob, which has to be text.
fn parse_glob(glob: &OsStr) -> Result<String, String> {
    glob.to_str().map(str::to_owned).ok_or_else(|| format!("a glob has to be valid UTF-8, and this is {glob:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::flag::parse;

    #[test]
    fn each_u_passes_over_less() {
        let options = |args: &[&str]| parse::<FileOptions>(&[FLAGS], args).unwrap();
        assert!(!options(&["-L"]).takes_ignored());
        assert!(options(&["-u"]).takes_ignored() && !options(&["-u"]).takes_hidden());
        assert!(options(&["-u", "-u"]).takes_hidden() && options(&["-."]).takes_hidden());
        assert_eq!(options(&["-uuu"]).unrestricted, 3);
        assert_eq!(options(&["-g", "-x", "-g!*.c"]).globs, ["-x", "!*.c"]);
    }
}
