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
        "Search only files in directories whose path matches GLOB or, with a leading \"!\", those whose path does \
         not. Of several the last that matches counts. A GLOB goes before ignore files.",
        |o, v| glob(v).map(|glob| o.files.globs.push(glob)),
    )
    .short('g'),
    Flag::switch(
        Section::Filter,
        "hidden",
        "Search hidden files and directories too",
        "Search hidden files and directories too: those whose name begins with a dot.",
        |o, on| o.files.hidden = on,
    )
    .short('.')
    .negation("no-hidden"),
    Flag::switch(
        Section::Filter,
        "no-ignore",
        "Search what ignore files name too",
        "Do not pass over what .gitignore, .ignore and similar files name. Braces in these files are alternatives, \
         as in -g; to git they are characters, unless they are escaped.",
        |o, on| o.files.no_ignore = on,
    )
    .negation("ignore"),
    Flag::switch(
        Section::Filter,
        "unrestricted",
        "Pass over less; may be given three times",
        "Pass over less: once is --no-ignore, twice --hidden too, three times --binary too.",
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
        "Descend at most NUM directories deep. With 0 the directories that were named are not searched at all, with 1 \
         the files in them are.",
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
