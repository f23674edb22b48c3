//! A query had another plan by the same index now and then: planning ended by the clock. Now its work is counted.

use std::fs;

use crate::support::commands::{mapgrep, mapgrep_index, said};

#[test]
fn the_same_query_has_the_same_plan_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let line = |number: u32| format!("{:08x} user {} said {}\n", number.wrapping_mul(0x9E37_79B1), number % 97, number);
    let text: String = (0..100_000).map(line).collect();
    fs::write(dir.path().join("text"), text).unwrap();
    assert_eq!(said(&mut mapgrep_index(dir.path(), &["build", "-q", "text"])), (0, String::new(), String::new()));
    for pattern in ["user 13 said 7.*9", "said 4711", "[0-9a-f]{8} user 5 ", "user"] {
        let plan = || {
            let (_, _, errors) = said(&mut mapgrep(dir.path(), &["--explain", "-c", pattern, "text"]));
            let lines = errors.lines().filter(|line| line.contains("block") || line.contains("index"));
            // What depends on the clock, and may differ, are times.
            lines.map(|line| line.split(" ms").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        let first = plan();
        assert!(!first.is_empty(), "{pattern}");
        assert!((0..4).all(|_| plan() == first), "{pattern}: {first:?}");
    }
}
