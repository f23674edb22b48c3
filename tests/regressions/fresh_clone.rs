//! The first command of README failed in a fresh clone: `cargo run` did not know which of two programs to run.

use crate::support::commands::{mapgrep, said};

// Tests that are built for Windows on another system have no cargo at hand, and the manifest is the same.
#[cfg(unix)]
#[test]
fn cargo_run_runs_mapgrep() {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(metadata["packages"][0]["default_run"], "mapgrep");
}

#[test]
fn the_first_command_of_readme_finds_the_needle() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let (status, lines, errors) = said(&mut mapgrep(dir, &["-n", "plover", "datasets/sample.log"]));
    assert_eq!((status, errors.as_str()), (0, ""));
    assert!(lines.lines().all(|line| line.contains("plover")) && !lines.is_empty(), "{lines}");
}
