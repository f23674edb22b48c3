//! Shared anonymous memory of 13 bytes did not grow to 26, which its page has room for, nor what was made shorter to
//! the length that it had: `EINVAL`.

#![cfg(unix)]

use mapgrep::mapping::{MapOptions, page_size};

#[test]
fn shared_memory_grows_within_the_pages_it_was_made_with() {
    let mut m = MapOptions::new().len(13).map_anonymous().unwrap();
    m.set_slice(.., b"Hello world!\n").unwrap();
    m.resize(26).unwrap();
    assert_eq!(m.slice(..).unwrap(), b"Hello world!\n\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert!(m.resize(page_size() + 1).unwrap_err().is_io());
    if cfg!(target_os = "linux") {
        let mut m = MapOptions::new().len(2 * page_size()).map_anonymous().unwrap();
        m.resize(page_size()).unwrap();
        m.resize(2 * page_size()).unwrap();
        m.set(-1, 1).unwrap();
    }
}
