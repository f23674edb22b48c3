//! Which files in directories are searched.

use std::ffi::OsStr;

use crate::cli::flags::{
    flag::{Flag, Section},
    numbers::parse_bytes,
    options::{BinaryFiles, Options, Sort, SortBy, TypeChange},
    values::{number, set, text, word},
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
    Flag::value(
        Section::Filter,
        ("iglob", "GLOB"),
        "-g, but letters match both their cases",
        "As -g, but letters match both their cases. These globs come behind those of -g.",
        |o, v| glob(v).map(|glob| o.files.iglobs.push(glob)),
    ),
    Flag::switch(
        Section::Filter,
        "glob-case-insensitive",
        "Letters in globs match both cases",
        "Letters in the globs of -g match both their cases.",
        |o, on| o.files.glob_case_insensitive = on,
    )
    .negation("no-glob-case-insensitive"),
    Flag::value(
        Section::Filter,
        ("type", "TYPE"),
        "Search only files of TYPE",
        "Search only files of TYPE, which --type-list names; \"all\" is every type. May be given many times.",
        |o, v| change_types(o, v, TypeChange::Select),
    )
    .short('t'),
    Flag::value(
        Section::Filter,
        ("type-not", "TYPE"),
        "Do not search files of TYPE",
        "Do not search files of TYPE, which --type-list names. May be given many times.",
        |o, v| change_types(o, v, TypeChange::Negate),
    )
    .short('T'),
    Flag::value(
        Section::Filter,
        ("type-add", "NAME:GLOB"),
        "Add a glob to a type of files",
        "Add a glob to a type of files, which is made where there is none of this NAME: \"web:*.html\". \
         \"src:include:c,cpp\" makes a type of other types. This holds for one search; a file of flags keeps it.",
        |o, v| change_types(o, v, TypeChange::Add),
    ),
    Flag::value(
        Section::Filter,
        ("type-clear", "NAME"),
        "Take all globs from a type of files",
        "Take all globs from a type of files. --type-add can give it others.",
        |o, v| change_types(o, v, TypeChange::Clear),
    ),
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
        "Search files, too, that .gitignore, .ignore and similar files name: the same as --no-ignore-dot, -exclude, \
         -global, -parent and -vcs. Braces in these files are alternatives, as in -g; git takes them for characters, \
         unless they are escaped.",
        |o, on| o.files.no_ignore.set_all(on),
    )
    .negation("ignore"),
    Flag::switch(
        Section::Filter,
        "no-ignore-dot",
        "Search what .ignore and .rgignore name too",
        "Search files, too, that .ignore and .rgignore files name.",
        |o, on| o.files.no_ignore.dot = on,
    )
    .negation("ignore-dot"),
    Flag::switch(
        Section::Filter,
        "no-ignore-exclude",
        "Search what .git/info/exclude names too",
        "Search files, too, that the .git/info/exclude of a repository names.",
        |o, on| o.files.no_ignore.exclude = on,
    )
    .negation("ignore-exclude"),
    Flag::switch(
        Section::Filter,
        "no-ignore-files",
        "Search what --ignore-file names too",
        "Search files, too, that the files given with --ignore-file name, those in the file of flags included.",
        |o, on| o.files.no_ignore.files = on,
    )
    .negation("ignore-files"),
    Flag::switch(
        Section::Filter,
        "no-ignore-global",
        "Search what your global ignore file names too",
        "Search files, too, that the ignore file for all repositories names: core.excludesFile of git, or \
         $HOME/.config/git/ignore.",
        |o, on| o.files.no_ignore.global = on,
    )
    .negation("ignore-global"),
    Flag::switch(
        Section::Filter,
        "no-ignore-parent",
        "Do not read ignore files in directories above",
        "Do not read the ignore files in the directories above those that were named.",
        |o, on| o.files.no_ignore.parent = on,
    )
    .negation("ignore-parent"),
    Flag::switch(
        Section::Filter,
        "no-ignore-vcs",
        "Search what version control ignores too",
        "Search files, too, that .gitignore and the other ignore files of git name. .ignore files still count.",
        |o, on| o.files.no_ignore.vcs = on,
    )
    .negation("ignore-vcs"),
    Flag::switch(
        Section::Filter,
        "no-require-git",
        "Heed .gitignore outside of repositories too",
        "Heed .gitignore files outside of git repositories too.",
        |o, on| o.files.no_require_git = on,
    )
    .negation("require-git"),
    Flag::value(
        Section::Filter,
        ("ignore-file", "FILE"),
        "Skip what FILE names, like .gitignore",
        "Skip the files that FILE names. It is written like .gitignore, with paths relative to the current directory. \
         Those of .gitignore and .ignore go before it; of several such files, a later one goes before.",
        |o, v| {
            o.files.ignore_files.push(v.into());
            Ok(())
        },
    ),
    Flag::switch(
        Section::Filter,
        "ignore-file-case-insensitive",
        "Letters in ignore files match both cases",
        "Letters in ignore files match both their cases.",
        |o, on| o.files.ignore_file_case_insensitive = on,
    )
    .negation("no-ignore-file-case-insensitive"),
    Flag::switch(
        Section::Filter,
        "unrestricted",
        "Skip fewer files; may be given three times",
        "Skip fewer files: -u is --no-ignore, -uu also --hidden, -uuu also --binary.",
        |o, _| {
            o.files.unrestricted = o.files.unrestricted.saturating_add(1);
            match o.files.unrestricted {
                1 => o.files.no_ignore.set_all(true),
                2 => o.files.hidden = true,
                _ => o.text.binary = BinaryFiles::Search,
            }
        },
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
        |o, v| set(&mut o.files.max_depth, number(v)),
    )
    .short('d')
    .aliases(&["maxdepth"]),
    Flag::value(
        Section::Filter,
        ("max-filesize", "SIZE"),
        "Skip files larger than SIZE",
        "Skip files in directories that are larger than SIZE: bytes, or a number with K, M or G.",
        |o, v| set(&mut o.files.max_filesize, text(v).and_then(parse_bytes).map(Some)),
    ),
    Flag::switch(
        Section::Filter,
        "one-file-system",
        "Stay in the file system of each path",
        "Do not descend into directories of another file system than that of the path they were found below.",
        |o, on| o.files.one_file_system = on,
    )
    .negation("no-one-file-system"),
    Flag::value(
        Section::Output,
        ("sort", "BY"),
        "The order of files, ascending",
        "The order of files: by path (the default), modified, accessed or created time, the oldest first. Files that \
         are ordered by time are all found before the first is searched. \"none\" is by path too: it costs nothing.",
        |o, v| sort(o, v, false),
    )
    .words(SORT_WORDS),
    Flag::value(
        Section::Output,
        ("sortr", "BY"),
        "The order of files, descending",
        "The same as --sort, from the last to the first. All files are found before the first is searched.",
        |o, v| sort(o, v, true),
    )
    .words(SORT_WORDS),
    Flag::switch(
        Section::Output,
        "sort-files",
        "The same as --sort=path",
        "The same as --sort=path, which is the default.",
        |o, _| o.files.sort = Sort::default(),
    )
    .negation("no-sort-files")
    .hidden(),
];

const SORT_WORDS: &[&str] = &["none", "path", "modified", "accessed", "created"];

fn sort(options: &mut Options, value: &OsStr, reverse: bool) -> Result<(), String> {
    let meanings = [None, Some(SortBy::Path), Some(SortBy::Modified), Some(SortBy::Accessed), Some(SortBy::Created)];
    options.files.sort = match word(value, SORT_WORDS, &meanings)? {
        Some(by) => Sort { by, reverse },
        None => Sort::default(),
    };
    Ok(())
}

fn change_types(options: &mut Options, value: &OsStr, change: fn(String) -> TypeChange) -> Result<(), String> {
    options.files.types.push(change(text(value)?.to_owned()));
    Ok(())
}

/// A glob, which has to be text.
fn glob(glob: &OsStr) -> Result<String, String> {
    glob.to_str().map(str::to_owned).ok_or_else(|| format!("a glob has to be valid UTF-8, and this is {glob:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::flags::parsed;

    #[test]
    fn each_u_passes_over_less() {
        let all = |args: &[&str]| parsed(args).unwrap();
        let options = |args: &[&str]| all(args).files;
        assert!(!options(&["-L"]).no_ignore.vcs);
        assert!(options(&["-u"]).no_ignore.vcs && !options(&["-u"]).hidden);
        assert!(options(&["-u", "-u"]).hidden && options(&["-."]).hidden && !options(&["-uu", "--no-hidden"]).hidden);
        assert!(all(&["-uuu"]).searches_binary() && !all(&["-uuu", "--no-binary"]).searches_binary());
        assert_eq!(options(&["-g", "-x", "-g!*.c"]).globs, ["-x", "!*.c"]);
    }

    #[test]
    fn types_keep_their_order() {
        let types = parsed(&["--type-add", "w:*.w", "-tw", "-Trust", "--type-clear=c"]).unwrap().files.types;
        let text = |s: &str| s.to_owned();
        let expected = [
            TypeChange::Add(text("w:*.w")),
            TypeChange::Select(text("w")),
            TypeChange::Negate(text("rust")),
            TypeChange::Clear(text("c")),
        ];
        assert_eq!(types, expected);
    }

    #[test]
    fn the_last_order_counts() {
        let sort = |args: &[&str]| parsed(args).unwrap().files.sort;
        assert_eq!(sort(&["--sortr=path"]), Sort { by: SortBy::Path, reverse: true });
        assert_eq!(sort(&["--sortr=path", "--sort", "created"]), Sort { by: SortBy::Created, reverse: false });
        assert_eq!(sort(&["--sortr=path", "--sort=none"]), Sort::default());
        assert!(parsed(&["--sort=size"]).unwrap_err().contains("possible values: none, path"));
    }
}
