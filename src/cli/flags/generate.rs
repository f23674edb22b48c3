//! The manual page and the completions, made from the flags.

use clap::{Arg, ArgAction, Command};

use crate::cli::flags::{help, options::Kind, table::all};

/// The manual page, or the completions for a shell.
pub(crate) fn generate(kind: Kind) -> String {
    use clap_complete::aot::{Shell, generate};

    let mut out = vec![];
    let mut complete = |shell| generate(shell, &mut command(), "mapgrep", &mut out);
    match kind {
        Kind::Man => clap_mangen::Man::new(command()).render(&mut out).expect("memory takes what is written"),
        Kind::Bash => complete(Shell::Bash),
        Kind::Zsh => complete(Shell::Zsh),
        Kind::Fish => complete(Shell::Fish),
        Kind::PowerShell => complete(Shell::PowerShell),
    }
    String::from_utf8(out).expect("flags and their help are text")
}

/// The flags as the crates know them that generate this. Command lines are not parsed by it.
fn command() -> Command {
    let [pattern, path] = help::ARGUMENTS.map(|(name, help)| Arg::new(name).value_name(name).help(help));
    let mut command = Command::new("mapgrep")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Search files for lines that match a pattern, with all cores in each file")
        .long_about(help::DESCRIPTION.join("\n\n"))
        .after_long_help(format!("EXIT STATUS: {}", help::EXIT_STATUS))
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(pattern.value_hint(clap::ValueHint::Other))
        .arg(path.num_args(0..).value_hint(clap::ValueHint::AnyPath));
    for flag in all().filter(|flag| !flag.is_hidden) {
        let arg = Arg::new(flag.long).long(flag.long).short(flag.short).help(flag.summary).long_help(help::text(flag));
        let arg = match flag.value {
            Some(name) => arg.value_name(name).value_parser(clap::builder::PossibleValuesParser::new(flag.words)),
            None => arg.action(ArgAction::SetTrue),
        };
        // Of any values there is no list.
        command = command.arg(if flag.words.is_empty() { arg.value_parser(clap::value_parser!(String)) } else { arg });
        if let Some(negation) = flag.negation {
            let help = format!("Take back --{}", flag.long);
            command = command.arg(Arg::new(negation).long(negation).help(help).hide(true).action(ArgAction::SetTrue));
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_generated_has_the_flags() {
        for kind in [Kind::Man, Kind::Bash, Kind::Zsh, Kind::Fish, Kind::PowerShell] {
            let text = generate(kind);
            let name = if kind == Kind::Man { "max\\-columns" } else { "max-columns" };
            assert!(text.contains(name), "{kind:?}: {text}");
        }
    }
}
