//! The command `mapgrep-index`.

use std::process::ExitCode;

#[global_allocator]
static MEMORY: mapgrep::cli::Memory = mapgrep::cli::Memory;

fn main() -> ExitCode {
    mapgrep::cli::mapgrep_index(std::env::args_os())
}
