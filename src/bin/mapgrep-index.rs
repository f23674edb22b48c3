//! The command `mapgrep-index`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mapgrep::cli::mapgrep_index(std::env::args_os())
}
