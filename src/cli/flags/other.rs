//! What is asked for in place of a search, and the file of flags.

use crate::cli::flags::{
    flag::{Flag, Section},
    options::{Config, Kind, Mode, Shown},
    values::{set, word},
};

/// What can be generated.
const KINDS: &[&str] = &["man", "complete-bash", "complete-zsh", "complete-fish", "complete-powershell"];

/// The other flags.
pub(crate) const FLAGS: &[Flag] = &[
    Flag::switch(
        Section::Other,
        "help",
        "Show help: -h in short, --help in full",
        "Show help. -h shows one line for each flag, --help all there is to say.",
        |o, _| o.other.show(Shown::Help),
    )
    .short('h'),
    Flag::switch(
        Section::Other,
        "version",
        "Show the version",
        "Show the version, and which optional parts this build has; with -V the version alone.",
        |o, _| o.other.show(Shown::Build),
    )
    .short('V'),
    Flag::switch(
        Section::Other,
        "pcre2-version",
        "Show the version of PCRE2",
        "Show the version of PCRE2 that this build has, or that it has none, with exit status 1.",
        |o, _| o.other.show(Shown::Pcre2),
    ),
    Flag::value(
        Section::Other,
        ("generate", "KIND"),
        "Show the manual page, or completions for a shell",
        "Show the manual page in the format of man, or the script that completes flags in a shell: complete-bash, \
         complete-zsh, complete-fish or complete-powershell.",
        |o, v| {
            let kind = word(v, KINDS, &[Kind::Man, Kind::Bash, Kind::Zsh, Kind::Fish, Kind::PowerShell])?;
            o.output.mode = Mode::Generated(kind);
            Ok(())
        },
    )
    .words(KINDS),
    Flag::switch(
        Section::Other,
        "no-config",
        "Do not read a file of flags",
        "Do not read a file of flags. Without this flag, the flags in the file that the environment variable \
         MAPGREP_CONFIG_PATH names come before those of the command line, which win. In it each line is an argument, \
         just as a program gets it; white space around it, empty lines and lines that begin with # do not count.",
        |o, _| o.other.no_config = true,
    ),
    Flag::value(
        Section::Other,
        ("config", "WHOSE"),
        "Whose file of flags is read",
        "Whose file of flags is read. With \"ripgrep\", it is that which RIPGREP_CONFIG_PATH names where \
         MAPGREP_CONFIG_PATH is not set. The same can be said by the environment variable MAPGREP_CONFIG, or by a line \
         \"# mapgrep: --config=ripgrep\" in ripgrep's file.",
        |o, v| set(&mut o.other.config, word(v, &["own", "ripgrep"], &[Config::Own, Config::Ripgrep])),
    )
    .words(&["own", "ripgrep"]),
];
