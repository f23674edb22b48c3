//! A search that panicked over bytes that changed under it was told of by the time of the file's last change alone.
//! That time is set before the bytes of a write are copied: who mapped the file in between got the panic.

use std::time::{Duration, SystemTime};

use mapgrep::{Error, mapping::Mapping};

use crate::support::commands::files;

/// What becomes of a panic over a file that was last changed so long before it was mapped, and not since as far as its
/// times tell.
fn panic_over_a_file_changed(before: Duration) -> Result<(), Error> {
    let dir = files(&[("text", b"1 2 3")]);
    let path = dir.path().join("text");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::now() - before).unwrap();
    let mapping = Mapping::open(&path).unwrap();
    // A panic of the engine would be the same, but comes once in many thousand searches.
    mapping.guarded(.., |_| std::panic::resume_unwind(Box::new("the reverse search must match")))
}

#[test]
fn who_maps_a_file_during_a_write_gets_an_error() {
    for before in [0, 1, 20] {
        let error = panic_over_a_file_changed(Duration::from_secs(before)).unwrap_err();
        assert!(error.is_changed() && error.to_string().contains("the reverse search must match"), "{error}");
    }
}

#[test]
fn a_panic_over_a_file_that_has_been_left_alone_is_a_panic() {
    let caught = std::panic::catch_unwind(|| panic_over_a_file_changed(Duration::from_secs(120)));
    assert_eq!(caught.unwrap_err().downcast_ref::<&str>(), Some(&"the reverse search must match"));
}
