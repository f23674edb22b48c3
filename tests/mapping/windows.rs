//! What a mapping does on Windows that it does nowhere else, and that the rest of it works there.
//!
//! Python's module is the model. The tests are run under Wine; where Windows may differ, the test says so.

use std::{
    env,
    fs::{self, File},
    io::{self, BufRead, Read, Seek, SeekFrom, Write},
    path::Path,
    process::{self, Command},
};

use mapgrep::{
    Error,
    mapping::{Access, Advice, Discard, MapOptions, Mapping, Slice, allocation_granularity, page_size},
};

const ERROR_ACCESS_DENIED: i32 = 5;
const ERROR_INVALID_HANDLE: i32 = 6;
const ERROR_INVALID_PARAMETER: i32 = 87;
const ERROR_MAPPED_ALIGNMENT: i32 = 1132;
const ERROR_USER_MAPPED_FILE: i32 = 1224;

const ALL: [Access; 4] = [Access::Default, Access::Read, Access::Write, Access::Copy];
const SHARED: [Access; 2] = [Access::Default, Access::Write];

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn content(mut file: &File) -> Vec<u8> {
    let mut bytes = vec![];
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

fn size(file: &File) -> u64 {
    file.metadata().unwrap().len()
}

fn map(file: &File, options: &MapOptions) -> Result<Mapping, Error> {
    // SAFETY: the temporary file belongs to the test alone, which changes it between two looks only.
    unsafe { options.map_file(file) }
}

/// Memory by a name that no other test has.
fn tagged(name: &str, len: usize, access: Access) -> Result<Mapping, Error> {
    let name = format!("mapgrep-test-{name}-{}", process::id());
    // SAFETY: each test has its own names, and the other side writes between two looks only.
    unsafe { MapOptions::new().len(len).access(access).tag_name(name).map_anonymous() }
}

/// Not `unwrap_err`, so that a failure names the line.
#[track_caller]
fn code<T>(result: Result<T, Error>) -> i32 {
    let error = result.err().expect("an error");
    error.io_error().and_then(io::Error::raw_os_error).unwrap_or_else(|| panic!("not of the system: {error}"))
}

// Mapping.

#[test]
fn a_length_behind_the_end_extends_a_file_that_is_mapped_to_be_written() {
    for access in SHARED {
        let file = file_of(b"hello");
        let mut mapping = map(&file, MapOptions::new().len(10_000).access(access)).unwrap();
        assert_eq!((mapping.len(), mapping.size().unwrap()), (10_000, 10_000));
        assert_eq!(mapping.slice(..7).unwrap(), b"hello\0\0");
        mapping.set(-1, b'!').unwrap();
        mapping.flush().unwrap();
        mapping.close();
        let mut expected = b"hello".to_vec();
        expected.resize(9_999, 0);
        expected.push(b'!');
        assert!(content(&file) == expected);
    }
}

#[test]
fn a_length_extends_the_file_from_the_offset_on() {
    let granularity = allocation_granularity();
    let file = file_of(b"hello");
    let mut mapping = map(&file, MapOptions::new().offset(granularity as u64).len(3)).unwrap();
    mapping.set_slice(.., b"end").unwrap();
    assert_eq!(mapping.size().unwrap(), granularity as u64 + 3);
    mapping.close();
    assert_eq!(content(&file)[granularity - 1..], *b"\0end");
}

#[test]
fn a_length_behind_the_end_is_an_error_where_nothing_may_be_written() {
    for access in [Access::Read, Access::Copy] {
        let file = file_of(b"hello");
        let error = map(&file, MapOptions::new().len(10_000).access(access)).unwrap_err();
        assert!(error.is_io(), "{error}");
        assert_eq!(content(&file), b"hello");
    }
}

#[test]
fn a_file_without_bytes_needs_a_length() {
    let file = file_of(b"");
    for access in ALL {
        assert!(map(&file, MapOptions::new().access(access)).unwrap_err().is_invalid_input());
    }
    assert_eq!(map(&file, MapOptions::new().len(7)).unwrap().slice(..).unwrap(), [0; 7]);
    assert_eq!(size(&file), 7);
}

#[test]
fn offsets_are_multiples_of_the_granularity() {
    let granularity = allocation_granularity();
    assert_eq!((page_size(), granularity), (4096, 65536));
    let mut bytes = vec![b'a'; granularity];
    bytes.extend_from_slice(b"tail");
    let file = file_of(&bytes);
    for access in ALL {
        for offset in [1, page_size(), granularity - 1] {
            let misaligned = map(&file, MapOptions::new().offset(offset as u64).access(access));
            assert_eq!(code(misaligned), ERROR_MAPPED_ALIGNMENT, "{access:?} at {offset}");
        }
        let mapping = map(&file, MapOptions::new().offset(granularity as u64).access(access)).unwrap();
        assert_eq!((mapping.slice(..).unwrap().as_slice(), mapping.offset()), (&b"tail"[..], granularity as u64));
    }
    // What is refused has not extended the file before.
    assert_eq!(code(map(&file, MapOptions::new().offset(1).len(1 << 20))), ERROR_MAPPED_ALIGNMENT);
    assert_eq!(size(&file), bytes.len() as u64);
    assert_eq!(code(MapOptions::new().offset(1).len(10).map_anonymous()), ERROR_MAPPED_ALIGNMENT);
    assert!(map(&file, MapOptions::new().offset(2 * granularity as u64)).unwrap_err().is_invalid_input());
}

#[test]
fn access_says_what_may_be_written_and_who_sees_it() {
    let file = file_of(b"hello");
    let mut read = map(&file, MapOptions::new().access(Access::Read)).unwrap();
    let mut copy = map(&file, MapOptions::new().access(Access::Copy)).unwrap();
    let mut default = map(&file, &MapOptions::new()).unwrap();
    let mut write = map(&file, MapOptions::new().access(Access::Write)).unwrap();
    assert_eq!(
        [&read, &copy, &default, &write].map(Mapping::access),
        [Access::Read, Access::Copy, Access::Default, Access::Write]
    );
    assert!(read.set(0, b'R').unwrap_err().is_read_only());
    assert!(read.guarded_mut(.., |_| ()).unwrap_err().is_read_only());
    copy.set(0, b'C').unwrap();
    default.set(1, b'D').unwrap();
    write.set(2, b'W').unwrap();
    // The one page that the copy has of its own hides what is written to the file later.
    assert_eq!(copy.slice(..).unwrap(), b"Cello");
    for mapping in [&read, &default, &write] {
        assert_eq!(mapping.slice(..).unwrap(), b"hDWlo");
        mapping.flush().unwrap();
    }
    copy.flush().unwrap();
    assert_eq!(content(&file), b"hDWlo");
}

#[test]
fn a_file_is_mapped_as_it_was_opened() {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    fs::write(&path, "hello").unwrap();
    let file = File::open(&path).unwrap();
    for access in SHARED {
        assert_eq!(code(map(&file, MapOptions::new().access(access))), ERROR_ACCESS_DENIED);
        assert_eq!(code(map(&file, MapOptions::new().len(100).access(access))), ERROR_ACCESS_DENIED);
    }
    assert_eq!(map(&file, MapOptions::new().access(Access::Read)).unwrap().slice(..).unwrap(), b"hello");
    let mut copy = map(&file, MapOptions::new().access(Access::Copy)).unwrap();
    copy.set_slice(.., b"HELLO").unwrap();
    assert_eq!(copy.slice(..).unwrap(), b"HELLO");
    let write_only = File::options().write(true).open(&path).unwrap();
    for access in ALL {
        assert_eq!(code(map(&write_only, MapOptions::new().access(access))), ERROR_ACCESS_DENIED);
    }
    assert_eq!(fs::read(&path).unwrap(), b"hello");
}

#[test]
fn a_directory_cannot_be_mapped() {
    use std::os::windows::fs::OpenOptionsExt;

    // Without this flag it cannot even be opened.
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    let dir = tempfile::tempdir().unwrap();
    let file = File::options().read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(dir.path()).unwrap();
    for len in [0, 10] {
        assert!(map(&file, MapOptions::new().access(Access::Read).len(len)).unwrap_err().is_io());
    }
}

#[test]
fn the_mapping_outlives_the_callers_file() {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    fs::write(&path, "hello").unwrap();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let mut mapping = map(&file, &MapOptions::new()).unwrap();
    drop(file);
    mapping.resize(7).unwrap();
    mapping.set_slice(5.., b"!!").unwrap();
    assert_eq!(mapping.size().unwrap(), 7);
    mapping.close();
    mapping.close();
    assert!(mapping.slice(..).unwrap_err().is_closed());
    assert_eq!(fs::read(&path).unwrap(), b"hello!!");
}

#[test]
fn without_a_tracked_file_there_is_neither_size_nor_resize() {
    let file = file_of(b"hello");
    let mut mapping = map(&file, MapOptions::new().track_fd(false)).unwrap();
    assert_eq!(code(mapping.size()), ERROR_INVALID_HANDLE);
    assert!(mapping.resize(6).unwrap_err().is_invalid_input());
    assert_eq!(mapping.slice(..).unwrap(), b"hello");
}

// Anonymous memory and its names.

#[test]
fn anonymous_memory_starts_as_zeros_and_is_nobody_elses() {
    for access in ALL {
        let mut memory = MapOptions::new().len(10_000).access(access).map_anonymous().unwrap();
        assert!(memory.slice(..).unwrap().iter().all(|&byte| byte == 0));
        assert_eq!(memory.size().unwrap(), 10_000);
        if access == Access::Read {
            assert!(memory.set(0, 1).unwrap_err().is_read_only());
        } else {
            memory.set(-1, 7).unwrap();
            assert_eq!(memory.get(9_999).unwrap(), 7);
            memory.flush().unwrap();
        }
    }
    assert_eq!(code(MapOptions::new().map_anonymous()), ERROR_INVALID_PARAMETER);
    let at_offset = MapOptions::new().offset(allocation_granularity() as u64).len(3).map_anonymous().unwrap();
    assert_eq!(at_offset.slice(..).unwrap(), [0; 3]);
}

#[test]
fn one_name_is_one_memory() {
    let mut one = tagged("one", 100, Access::Write).unwrap();
    let mut two = tagged("one", 100, Access::Default).unwrap();
    let other = tagged("other", 100, Access::Write).unwrap();
    one.set_slice(..5, b"hello").unwrap();
    assert_eq!(two.slice(..5).unwrap(), b"hello");
    two.set(-1, b'2').unwrap();
    assert_eq!(one.get(99).unwrap(), b'2');
    assert_eq!(other.slice(..).unwrap(), [0; 100]);
    one.flush().unwrap();
    // The name stays while anybody has it, and the memory with it.
    one.close();
    assert_eq!(tagged("one", 100, Access::Write).unwrap().slice(..5).unwrap(), b"hello");
    two.close();
    assert_eq!(tagged("one", 100, Access::Write).unwrap().slice(..5).unwrap(), [0; 5]);
}

#[test]
fn a_name_at_an_offset_is_that_part_of_the_memory() {
    let granularity = allocation_granularity();
    let mut whole = tagged("part", granularity + 10, Access::Write).unwrap();
    whole.set_slice(granularity as isize.., b"0123456789").unwrap();
    let name = format!("mapgrep-test-part-{}", process::id());
    // SAFETY: nobody else has the name.
    let part = unsafe { MapOptions::new().offset(granularity as u64).len(4).tag_name(name).map_anonymous() }.unwrap();
    assert_eq!(part.slice(..).unwrap(), b"0123");
}

#[test]
fn access_counts_for_memory_with_a_name_too() {
    let mut write = tagged("access", 100, Access::Write).unwrap();
    write.set_slice(..5, b"hello").unwrap();
    let mut read = tagged("access", 100, Access::Read).unwrap();
    let mut copy = tagged("access", 100, Access::Copy).unwrap();
    assert!(read.set(0, b'R').unwrap_err().is_read_only());
    copy.set(0, b'C').unwrap();
    assert_eq!(copy.slice(..5).unwrap(), b"Cello");
    assert_eq!(read.slice(..5).unwrap(), b"hello");
    assert_eq!(write.slice(..5).unwrap(), b"hello");
}

#[test]
fn memory_with_a_name_keeps_its_length() {
    let mut one = tagged("length", 5, Access::Write).unwrap();
    one.set_slice(.., b"hello").unwrap();
    assert_eq!(code(tagged("length", 1 << 20, Access::Write)), ERROR_ACCESS_DENIED);
    for len in [1, 100_000] {
        assert_eq!(code(one.resize(len)), ERROR_USER_MAPPED_FILE);
    }
    assert_eq!(one.slice(..).unwrap(), b"hello");
    assert_eq!(tagged("length", 5, Access::Write).unwrap().slice(..).unwrap(), b"hello");
}

#[test]
fn a_name_has_no_nul_and_an_empty_one_is_none() {
    let mut options = MapOptions::new();
    options.len(10);
    // SAFETY: the memory has no name in the end.
    let error = unsafe { options.tag_name("a\0b") }.map_anonymous().unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    // SAFETY: as above.
    let mut one = unsafe { options.tag_name("") }.map_anonymous().unwrap();
    let two = options.map_anonymous().unwrap();
    one.set(0, 1).unwrap();
    assert_eq!(two.get(0).unwrap(), 0);
    one.resize(20).unwrap();
}

#[test]
fn a_file_may_have_a_name_too() {
    let page = page_size();
    let file = file_of(b"hello");
    let mut options = MapOptions::new();
    // SAFETY: nobody else has the name.
    unsafe { options.tag_name(format!("mapgrep-test-file-{}", process::id())) };
    let mut one = map(&file, options.len(3 * page)).unwrap();
    let two = map(&file, options.len(5)).unwrap();
    one.set(0, b'J').unwrap();
    one.flush().unwrap();
    assert_eq!(two.slice(..).unwrap(), b"Jello");
    assert_eq!(code(one.resize(page)), ERROR_USER_MAPPED_FILE);
    assert_eq!((one.len(), one.slice(..6).unwrap()), (3 * page, b"Jello\0".to_vec()));
    drop(two);
    one.resize(4).unwrap();
    one.resize(6).unwrap();
    assert_eq!(one.slice(..).unwrap(), b"Jell\0\0");
    drop(one);
    assert_eq!(content(&file), b"Jell\0\0");
}

const OTHER_PROCESS: &str = "MAPGREP_TEST_TAG_NAME";

#[test]
fn two_processes_have_one_memory_by_its_name() {
    let name = format!("mapgrep-test-processes-{}", process::id());
    // SAFETY: the other process has ended when the memory is looked at.
    let mut memory = unsafe { MapOptions::new().len(100).tag_name(&name).map_anonymous() }.unwrap();
    memory.set_slice(..5, b"hello").unwrap();
    let other = Command::new(env::current_exe().unwrap())
        .args(["--exact", "windows::the_other_process"])
        .env(OTHER_PROCESS, &name)
        .output()
        .unwrap();
    assert!(other.status.success(), "{}", String::from_utf8_lossy(&other.stdout));
    assert_eq!(memory.slice(..13).unwrap(), b"hello, parent");
}

/// No test by itself: the other side of the one above.
#[test]
fn the_other_process() {
    let Ok(name) = env::var(OTHER_PROCESS) else { return };
    // SAFETY: the parent waits for this process.
    let mut memory = unsafe { MapOptions::new().len(100).tag_name(name).map_anonymous() }.unwrap();
    assert_eq!(memory.slice(..5).unwrap(), b"hello");
    memory.set_slice(5..13, b", parent").unwrap();
}

// Length.

#[test]
fn resize_changes_the_file() {
    for access in SHARED {
        let file = file_of(b"hello");
        let mut mapping = map(&file, MapOptions::new().access(access)).unwrap();
        mapping.resize(200_000).unwrap();
        assert_eq!((mapping.len(), size(&file)), (200_000, 200_000));
        assert_eq!(mapping.slice(..7).unwrap(), b"hello\0\0");
        mapping.set(-1, b'!').unwrap();
        mapping.resize(3).unwrap();
        assert_eq!(mapping.slice(..).unwrap(), b"hel");
        assert_eq!(content(&file), b"hel");
        // What was cut off is lost.
        mapping.resize(5).unwrap();
        assert_eq!(mapping.slice(..).unwrap(), b"hel\0\0");
        assert!(mapping.resize(0).unwrap_err().is_invalid_input());
        assert_eq!(mapping.slice(..).unwrap(), b"hel\0\0");
    }
}

#[test]
fn resize_counts_from_the_offset() {
    let granularity = allocation_granularity();
    let file = file_of(&vec![b'x'; granularity + 10]);
    let mut mapping = map(&file, MapOptions::new().offset(granularity as u64)).unwrap();
    mapping.resize(20).unwrap();
    assert_eq!((mapping.len(), size(&file)), (20, granularity as u64 + 20));
    mapping.resize(5).unwrap();
    assert_eq!((mapping.slice(..).unwrap(), size(&file)), (b"xxxxx".to_vec(), granularity as u64 + 5));
}

#[test]
fn a_file_that_somebody_else_maps_is_not_cut() {
    let file = file_of(&[b'x'; 10_000]);
    let mut one = map(&file, &MapOptions::new()).unwrap();
    let mut two = map(&file, MapOptions::new().len(100)).unwrap();
    one.seek(SeekFrom::Start(9_000)).unwrap();
    for mapping in [&mut one, &mut two] {
        let len = mapping.len();
        assert_eq!(code(mapping.resize(50)), ERROR_USER_MAPPED_FILE);
        assert_eq!(mapping.len(), len);
        assert!(mapping.slice(..).unwrap().iter().all(|&byte| byte == b'x'));
        mapping.set(0, b'x').unwrap();
    }
    assert_eq!((one.tell().unwrap(), size(&file)), (9_000, 10_000));
    two.close();
    one.resize(50).unwrap();
    assert_eq!((one.slice(..).unwrap(), size(&file)), (vec![b'x'; 50], 50));
}

#[test]
fn a_file_that_somebody_else_maps_can_grow() {
    let file = file_of(b"hello");
    let mut one = map(&file, &MapOptions::new()).unwrap();
    let two = map(&file, MapOptions::new().access(Access::Read)).unwrap();
    one.resize(10).unwrap();
    one.set_slice(4.., b"! more").unwrap();
    assert_eq!(two.slice(..).unwrap(), b"hell!");
}

#[test]
fn resize_wants_a_mapping_that_writes_to_the_file() {
    let file = file_of(b"hello");
    for access in [Access::Read, Access::Copy] {
        let mut mapping = map(&file, MapOptions::new().access(access)).unwrap();
        assert!(mapping.resize(3).unwrap_err().is_read_only());
        assert_eq!(mapping.slice(..).unwrap(), b"hello");
    }
}

#[test]
fn anonymous_memory_keeps_its_content_when_its_length_changes() {
    let mut memory = MapOptions::new().len(5).map_anonymous().unwrap();
    memory.set_slice(.., b"hello").unwrap();
    memory.resize(100_000).unwrap();
    assert_eq!(memory.slice(..6).unwrap(), b"hello\0");
    memory.set(-1, b'!').unwrap();
    memory.resize(4).unwrap();
    assert_eq!(memory.slice(..).unwrap(), b"hell");
    memory.resize(10).unwrap();
    assert_eq!(memory.slice(..).unwrap(), b"hell\0\0\0\0\0\0");
    // More than there is of addresses.
    assert!(memory.resize(1 << 60).is_err());
    assert_eq!(memory.slice(..4).unwrap(), b"hell");
}

#[test]
fn a_file_that_is_mapped_cannot_be_truncated() {
    for access in ALL {
        let file = file_of(&[b'x'; 10_000]);
        let mut mapping = map(&file, MapOptions::new().access(access)).unwrap();
        // Wine refuses to cut the last page in two as well; what Windows says to that may depend on its version.
        for len in [0, 5_000] {
            assert_eq!(file.set_len(len).unwrap_err().raw_os_error(), Some(ERROR_USER_MAPPED_FILE), "{access:?}");
        }
        assert_eq!(mapping.guarded(.., <[u8]>::to_vec).unwrap(), [b'x'; 10_000]);
        mapping.close();
        file.set_len(5_000).unwrap();
    }
}

#[test]
fn a_file_that_is_mapped_is_not_truncated_by_being_created_again() {
    let path = tempfile::NamedTempFile::new().unwrap().into_temp_path();
    fs::write(&path, "hello").unwrap();
    let mapping = map(&File::open(&path).unwrap(), MapOptions::new().access(Access::Read)).unwrap();
    assert_eq!(create(&path).unwrap_err().raw_os_error(), Some(ERROR_USER_MAPPED_FILE));
    assert_eq!(mapping.slice(..).unwrap(), b"hello");
    drop(mapping);
    create(&path).unwrap();
}

fn create(path: &Path) -> io::Result<File> {
    File::create(path)
}

// Writing back and advice.

#[test]
fn flush_writes_parts_back() {
    let page = page_size();
    // The second one is mapped by other calls, as the file is extended for it.
    for len in [4 * page, 8 * page] {
        let file = file_of(&vec![b'x'; 4 * page]);
        let mut mapping = map(&file, MapOptions::new().len(len)).unwrap();
        mapping.set(page as isize, b'!').unwrap();
        mapping.flush_range(page..2 * page).unwrap();
        mapping.flush_range(page..page).unwrap();
        mapping.flush_range(len..).unwrap();
        mapping.flush().unwrap();
        assert_eq!(code(mapping.flush_range(1..)), ERROR_INVALID_PARAMETER);
        assert!(mapping.flush_range(..len + 1).unwrap_err().is_out_of_range());
        assert_eq!(content(&file)[page - 1..page + 2], *b"x!x");
    }
}

#[test]
fn advice_is_accepted_and_nothing_is_discarded() {
    let page = page_size();
    let file = file_of(&vec![b'x'; 4 * page]);
    let mut mapping = map(&file, MapOptions::new().access(Access::Copy)).unwrap();
    for advice in [Advice::Normal, Advice::Random, Advice::Sequential, Advice::WillNeed] {
        mapping.advise(advice).unwrap();
        mapping.advise_range(advice, page..).unwrap();
    }
    mapping.set(0, b'!').unwrap();
    let error = mapping.discard(Discard::DontNeed, ..page).unwrap_err();
    assert_eq!(error.io_error().map(io::Error::kind), Some(io::ErrorKind::Unsupported));
    assert_eq!(mapping.get(0).unwrap(), b'!');
}

// The rest, which is the same everywhere: that it works here too.

#[test]
fn the_cursor_reads_and_writes() {
    let file = file_of(b"first\r\nsecond\nlast");
    let mut mapping = map(&file, &MapOptions::new()).unwrap();
    // Windows ends no line of ours.
    assert_eq!(mapping.read_line().unwrap(), b"first\r\n");
    assert_eq!(mapping.read_byte().unwrap(), b's');
    assert_eq!(mapping.read_bytes(5).unwrap(), b"econd");
    mapping.write_byte(b'|').unwrap();
    assert_eq!(mapping.write(b"LAST").unwrap(), 4);
    assert!(mapping.write(b"!").unwrap_err().is_out_of_range());
    assert!(mapping.read_byte().unwrap_err().is_out_of_range());
    assert!(mapping.seek(SeekFrom::End(1)).unwrap_err().is_out_of_range());
    assert_eq!((mapping.seek(SeekFrom::Current(-4)).unwrap(), mapping.tell().unwrap()), (14, 14));
    assert_eq!(mapping.read_bytes(None).unwrap(), b"LAST");
    mapping.seek(SeekFrom::Start(0)).unwrap();
    let lines: Vec<String> = mapping.buffered().lines().collect::<Result<_, _>>().unwrap();
    assert_eq!(lines, ["first", "second|LAST"]);
    mapping.close();
    assert_eq!(content(&file), b"first\r\nsecond|LAST");
}

#[test]
fn slices_are_read_and_assigned() {
    let mut mapping = map(&file_of(b"0123456789"), &MapOptions::new()).unwrap();
    assert_eq!(mapping.slice(-3..).unwrap(), b"789");
    assert_eq!(mapping.slice(Slice::new(None, None, -3)).unwrap(), b"9630");
    mapping.set_slice(Slice::new(1, None, 2), b"abcde").unwrap();
    assert_eq!(mapping.slice(..).unwrap(), b"0a2b4c6d8e");
    assert!(mapping.set_slice(..2, b"x").unwrap_err().is_wrong_size());
    mapping.copy_within(0..4, 2).unwrap();
    assert_eq!(mapping.slice(..).unwrap(), b"0a0a2b6d8e");
    assert_eq!(mapping.iter().map(Result::unwrap).filter(u8::is_ascii_digit).count(), 5);
}

#[test]
fn literals_are_found_from_both_ends() {
    let mut text = vec![b'.'; 3 << 20];
    text[100..106].copy_from_slice(b"needle");
    text[2 << 20..][..6].copy_from_slice(b"needle");
    let mut mapping = map(&file_of(&text), MapOptions::new().access(Access::Read)).unwrap();
    assert_eq!(mapping.find(b"needle").unwrap(), Some(100));
    assert_eq!(mapping.rfind(b"needle").unwrap(), Some(2 << 20));
    mapping.seek(SeekFrom::Start(101)).unwrap();
    assert_eq!(mapping.find(b"needle").unwrap(), Some(2 << 20));
    assert_eq!(mapping.find_in(b"needle", ..-(1 << 20) + 5).unwrap(), Some(100));
    assert_eq!(mapping.find(b"haystack").unwrap(), None);
}
