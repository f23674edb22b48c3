//! The command `mapgrep`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mapgrep::cli::mapgrep(std::env::args_os())
}
