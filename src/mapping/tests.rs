//! Mappings, by themselves.
#![allow(unsafe_code)] // Files are mapped.

use std::{fs::File, io::Write};

use super::*;
use crate::error::Error;

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn map(file: &File, options: &MapOptions) -> Result<Mapping, Error> {
    // SAFETY: the temporary file belongs to the test alone.
    unsafe { options.map_file(file) }
}

#[test]
fn reads_the_whole_file_and_parts_of_it() {
    let file = file_of(b"hello, mapping");
    let mapping = map(&file, &MapOptions::new()).unwrap();
    assert_eq!(mapping.len(), 14);
    assert_eq!(mapping.guarded(0..14, <[u8]>::to_vec).unwrap(), b"hello, mapping");
    assert_eq!(mapping.guarded(7..10, <[u8]>::to_vec).unwrap(), b"map");
    assert_eq!(mapping.guarded(14..14, <[u8]>::len).unwrap(), 0);
    assert_eq!(mapping.size().unwrap(), 14);
}

#[test]
fn a_range_past_the_end_is_an_error_that_names_it() {
    let file = file_of(b"hello");
    let mapping = map(&file, &MapOptions::new()).unwrap();
    let error = mapping.guarded(2..6, <[u8]>::len).unwrap_err();
    assert!(error.is_out_of_range());
    assert_eq!(error.to_string(), "range 2..6 is out of bounds of a mapping of 5 bytes");
    #[expect(clippy::reversed_empty_ranges)]
    let reversed = mapping.guarded(4..2, <[u8]>::len);
    assert!(reversed.unwrap_err().is_out_of_range());
}

#[test]
fn offset_and_length_select_a_part() {
    let granularity = allocation_granularity();
    let mut bytes = vec![b'a'; granularity];
    bytes.extend_from_slice(b"tail of the file");
    let file = file_of(&bytes);
    let mapping = map(&file, MapOptions::new().offset(granularity as u64).len(4)).unwrap();
    assert_eq!(mapping.guarded(0..4, <[u8]>::to_vec).unwrap(), b"tail");
    assert_eq!(mapping.offset(), granularity as u64);
}

#[test]
fn refuses_what_cannot_be_mapped() {
    let file = file_of(b"hello");
    let refused = |options: &MapOptions| map(&file, options).unwrap_err().to_string();
    assert!(refused(MapOptions::new().offset(1 << 20)).contains("offset is greater than file size"));
    if cfg!(unix) {
        // Windows extends the file, and has other words.
        assert!(refused(MapOptions::new().len(6)).contains("length is greater than file size"));
        assert!(refused(MapOptions::new().offset(1)).contains("at offset 1: Invalid argument"));
    }
    let empty = map(&file_of(b""), &MapOptions::new()).unwrap_err();
    assert!(empty.to_string().contains("cannot mmap an empty file"));
}

#[test]
fn a_shared_mapping_writes_to_the_file_and_a_copy_does_not() {
    use std::io::{Read, Seek, SeekFrom};

    let mut file = file_of(b"hello");
    let mut copy = map(&file, MapOptions::new().access(Access::Copy)).unwrap();
    copy.guarded_mut(0..1, |bytes| bytes[0] = b'C').unwrap();
    assert_eq!(copy.guarded(0..5, <[u8]>::to_vec).unwrap(), b"Cello");
    let mut shared = map(&file, MapOptions::new().access(Access::Write)).unwrap();
    shared.guarded_mut(4..5, |bytes| bytes[0] = b'!').unwrap();
    shared.flush().unwrap();
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hell!");
}

#[test]
fn a_read_only_mapping_refuses_to_be_written() {
    let file = file_of(b"hello");
    let mut mapping = map(&file, MapOptions::new().access(Access::Read)).unwrap();
    assert!(mapping.guarded_mut(0..1, |_| ()).unwrap_err().is_read_only());
}

#[test]
fn anonymous_memory_starts_as_zeros() {
    let mut mapping = MapOptions::new().len(3 * page_size()).map_anonymous().unwrap();
    assert!(mapping.guarded(0..mapping.len(), |b| b.iter().all(|&b| b == 0)).unwrap());
    mapping.guarded_mut(5..6, |b| b[0] = 7).unwrap();
    assert_eq!(mapping.guarded(5..6, |b| b[0]).unwrap(), 7);
    if cfg!(windows) {
        assert_eq!(mapping.size().unwrap(), 3 * page_size() as u64);
    } else {
        assert!(mapping.size().unwrap_err().is_io());
    }
    assert!(MapOptions::new().map_anonymous().unwrap_err().is_io());
}

#[cfg(unix)] // Windows does not cut a file that is mapped.
#[test]
fn a_file_that_became_shorter_is_reported_with_its_new_size() {
    let file = file_of(&vec![b'x'; 2 * page_size()]);
    let mapping = map(&file, &MapOptions::new()).unwrap();
    file.set_len(10).unwrap();
    let error = mapping.guarded(0..mapping.len(), <[u8]>::len).unwrap_err();
    assert!(error.is_truncated());
    assert_eq!(error.offset(), Some(10));
    assert_eq!(mapping.guarded(0..10, <[u8]>::to_vec).unwrap(), b"xxxxxxxxxx");
}

#[test]
fn every_advice_is_taken_or_refused_with_an_error() {
    let file = file_of(&vec![b'x'; 4 * page_size()]);
    let mut mapping = map(&file, &MapOptions::new()).unwrap();
    for advice in [Advice::Normal, Advice::Random, Advice::Sequential, Advice::WillNeed] {
        mapping.advise(advice).unwrap();
        mapping.advise_range(advice, page_size()..2 * page_size() + 17).unwrap();
    }
    assert!(mapping.advise_range(Advice::Normal, mapping.len()..).unwrap_err().is_out_of_range());
    if cfg!(unix) {
        mapping.discard(Discard::DontNeed, 0..page_size()).unwrap();
    }
    assert_eq!(mapping.guarded(0..1, |b| b[0]).unwrap(), b'x');
}

#[cfg(target_os = "linux")]
#[test]
fn discarding_takes_nothing_but_the_range() {
    let page = page_size();
    let mut memory = MapOptions::new().len(3 * page).access(Access::Copy).map_anonymous().unwrap();
    memory.guarded_mut(0..3 * page, |bytes| bytes.fill(7)).unwrap();
    memory.discard(Discard::DontNeed, page..page).unwrap();
    assert!(memory.discard(Discard::DontNeed, 5..5).unwrap_err().is_invalid_input());
    assert!(memory.discard(Discard::DontNeed, 0..page + 1).unwrap_err().is_invalid_input());
    memory.discard(Discard::DontNeed, page..2 * page).unwrap();
    let is = |value, range| memory.guarded(range, |bytes| bytes.iter().all(|&b| b == value)).unwrap();
    assert!(is(7, 0..page) && is(0, page..2 * page) && is(7, 2 * page..3 * page));
}
