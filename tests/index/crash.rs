//! Processes that write indexes, and are killed at any moment: whatever they leave behind is searched right, and the
//! next one goes on from there.
//!
//! An ordinary run does few rounds, and `MAPGREP_TORTURE=1` five hundred:
//!
//! ```console
//! $ MAPGREP_TORTURE=1 cargo test --release --test index -- crash --nocapture
//! ```

use std::{
    env, fs,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::support::indexes::{MIB, Random, append, mapgrep_index, names, search_both, succeed};

/// A text is replaced by a new one when it has become so long.
const LONGEST: usize = if cfg!(debug_assertions) { 3 * MIB } else { 30 * MIB };
/// And by how much it grows in a round, at most.
const GROWTH: usize = if cfg!(debug_assertions) { MIB / 2 } else { 5 * MIB };

fn rounds() -> usize {
    if env::var_os("MAPGREP_TORTURE").is_some() { 500 } else { 10 }
}

#[test]
fn a_writer_that_is_killed_leaves_an_index_that_is_right() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("text");
    let mut random = Random::new(1);
    let mut text = vec![];
    // How long building and updating take, as far as it is known.
    let mut usual = [Duration::from_millis(if cfg!(debug_assertions) { 500 } else { 60 }); 2];
    let (mut killed, mut left, mut whole) = (0, 0, 0);
    for round in 0..rounds() {
        if text.is_empty() || text.len() > LONGEST {
            fs::remove_dir_all(directory.path()).unwrap();
            fs::create_dir(directory.path()).unwrap();
            text = random.log(MIB + GROWTH / 4);
            append(&path, &text);
        }
        let len = match random.below(3) {
            0 => random.below(100_000),
            _ => random.below(GROWTH),
        };
        let more = random.log(len);
        append(&path, &more);
        text.extend(more);

        let kind = random.below(3).min(1);
        let mut command = mapgrep_index();
        command.arg(["build", "update"][kind]).args(["-q", "-j2"]).arg(&path);
        let delay = usual[kind].mul_f64(random.below(1000) as f64 / 800.0);
        let started = Instant::now();
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        thread::sleep(delay);
        // It may have ended; then there is nothing to be killed.
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            // Windows has no signals: whoever is killed ends with 1.
            Some(status) if !(cfg!(windows) && status == 1 && output.stderr.is_empty()) => {
                whole += 1;
                assert_eq!((status, &output.stderr[..]), (0, &b""[..]), "{}", String::from_utf8_lossy(&output.stderr));
                usual[kind] = (usual[kind] * 3 + started.elapsed().min(delay)) / 4;
            }
            _ => {
                killed += 1;
                usual[kind] = usual[kind].max(delay);
            }
        }
        let there = names(directory.path());
        left += usize::from(there.iter().any(|name| name.ends_with(".new")));
        assert!(there.iter().all(|name| ["text", "text.mgx", "text.mgx.new", "text.mgx.lock"].contains(&&name[..])));

        // No word of the index on standard error: it is whole, and at most of less text.
        for _ in 0..3 {
            assert_eq!(search_both(&path, &random.literal(&text)), "", "round {round}");
        }
        assert_eq!(search_both(&path, "there is no such line"), "", "round {round}");

        if random.below(4) == 0 {
            succeed(mapgrep_index().arg(["build", "update"][random.below(2)]).arg("-q").arg(&path));
            assert_eq!(names(directory.path()), ["text", "text.mgx"], "round {round}");
            assert_eq!(search_both(&path, &random.literal(&text)), "", "round {round}");
            succeed(mapgrep_index().args(["verify", "-q"]).arg(&path));
        }
    }
    println!("killed {killed}, of which {left} have left a new file; {whole} were done before");
    succeed(mapgrep_index().args(["update", "-q"]).arg(&path));
    succeed(mapgrep_index().args(["verify", "-q"]).arg(&path));
}
