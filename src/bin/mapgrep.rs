//! The command `mapgrep`.

use std::process::ExitCode;

#[global_allocator]
static MEMORY: mapgrep::cli::Memory = mapgrep::cli::Memory;

fn main() -> ExitCode {
    mapgrep::cli::mapgrep(std::env::args_os())
}
