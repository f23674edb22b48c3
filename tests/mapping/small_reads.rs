//! Small reads: what they ask the system for, and that they notice a cut file all the same.

use std::{
    fs::File,
    io::{Read as _, Seek, SeekFrom},
    os::fd::AsRawFd,
};

use mapgrep::{
    Error,
    mapping::{Access, MapFlags, MapOptions, Mapping, Prot, Slice, page_size},
};

use crate::support::{descriptors_of, file_of, map, with_flags};

/// Reads the bytes between two places as a copy.
type Read = fn(&mut Mapping, usize, usize) -> Result<Vec<u8>, Error>;

/// Changes a byte behind the end of the file.
type Write = fn(&File, &mut Mapping) -> Result<(), Error>;

/// Every way to read the bytes of a range as a copy. Those that go by the cursor find it at the start.
fn reads() -> Vec<(&'static str, Read)> {
    fn at(m: &mut Mapping, start: usize) {
        m.seek(SeekFrom::Start(start as u64)).unwrap();
    }
    vec![
        ("get", |m, start, end| (start..end).map(|at| m.get(at as isize)).collect()),
        ("get from the end", |m, start, end| (start..end).map(|at| m.get(at as isize - m.len() as isize)).collect()),
        ("slice", |m, start, end| m.slice(start as isize..end as isize)),
        ("slice with a step", |m, start, end| m.slice(Slice::from(start as isize..end as isize).step(1))),
        ("slice from the end", |m, start, end| {
            let len = m.len() as isize;
            m.slice(start as isize - len..end as isize - len)
        }),
        ("read_bytes", |m, start, end| {
            at(m, start);
            m.read_bytes(end - start)
        }),
        ("read_byte", |m, start, end| {
            at(m, start);
            (start..end).map(|_| m.read_byte()).collect()
        }),
        ("Read::read", |m, start, end| {
            at(m, start);
            let mut bytes = vec![0; end - start];
            m.read_exact(&mut bytes).map_err(|error| error.downcast::<Error>().unwrap())?;
            Ok(bytes)
        }),
        ("copy_out", |m, start, end| {
            let mut bytes = vec![0; end - start];
            m.copy_out(start, &mut bytes).map(|()| bytes)
        }),
    ]
}

/// Makes the descriptor that a mapping keeps one of another, empty file: whoever asks for the size is told 0.
fn take_the_file_away(file: &tempfile::NamedTempFile) {
    let empty = tempfile::tempfile().unwrap();
    for descriptor in descriptors_of(file.path()).into_iter().filter(|&d| d != file.as_raw_fd()) {
        // SAFETY: both descriptors are open, and no other test has one of this file.
        assert!(unsafe { libc::dup2(empty.as_raw_fd(), descriptor) } >= 0);
    }
}

#[test]
fn a_small_read_without_zeros_asks_the_system_nothing_and_one_with_zeros_asks_once() {
    let mut bytes = b"not a zero among them, for a while\n".repeat(300);
    let zero = bytes.len() - 100;
    bytes[zero] = 0;
    for options in [
        MapOptions::new().access(Access::Read).clone(),
        MapOptions::new().access(Access::Write).clone(),
        MapOptions::new().access(Access::Copy).clone(),
        with_flags(MapFlags::PRIVATE),
    ] {
        let file = file_of(&bytes);
        let mut m = map(&file, &options).unwrap();
        take_the_file_away(&file);
        assert_eq!(m.size().unwrap(), 0);
        for (name, read) in reads() {
            assert_eq!(read(&mut m, 40, 60).unwrap(), bytes[40..60], "{name}");
            let error = read(&mut m, zero, zero + 1).unwrap_err();
            assert!(error.is_truncated(), "{name}: {error}");
        }
        m.seek(SeekFrom::Start(5)).unwrap();
        assert_eq!(m.read_line().unwrap(), bytes[5..35]);
        assert!(m.guarded(40..60, |_| ()).unwrap_err().is_truncated());
        assert!(m.slice(..4097).unwrap_err().is_truncated(), "larger reads ask");
    }
}

#[test]
fn who_wants_no_check_of_small_reads_gets_none() {
    let file = file_of(&vec![0; 3 * page_size()]);
    let mut m = map(&file, MapOptions::new().access(Access::Read).check_small_reads(false)).unwrap();
    take_the_file_away(&file);
    for (name, read) in reads() {
        assert!(read(&mut m, 40, 60).unwrap().iter().all(|&byte| byte == 0), "{name}");
    }
    assert!(m.slice(..4097).unwrap_err().is_truncated(), "larger reads ask");
    assert!(m.guarded(..1, |_| ()).unwrap_err().is_truncated());
}

/// A mapping of two pages, of a file that is cut within the first.
fn cut(options: &MapOptions, change: impl FnOnce(&mut Mapping)) -> (File, Mapping) {
    let file = tempfile::tempfile().unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &vec![b'x'; 2 * page_size()], 0).unwrap();
    let mut m = map(&file, options).unwrap();
    change(&mut m);
    file.set_len(100).unwrap();
    (file, m)
}

#[test]
fn a_cut_within_a_page_is_noticed_by_whatever_reads_behind_it() {
    for access in [Access::Read, Access::Write, Access::Copy, Access::Default] {
        let (_file, mut m) = cut(MapOptions::new().access(access), |_| ());
        for (name, read) in reads() {
            assert_eq!(read(&mut m, 80, 100).unwrap(), b"x".repeat(20), "{name}");
            for (start, end) in [(100, 101), (99, 101), (100, 120), (0, 4096.min(page_size()))] {
                let error = read(&mut m, start, end).unwrap_err();
                assert!(error.is_truncated() && error.offset() == Some(100), "{name}, {start}..{end}: {error:?}");
            }
        }
        assert!(m.slice(..).unwrap_err().is_truncated());
        m.check_faults().unwrap();
    }
}

#[test]
fn a_small_read_of_a_page_that_is_gone_is_a_fault_and_a_large_one_is_not() {
    let (_file, m) = cut(&MapOptions::new(), |_| ());
    assert!(m.slice(page_size() as isize - 1..).unwrap_err().is_truncated());
    assert_eq!(m.slice(..100).unwrap(), b"x".repeat(100));
    let error = m.get(page_size() as isize).unwrap_err();
    assert!(error.is_truncated() && error.offset() == Some(100), "{error:?}");
    assert!(m.slice(..100).unwrap_err().is_truncated(), "spoilt by a fault");
    assert!(m.check_faults().unwrap_err().is_truncated());
}

/// What is not zero proves nothing where this mapping itself may have put it.
#[test]
fn bytes_of_our_own_behind_the_end_are_not_taken_for_the_files() {
    let fill = |m: &mut Mapping| m.guarded_mut(..page_size(), |bytes| bytes.fill(b'y')).unwrap();
    // Private pages keep what was written to them before the cut.
    for options in [MapOptions::new().access(Access::Copy).clone(), with_flags(MapFlags::PRIVATE)] {
        let (_file, m) = cut(&options, fill);
        assert_eq!(m.get(99).unwrap(), b'y');
        assert!(m.get(100).unwrap_err().is_truncated());
    }
    // Shared ones keep what is written to them after it.
    let writes: [Write; 2] = [
        |file, m| {
            // Cut between the look at the size before the write and the write.
            file.set_len(2 * page_size() as u64).unwrap();
            m.guarded_mut(200..201, |bytes| {
                file.set_len(100).unwrap();
                bytes[0] = b'z';
            })
        },
        |_, m| {
            // SAFETY: the byte lies in the mapping, and nobody has a reference to it.
            unsafe { m.as_mut_ptr().add(200).write(b'z') };
            m.check(..201)
        },
    ];
    for write in writes {
        let (file, mut m) = cut(&MapOptions::new(), fill);
        assert_eq!(m.get(99).unwrap(), b'y');
        assert!(write(&file, &mut m).unwrap_err().is_truncated());
        // SAFETY: the byte lies in the mapping, and nobody changes it.
        assert_eq!(unsafe { m.as_ptr().add(200).read() }, b'z');
        assert!(m.get(200).unwrap_err().is_truncated());
        assert!(m.slice(200..201).unwrap_err().is_truncated());
        assert_eq!(m.get(99).unwrap(), b'y');
    }
}

#[test]
fn pages_that_cannot_be_read_are_an_error_for_small_reads_too() {
    let file = file_of(b"hello");
    let mut m = map(&file, MapOptions::new().prot(Prot::empty())).unwrap();
    for (name, read) in reads() {
        let error = read(&mut m, 0, 4).unwrap_err();
        assert!(error.is_invalid_input(), "{name}: {error:?}");
    }
}

#[test]
fn a_line_before_the_cut_can_be_read() {
    let file = file_of(b"one\ntwo\nthree\n");
    let mut m = map(&file, MapOptions::new().access(Access::Read)).unwrap();
    file.as_file().set_len(9).unwrap();
    assert_eq!(m.read_line().unwrap(), b"one\n");
    assert_eq!(m.read_line().unwrap(), b"two\n");
    assert_eq!(m.read_line().unwrap_err().offset(), Some(9));
    assert_eq!(m.tell().unwrap(), 8);
    m.rewind().unwrap();
    assert_eq!(m.read_line().unwrap(), b"one\n");
}
