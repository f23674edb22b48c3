//! Rules 19 and 20: giving a mapping another length.

use std::io::SeekFrom;
#[cfg(target_os = "linux")]
use std::{
    fs::File,
    os::fd::{AsRawFd, FromRawFd},
};

#[cfg(unix)]
use mapgrep::mapping::MapFlags;
#[cfg(target_os = "linux")]
use mapgrep::mapping::{Advice, Mapping};
use mapgrep::{
    Error,
    mapping::{Access, MapOptions, allocation_granularity, page_size},
};

use super::support::*;

/// A file in memory that keeps the seals on its size.
#[cfg(target_os = "linux")]
fn sealed_file(len: usize, seals: i32) -> File {
    // SAFETY: the name ends with a NUL.
    let fd = unsafe { libc::memfd_create(c"mapgrep-test".as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING) };
    assert!(fd >= 0);
    // SAFETY: the descriptor is a new one, and nobody else closes it.
    let file = unsafe { File::from_raw_fd(fd) };
    file.set_len(len as u64).unwrap();
    // SAFETY: the call looks at no memory.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) }, 0);
    file
}

/// More than the address space has room for, and more than it could have.
#[cfg(target_os = "linux")]
const TOO_LONG: [usize; 2] = [if cfg!(target_arch = "x86_64") { (1 << 47) - (1 << 30) } else { 1 << 61 }, 1 << 62];

#[test]
fn rule_19_order_of_checks() {
    const HUGE: usize = usize::MAX;
    let file = file_of(b"hello");
    for access in ALL {
        for is_file in [true, false] {
            let new = |track_fd| {
                let options = MapOptions::new().access(access).track_fd(track_fd).clone();
                if is_file { map(&file, &options) } else { options.clone().len(5).map_anonymous() }.unwrap()
            };
            // What is closed comes first, then that there is no descriptor, then access, then the length.
            for len in [0, 3, 5, 9, HUGE] {
                let mut closed = new(false);
                closed.close();
                fails(closed.resize(len), Error::is_closed);
                let error = fails(new(false).resize(len), Error::is_invalid_input);
                assert!(error.to_string().contains("track_fd"), "{error}");
            }
            let mut mapping = new(true);
            if matches!(access, Access::Read | Access::Copy) {
                for len in [0, 3, 5, 9, HUGE] {
                    fails(mapping.resize(len), Error::is_read_only);
                }
            } else {
                let error = fails(mapping.resize(0), Error::is_invalid_input);
                assert!(error.to_string().contains("0 bytes"), "{error}");
                // A negative length, if it could be written.
                fails(mapping.resize(HUGE), Error::is_out_of_range);
                fails(mapping.resize(isize::MAX as usize + 1), Error::is_out_of_range);
            }
            assert_eq!(mapping.len(), 5);
        }
    }
    assert_eq!(content(&file), b"hello");
}

#[test]
fn rule_20_resizing_cuts_and_extends_the_file() {
    let page = page_size();
    for access in [Access::Default, Access::Write] {
        let file = file_of(b"hello world");
        let mut m = mapped(&file, access);
        m.seek(SeekFrom::Start(3)).unwrap();
        m.resize(5).unwrap();
        assert_eq!((m.len(), m.size().unwrap(), bytes_of(&m)), (5, 5, b"hello".to_vec()));
        assert_eq!(content(&file), b"hello");
        m.resize(2 * page).unwrap();
        assert_eq!((m.len(), m.size().unwrap()), (2 * page, 2 * page as u64));
        // What was cut off is not what comes back.
        assert!(m.guarded(5.., |bytes| bytes.iter().all(|&byte| byte == 0)).unwrap());
        m.set(-1, b'!').unwrap();
        assert_eq!((content(&file).len(), content(&file).last()), (2 * page, Some(&b'!')));
        // The same length is fine, and the cursor stays throughout.
        m.resize(2 * page).unwrap();
        assert_eq!((m.tell().unwrap(), m.read_bytes(2).unwrap()), (3, b"lo".to_vec()));
        m.resize(1).unwrap();
        assert_eq!((bytes_of(&m), content(&file), m.tell().unwrap()), (b"h".to_vec(), b"h".to_vec(), 5));
        m.resize(3 * page + 1).unwrap();
        m.close();
        assert_eq!(content(&file).len(), 3 * page + 1);
    }
}

#[test]
fn rule_20_lengths_count_from_the_offset() {
    let granularity = allocation_granularity();
    let offset = granularity as u64;
    let file = file_of(&[vec![b'a'; granularity], vec![b'b'; granularity], vec![b'c'; granularity]].concat());
    let mut m = map(&file, MapOptions::new().offset(offset).len(granularity)).unwrap();
    // What was behind the mapping goes, though its length is the same.
    m.resize(granularity).unwrap();
    assert_eq!((m.len(), m.size().unwrap()), (granularity, 2 * offset));
    m.resize(10).unwrap();
    assert_eq!((m.len(), m.size().unwrap(), bytes_of(&m)), (10, offset + 10, vec![b'b'; 10]));
    m.resize(2 * granularity + 1).unwrap();
    assert_eq!(m.size().unwrap(), 3 * offset + 1);
    m.set(-1, b'!').unwrap();
    assert_eq!(m.slice(9..12).unwrap(), b"b\0\0");
    fails(m.resize(0), Error::is_invalid_input);
    assert_eq!((m.len(), m.offset()), (2 * granularity + 1, offset));
    m.close();
    let expected = [vec![b'a'; granularity], vec![b'b'; 10], vec![0; 2 * granularity - 10], b"!".to_vec()].concat();
    assert!(content(&file) == expected);
}

#[test]
fn rule_20_length_0_leaves_the_file_alone() {
    let file = file_of(b"hello");
    let mut m = mapped(&file, Access::Write);
    m.seek(SeekFrom::Start(4)).unwrap();
    for _ in 0..2 {
        fails(m.resize(0), Error::is_invalid_input);
        assert_eq!((m.len(), m.size().unwrap(), m.tell().unwrap()), (5, 5, 4));
        assert_eq!((bytes_of(&m), content(&file)), (b"hello".to_vec(), b"hello".to_vec()));
    }
    m.set(4, b'!').unwrap();
    assert_eq!(content(&file), b"hell!");
    // Nor does a length that no file can have touch it.
    for len in [usize::MAX, isize::MAX as usize + 1] {
        fails(m.resize(len), Error::is_out_of_range);
        assert_eq!(content(&file), b"hell!");
    }
}

#[cfg(unix)]
#[test]
fn rule_20_private_changes_outlive_a_resize() {
    let page = page_size();
    let file = file_of(&vec![b'f'; page + 3]);
    let mut m = map(&file, &with_flags(MapFlags::PRIVATE)).unwrap();
    m.set(0, b'p').unwrap();
    for len in [3 * page, 5, page] {
        m.resize(len).unwrap();
        assert_eq!((m.len(), m.size().unwrap() as usize, content(&file).len()), (len, len, len));
        if cfg!(target_os = "linux") {
            // Elsewhere the file is mapped anew.
            assert_eq!(m.slice(..5).unwrap(), b"pffff");
        }
        assert_eq!(content(&file)[..5], *b"fffff");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_20_anonymous_memory() {
    let page = page_size();
    // Shared memory has the pages that it was made with, and no more.
    for access in [Access::Default, Access::Write] {
        let mut m = MapOptions::new().len(2 * page).access(access).map_anonymous().unwrap();
        m.guarded_mut(.., |bytes| bytes.fill(7)).unwrap();
        for len in [2 * page + 1, 3 * page, 1000 * page] {
            assert_eq!(errno(m.resize(len)), libc::EINVAL);
            assert_eq!((m.len(), bytes_of(&m)), (2 * page, vec![7; 2 * page]));
        }
        m.resize(10).unwrap();
        assert_eq!(bytes_of(&m), [7; 10]);
        m.set(9, 8).unwrap();
        m.resize(2 * page).unwrap();
        assert_eq!((m.get(9).unwrap(), m.get(-1).unwrap()), (8, 7));
        assert_eq!(errno(m.resize(2 * page + 1)), libc::EINVAL);
    }
    // Private memory grows, with zeros, as far as there are addresses.
    for flags in [MapFlags::PRIVATE, MapFlags::PRIVATE | MapFlags::NORESERVE, MapFlags::PRIVATE | MapFlags::STACK] {
        let mut m = with_flags(flags).len(page).map_anonymous().unwrap();
        m.guarded_mut(.., |bytes| bytes.fill(7)).unwrap();
        m.resize(300 * page).unwrap();
        assert_eq!(m.len(), 300 * page);
        assert!(m.guarded(..page, |bytes| bytes.iter().all(|&byte| byte == 7)).unwrap());
        assert!(m.guarded(page.., |bytes| bytes.iter().all(|&byte| byte == 0)).unwrap());
        m.set(-1, 9).unwrap();
        for len in TOO_LONG {
            assert!([libc::ENOMEM, libc::EINVAL].contains(&errno(m.resize(len))));
            assert_eq!((m.len(), m.get(0).unwrap(), m.get(-1).unwrap()), (300 * page, 7, 9));
        }
        m.resize(3).unwrap();
        assert_eq!(bytes_of(&m), [7; 3]);
    }
    let mut copy = MapOptions::new().len(page).access(Access::Copy).map_anonymous().unwrap();
    fails(copy.resize(2 * page), Error::is_read_only);
}

/// Within the pages that it was made with, and without the child losing what they share.
#[cfg(target_os = "linux")]
#[test]
fn rule_20_shared_anonymous_memory_grows_within_its_pages() {
    let page = page_size();
    for (made, lengths) in [(13, vec![26, page, 13, page - 1]), (2 * page, vec![page, 2 * page, 1, page + 1, 2 * page])]
    {
        let mut m = MapOptions::new().len(made).map_anonymous().unwrap();
        let capacity = made.next_multiple_of(page);
        for len in lengths {
            m.resize(len).unwrap();
            m.guarded_mut(.., |bytes| bytes.fill(len as u8)).unwrap();
            assert_eq!(m.len(), len);
            for longer in [capacity + 1, 10 * capacity] {
                assert_eq!(errno(m.resize(longer)), libc::EINVAL);
                assert_eq!(bytes_of(&m), vec![len as u8; len]);
            }
        }
        let last = m.len() as isize - 1;
        // SAFETY: the child writes a byte and exits.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let code = i32::from(m.set(last, 200).is_err());
            // SAFETY: it ends the child.
            unsafe { libc::_exit(code) };
        }
        let mut status = 0;
        // SAFETY: a plain call.
        assert_eq!((unsafe { libc::waitpid(child, &mut status, 0) }, status), (child, 0));
        assert_eq!(m.get(last).unwrap(), 200);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_20_a_failed_resize_leaves_the_old_length() {
    let page = page_size();
    for offset in [0, page] {
        let map_from = |file: &File, len| map(file, MapOptions::new().offset(offset as u64).len(len)).unwrap();
        let check = |m: &mut Mapping, file: &File, len: usize, size: usize| {
            assert_eq!((m.len(), m.size().unwrap() as usize, m.tell().unwrap()), (len, size, 1));
            assert_eq!(file.metadata().unwrap().len() as usize, size);
            // All of it can be read and written.
            m.guarded_mut(.., |bytes| bytes.fill(b'x')).unwrap();
            assert_eq!(m.rfind_in(b"xx", ..).unwrap(), Some(len - 2));
        };
        let file = sealed_file(4 * page, libc::F_SEAL_SHRINK);
        let mut m = map_from(&file, 2 * page);
        m.seek(SeekFrom::Start(1)).unwrap();
        for len in [1, page, 2 * page] {
            assert_eq!(errno(m.resize(len)), libc::EPERM, "{len}");
            check(&mut m, &file, 2 * page, 4 * page);
        }
        m.resize(5 * page).unwrap();
        check(&mut m, &file, 5 * page, offset + 5 * page);

        let file = sealed_file(4 * page, libc::F_SEAL_GROW);
        let mut m = map_from(&file, 2 * page);
        m.seek(SeekFrom::Start(1)).unwrap();
        for len in [4 * page + 1, 100 * page] {
            assert_eq!(errno(m.resize(len)), libc::EPERM, "{len}");
            check(&mut m, &file, 2 * page, 4 * page);
        }
        m.resize(page + 1).unwrap();
        check(&mut m, &file, page + 1, offset + page + 1);
    }
}

#[cfg(unix)]
#[test]
fn rule_20_a_file_that_is_given_with_anonymous_memory_stays_as_it_is() {
    let page = page_size();
    let file = file_of(&vec![7; page]);
    let mut m = map(&file, &with_flags(MapFlags::SHARED | MapFlags::ANONYMOUS)).unwrap();
    assert_eq!(errno(m.resize(3 * page)), libc::EINVAL);
    assert_eq!((m.len(), m.get(-1).unwrap(), content(&file).len()), (page, 0, page));
}

#[cfg(target_os = "linux")]
#[test]
fn rule_20_a_failed_remap_leaves_the_old_length() {
    let page = page_size();
    // The file can be that long, and the address space has no room for it.
    for options in [MapOptions::new(), with_flags(MapFlags::SHARED | MapFlags::STACK)] {
        let file = sealed_file(2 * page, 0);
        let mut m = map(&file, &options).unwrap();
        m.set_slice(..5, b"hello").unwrap();
        for len in TOO_LONG {
            assert!([libc::ENOMEM, libc::EINVAL].contains(&errno(m.resize(len))));
            assert_eq!((m.len(), m.size().unwrap()), (2 * page, 2 * page as u64));
            assert_eq!((m.slice(..5).unwrap(), m.get(-1).unwrap()), (b"hello".to_vec(), 0));
        }
        m.resize(page).unwrap();
        assert_eq!((m.len(), m.size().unwrap()), (page, page as u64));
    }
    // An advice for a part of it makes two areas of a mapping, and the system extends one at a time.
    for private in [false, true] {
        let file = file_of(&vec![b'x'; 4 * page]);
        let mut m = if private {
            with_flags(MapFlags::PRIVATE).len(4 * page).map_anonymous().unwrap()
        } else {
            mapped(&file, Access::Write)
        };
        m.guarded_mut(.., |bytes| bytes.fill(b'y')).unwrap();
        m.advise_range(Advice::DontFork, ..page).unwrap();
        if let Err(error) = m.resize(8 * page) {
            assert!(error.is_io(), "{error}");
            assert_eq!(m.len(), 4 * page);
        }
        assert_eq!(m.slice(..4 * page as isize).unwrap(), vec![b'y'; 4 * page]);
        m.set(-1, b'z').unwrap();
        m.resize(2 * page).unwrap();
        assert_eq!(bytes_of(&m), vec![b'y'; 2 * page]);
    }
}
