//! Which files in directories are searched.

use std::ffi::OsStr;

use crate::cli::flags::{
    flag::{Flag, Section},
    numbers::parse_number,
    values::{set, text},
};

/// The flags about files in directories.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::value(
        Section::Filter,
        ("glob", "GLOB"),
        "Search only files whose path matches GLOB",
        "Search only files in directories whose path matches GLOB, or with a leading \"!\" only those whose path does \
         not. The last GLOB that matches counts. It takes precedence over ignore files.",
        |o, v| glob(v).map(|glob| o.files.globs.push(glob)),
    )
    .short('g'),
    Flag::switch(
        Section::Filter,
        "hidden",
        "Search hidden files and directories too",
        "Search hidden files and directories, too: those whose name begins with a dot.",
        |o, on| o.files.hidden = on,
    )
    .short('.')
    .negation("no-hidden"),
    Flag::switch(
        Section::Filter,
        "no-ignore",
        "Search what ignore files name too",
        "Search files, too, that .gitignore, .ignore and similar files name. Braces in these files are alternatives, \
         as in -g; git takes them for characters, unless they are escaped.",
        |o, on| o.files.no_ignore = on,
    )
    .negation("ignore"),
    Flag::switch(
        Section::Filter,
        "unrestricted",
        "Skip fewer files; may be given three times",
        "Skip fewer files: -u is --no-ignore, -uu also --hidden, -uuu also --binary.",
        |o, _| o.files.unrestricted = o.files.unrestricted.saturating_add(1),
    )
    .short('u'),
    Flag::switch(
        Section::Filter,
        "follow",
        "Follow symbolic links in directories",
        "Follow symbolic links in directories.",
        |o, on| o.files.follow = on,
    )
    .short('L')
    .negation("no-follow"),
    Flag::value(
        Section::Filter,
        ("max-depth", "NUM"),
        "Descend at most NUM directories deep",
        "Descend at most NUM directories deep. With 0, directories are not searched; with 1, only the files directly \
         in them.",
        |o, v| set(&mut o.files.max_depth, text(v).and_then(parse_number).map(Some)),
    )
    .short('d')
    .aliases(&["maxdepth"]),
];

/// A glob, which has to be text.
fn glob(glob: &OsStr) -> Result<String, String> {
    glob.to_str().map(str::to_owned).ok_or_else(|| format!("a glob has to be valid UTF-8, and this is {glob:?}"))
}

#[cfg(test)]
mod tests {
    use crate::cli::flags::parsed;

    #[test]
    fn each_u_passes_over_less() {
        let options = |args: &[&str]| parsed(args).unwrap().files;
        assert!(!options(&["-L"]).takes_ignored());
        assert!(options(&["-u"]).takes_ignored() && !options(&["-u"]).takes_hidden());
        assert!(options(&["-u", "-u"]).takes_hidden() && options(&["-."]).takes_hidden());
        assert_eq!(options(&["-uuu"]).unrestricted, 3);
        assert_eq!(options(&["-g", "-x", "-g!*.c"]).globs, ["-x", "!*.c"]);
    }
}
