//! Rules 1 to 8: what can be mapped, and as what.

#[cfg(target_os = "linux")]
use std::os::{
    fd::{AsFd, BorrowedFd},
    unix::fs::OpenOptionsExt,
};
use std::{fs::File, io::SeekFrom};

#[cfg(unix)]
use mapgrep::mapping::{MapFlags, Prot, page_size};
use mapgrep::{
    Error,
    mapping::{Access, MapOptions, allocation_granularity},
};

use super::support::*;

#[test]
fn rule_01_defaults_are_pythons() {
    let file = file_of(b"hello");
    for options in [MapOptions::new(), MapOptions::default()] {
        let mut mapping = map(&file, &options).unwrap();
        assert_eq!((mapping.len(), mapping.offset(), mapping.access()), (5, 0, Access::Default));
        assert_eq!(mapping.tell().unwrap(), 0);
        // A descriptor is kept.
        assert_eq!(mapping.size().unwrap(), 5);
        // It is shared: two mappings see each other's changes, and the file has them.
        let other = map(&file, &options).unwrap();
        mapping.set(0, b'H').unwrap();
        assert_eq!(bytes_of(&other), b"Hello");
        assert_eq!(content(&file), b"Hello");
        #[cfg(target_os = "linux")]
        assert_eq!(area_of(&mapping, 0).permissions, "rw-s");
        mapping.set(0, b'h').unwrap();
    }
}

#[cfg(unix)]
#[test]
fn rule_01_private_flags_leave_the_file_alone() {
    let file = file_of(b"hello");
    let mut private = map(&file, &with_flags(MapFlags::PRIVATE)).unwrap();
    let other = map(&file, &MapOptions::new()).unwrap();
    private.set_slice(.., b"HELLO").unwrap();
    private.flush().unwrap();
    assert_eq!(bytes_of(&private), b"HELLO");
    assert_eq!((bytes_of(&other), content(&file)), (b"hello".to_vec(), b"hello".to_vec()));
    #[cfg(target_os = "linux")]
    assert_eq!(area_of(&private, 0).permissions, "rw-p");
    // Flags do not change what may be done.
    assert_eq!(private.access(), Access::Default);
}

#[cfg(target_os = "linux")]
#[test]
fn rule_01_flags_reach_the_kernel() {
    if is_emulated() {
        return;
    }
    let len = 64 * page_size();
    let file = file_of(&vec![b'x'; len]);
    let resident = |options: &MapOptions| area_of(&map(&file, options).unwrap(), 0).bytes("Rss");
    assert_eq!(resident(&MapOptions::new()), 0);
    assert_eq!(resident(&with_flags(MapFlags::SHARED | MapFlags::POPULATE)), len);
    assert_eq!(resident(&with_flags(MapFlags::PRIVATE | MapFlags::POPULATE)), len);
    assert_eq!(resident(with_flags(MapFlags::PRIVATE | MapFlags::POPULATE).prot(Prot::READ)), len);
    let memory = |flags| with_flags(flags).len(len).map_anonymous().unwrap();
    assert_eq!(area_of(&memory(MapFlags::SHARED), 0).bytes("Rss"), 0);
    assert_eq!(area_of(&memory(MapFlags::SHARED | MapFlags::POPULATE), 0).bytes("Rss"), len);

    // Unless the system never overcommits, where the flag is without effect.
    if std::fs::read_to_string("/proc/sys/vm/overcommit_memory").unwrap().trim() != "2" {
        let reserves = |flags| !area_of(&map(&file, &with_flags(flags)).unwrap(), 0).has("nr");
        assert!(reserves(MapFlags::SHARED) && reserves(MapFlags::PRIVATE));
        assert!(!reserves(MapFlags::SHARED | MapFlags::NORESERVE));
        assert!(!reserves(MapFlags::PRIVATE | MapFlags::NORESERVE));
    }
    #[cfg(target_arch = "x86_64")]
    {
        let address = |mapping: &_| area_of(mapping, 0).addresses.start as u64;
        assert!(address(&map(&file, &MapOptions::new()).unwrap()) > u32::MAX.into());
        assert!(address(&map(&file, &with_flags(MapFlags::SHARED | MapFlags::_32BIT)).unwrap()) < 1 << 31);
        assert!(address(&memory(MapFlags::PRIVATE | MapFlags::_32BIT)) < 1 << 31);
    }
    // Neither shared nor private is nothing that can be mapped, and the kernel is the one to say so.
    assert_eq!(errno(map(&file, &with_flags(MapFlags::empty()))), libc::EINVAL);
    assert_eq!(errno(with_flags(MapFlags::empty()).len(1).map_anonymous()), libc::EINVAL);
    // No temporary file is on memory that lasts.
    assert_eq!(errno(map(&file, &with_flags(MapFlags::SHARED_VALIDATE | MapFlags::SYNC))), libc::EOPNOTSUPP);
}

#[cfg(unix)]
#[test]
fn rule_01_flags_that_map_over_memory_in_use_are_refused() {
    let file = file_of(b"hello");
    #[cfg(target_os = "linux")]
    let refused = [libc::MAP_FIXED, libc::MAP_FIXED_NOREPLACE, libc::MAP_GROWSDOWN];
    #[cfg(not(target_os = "linux"))]
    let refused = [libc::MAP_FIXED];
    for bits in refused {
        for kind in [MapFlags::SHARED, MapFlags::PRIVATE] {
            let options = with_flags(kind | MapFlags::from_bits_retain(bits));
            fails(map(&file, &options), Error::is_invalid_input);
            fails(options.clone().len(page_size()).map_anonymous(), Error::is_invalid_input);
        }
    }
}

#[test]
fn rule_02_negative_lengths_and_offsets_cannot_be_written() {
    // The types are the test.
    let _: fn(&mut MapOptions, usize) -> &mut MapOptions = MapOptions::len;
    let _: fn(&mut MapOptions, u64) -> &mut MapOptions = MapOptions::offset;

    // What would be negative in the types of the system is too large, and no number wraps around.
    let file = file_of(b"hello");
    let granularity = allocation_granularity();
    for access in [Access::Read, Access::Copy] {
        for len in [usize::MAX, usize::MAX - granularity + 1, isize::MAX as usize, isize::MAX as usize + 1] {
            assert!(map(&file, MapOptions::new().access(access).len(len)).is_err());
            assert!(map(&file, MapOptions::new().access(access).len(len).offset(u64::MAX)).is_err());
        }
        for offset in [u64::MAX, u64::MAX - granularity as u64 + 1, 1 << 63] {
            assert!(map(&file, MapOptions::new().access(access).offset(offset)).is_err());
            assert!(map(&file, MapOptions::new().access(access).offset(offset).len(5)).is_err());
        }
    }
    for len in [usize::MAX, usize::MAX - granularity + 1, isize::MAX as usize, isize::MAX as usize + 1] {
        assert!(MapOptions::new().len(len).map_anonymous().unwrap_err().is_io());
    }
}

#[cfg(unix)]
#[test]
fn rule_03_access_excludes_flags_and_prot() {
    let empty = file_of(b"");
    let file = file_of(b"hello");
    let both = [
        with_flags(MapFlags::PRIVATE),
        with_flags(MapFlags::SHARED | MapFlags::ANONYMOUS),
        with_flags(MapFlags::empty()),
        MapOptions::new().prot(Prot::READ).clone(),
        MapOptions::new().prot(Prot::empty()).clone(),
        MapOptions::new().prot(Prot::READ | Prot::WRITE | Prot::EXEC).clone(),
        with_flags(MapFlags::PRIVATE).prot(Prot::WRITE).clone(),
    ];
    for access in [Access::Read, Access::Write, Access::Copy] {
        for mut options in both.clone() {
            let is_refused = |result| {
                let error = fails(result, Error::is_invalid_input);
                assert!(error.to_string().contains("can't specify both access and flags, prot"), "{error}");
            };
            is_refused(map(&file, options.access(access)));
            // The file is not looked at, and neither is what else is wrong.
            is_refused(map(&empty, &options));
            is_refused(map(&file, options.offset(1).len(99)));
            is_refused(options.offset(0).len(0).map_anonymous());
        }
        // Those that are the defaults are as good as none.
        let mut options = with_flags(MapFlags::SHARED);
        assert_eq!(map(&file, options.prot(Prot::READ | Prot::WRITE).access(access)).unwrap().access(), access);
    }
    // Without an access they are what says it.
    let mut options = with_flags(MapFlags::PRIVATE);
    assert!(map(&file, options.prot(Prot::READ).access(Access::Default)).is_ok());
}

#[test]
fn rule_04_access_says_what_is_allowed() {
    for access in ALL {
        let file = file_of(b"hello");
        let mut mapping = mapped(&file, access);
        assert_eq!(mapping.access(), access);
        assert_eq!(bytes_of(&mapping), b"hello");
        let written = mapping.set(0, b'H');
        if access == Access::Read {
            fails(written, Error::is_read_only);
        } else {
            written.unwrap();
            assert_eq!(bytes_of(&mapping), b"Hello");
        }
        let reaches_the_file = matches!(access, Access::Default | Access::Write);
        mapping.close();
        assert_eq!(content(&file), if reaches_the_file { b"Hello" } else { b"hello" });
    }
    for access in ALL {
        let mut memory = MapOptions::new().len(5).access(access).map_anonymous().unwrap();
        assert_eq!(memory.access(), access);
        assert_eq!(memory.set(0, 1).is_ok(), access != Access::Read);
        assert_eq!(memory.get(0).unwrap(), u8::from(access != Access::Read));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_04_access_is_that_of_the_pages() {
    for (access, permissions) in
        [(Access::Default, "rw-s"), (Access::Read, "r--s"), (Access::Write, "rw-s"), (Access::Copy, "rw-p")]
    {
        let file = file_of(b"hello");
        let _mapping = mapped(&file, access);
        let areas = areas_of_file(file.path());
        assert_eq!(areas.len(), 1);
        assert_eq!(areas[0].permissions, permissions, "{access:?}");
        let memory = MapOptions::new().len(1).access(access).map_anonymous().unwrap();
        assert_eq!(area_of(&memory, 0).permissions, permissions, "{access:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_04_default_access_defers_to_the_protection() {
    const NONE: Prot = Prot::empty();
    const R: Prot = Prot::READ;
    const W: Prot = Prot::WRITE;
    const X: Prot = Prot::EXEC;
    let table = [
        (R | W, Access::Default, "rw-"),
        (R | W | X, Access::Default, "rwx"),
        (W, Access::Write, "-w-"),
        (W | X, Access::Write, "-wx"),
        (R, Access::Read, "r--"),
        (R | X, Access::Read, "r-x"),
        (X, Access::Read, "--x"),
        (NONE, Access::Read, "---"),
    ];
    // Programs are run from where this file is, so that pages of it can be executed.
    let file = tempfile::Builder::new().tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    for (prot, access, permissions) in table {
        for (flags, kind) in [(MapFlags::SHARED, 's'), (MapFlags::PRIVATE, 'p')] {
            std::fs::write(file.path(), "hello").unwrap();
            let mut mapping = map(&file, with_flags(flags).prot(prot)).unwrap();
            assert_eq!(mapping.access(), access, "{prot:?}");
            let areas = areas_of_file(file.path());
            assert_eq!(areas.len(), 1);
            // Only an emulator executes pages that the kernel takes for data.
            if !prot.contains(X) || !is_emulated() {
                assert_eq!(areas[0].permissions, format!("{permissions}{kind}"), "{prot:?}");
            }

            // Pages that cannot be read are an error, where Python is killed.
            if prot.contains(R) {
                assert_eq!(bytes_of(&mapping), b"hello");
                assert_eq!(mapping.find(b"l").unwrap(), Some(2));
            } else {
                fails(mapping.slice(..), Error::is_invalid_input);
                fails(mapping.get(0), Error::is_invalid_input);
                fails(mapping.read_bytes(None), Error::is_invalid_input);
                fails(mapping.find(b"l"), Error::is_invalid_input);
                fails(mapping.guarded(.., |_| ()), Error::is_invalid_input);
            }
            if prot.contains(W) {
                mapping.set(0, b'H').unwrap();
                assert_eq!(mapping.write(b"Ha").unwrap(), 2);
                assert_eq!(content(&file), if kind == 's' { b"Hallo" } else { b"hello" });
            } else {
                fails(mapping.set(0, b'H'), Error::is_read_only);
                fails(mapping.write(b"Ha"), Error::is_read_only);
                assert_eq!(content(&file), b"hello");
            }
            let memory = with_flags(flags).prot(prot).len(1).map_anonymous().unwrap();
            assert_eq!(memory.access(), access);
        }
    }
}

#[test]
fn rule_05_length_0_goes_to_the_present_end_of_the_file() {
    let granularity = allocation_granularity();
    let mut bytes = vec![b'a'; granularity];
    bytes.extend_from_slice(b"tail");
    let file = file_of(&bytes);
    let options = MapOptions::new();
    assert_eq!(map(&file, &options).unwrap().len(), granularity + 4);
    let tail = map(&file, MapOptions::new().offset(granularity as u64)).unwrap();
    assert_eq!((tail.len(), tail.offset(), bytes_of(&tail)), (4, granularity as u64, b"tail".to_vec()));
    let part = map(&file, MapOptions::new().offset(granularity as u64).len(2)).unwrap();
    assert_eq!(bytes_of(&part), b"ta");
    // The same options once more, when the file has grown.
    file.as_file().set_len(granularity as u64 + 9).unwrap();
    assert_eq!(map(&file, &options).unwrap().len(), granularity + 9);
}

#[test]
fn rule_05_sizes_are_those_of_the_file() {
    let page = allocation_granularity();
    for access in ALL {
        let file = file_of(&vec![b'a'; page]);
        let refused = |file: &File, offset: usize, len: usize| {
            let result = map(file, MapOptions::new().access(access).offset(offset as u64).len(len));
            fails(result, Error::is_invalid_input).to_string()
        };
        for offset in [page, page + 1, 2 * page, 7 * page + 3] {
            let text = refused(file.as_file(), offset, 0);
            assert!(text.starts_with("offset is greater than file size"), "{text}");
        }
        let empty = file_of(b"");
        for offset in [0, 1, page] {
            assert_eq!(refused(empty.as_file(), offset, 0), "cannot mmap an empty file");
        }
        if cfg!(windows) {
            continue; // It extends the file: rule 26.
        }
        for (offset, len) in [(0, page + 1), (page, 1), (2 * page, 1), (0, isize::MAX as usize), (1, page)] {
            let text = refused(file.as_file(), offset, len);
            assert!(text.starts_with("length is greater than file size"), "{text}");
        }
        assert!(refused(empty.as_file(), 0, 1).starts_with("length is greater than file size"));
        assert_eq!(map(&file, MapOptions::new().access(access).len(page)).unwrap().len(), page);
        assert_eq!((content(&file).len(), content(&empty).len()), (page, 0));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_05_files_of_proc_count_as_empty_and_others_have_no_size() {
    let text = |path, len| {
        let result = map(&File::open(path).unwrap(), MapOptions::new().access(Access::Read).len(len));
        fails(result, Error::is_invalid_input).to_string()
    };
    assert_eq!(text("/proc/self/status", 0), "cannot mmap an empty file");
    assert!(text("/proc/self/status", 1).starts_with("length is greater than file size"));
    // What is not regular is not asked for its size.
    let zeros = File::open("/dev/zero").unwrap();
    let options = MapOptions::new().access(Access::Read).offset(page_size() as u64).len(3 * page_size()).clone();
    assert_eq!(map(&zeros, &options).unwrap().len(), 3 * page_size());
}

#[cfg(target_os = "linux")]
#[test]
fn rule_06_what_is_no_regular_file() {
    let errno_of = |fd: BorrowedFd<'_>, access, len| {
        // SAFETY: nothing of this can be mapped.
        errno(unsafe { MapOptions::new().access(access).len(len).map_file(&fd) })
    };
    // No descriptor has this number. One that only names a file is as little to be mapped.
    // SAFETY: nothing can be reached by it.
    let none = unsafe { BorrowedFd::borrow_raw(-2) };
    let file = file_of(b"hello");
    let path = File::options().read(true).custom_flags(libc::O_PATH).open(file.path()).unwrap();
    for access in ALL {
        assert_eq!(errno_of(none, access, 1), libc::EBADF);
        assert_eq!(errno_of(path.as_fd(), access, 0), libc::EBADF);
    }

    let (read_end, write_end) = std::io::pipe().unwrap();
    let directory = File::open("/").unwrap();
    for access in [Access::Read, Access::Copy] {
        assert_eq!(errno_of(read_end.as_fd(), access, 1), libc::ENODEV);
        assert_eq!(errno_of(directory.as_fd(), access, 1), libc::ENODEV);
        assert_eq!(errno_of(read_end.as_fd(), access, 0), libc::EINVAL);
    }
    // That they are open for one direction alone comes before.
    for access in ALL {
        assert_eq!(errno_of(write_end.as_fd(), access, 1), libc::EACCES);
    }
    assert_eq!(errno_of(read_end.as_fd(), Access::Default, 1), libc::EACCES);
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    for access in ALL {
        assert_eq!(errno_of(socket.as_fd(), access, 1), libc::ENODEV);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_06_zeros_can_be_mapped() {
    let zeros = File::options().read(true).write(true).open("/dev/zero").unwrap();
    let map_zeros = |options: &MapOptions| map(&zeros, options);
    for access in ALL {
        let mut mapping = map_zeros(MapOptions::new().access(access).len(10)).unwrap();
        assert_eq!((bytes_of(&mapping), mapping.size().unwrap()), (vec![0; 10], 0));
        if access != Access::Read {
            mapping.set_slice(2..4, b"ab").unwrap();
            assert_eq!(bytes_of(&mapping), b"\0\0ab\0\0\0\0\0\0");
            assert_eq!(mapping.find(b"b").unwrap(), Some(3));
        }
        mapping.flush().unwrap();
        assert_eq!(errno(map_zeros(MapOptions::new().access(access))), libc::EINVAL);
    }
    // The device takes no length, and the mapping stays what it was.
    let mut mapping = map_zeros(MapOptions::new().len(10)).unwrap();
    for len in [5, 20] {
        assert_eq!(errno(mapping.resize(len)), libc::EINVAL);
        assert_eq!(bytes_of(&mapping), [0; 10]);
    }
}

#[test]
fn rule_06_anonymous_memory_needs_a_length() {
    for access in ALL {
        let error = fails(MapOptions::new().access(access).map_anonymous(), Error::is_io);
        if cfg!(unix) {
            assert_eq!(error.io_error().unwrap().raw_os_error(), Some(22)); // EINVAL
        }
    }
}

#[cfg(unix)]
#[test]
fn rule_07_offsets_are_multiples_of_the_granularity() {
    let granularity = allocation_granularity();
    let file = file_of(&vec![b'a'; 2 * granularity]);
    for access in ALL {
        for offset in [1, granularity / 2, granularity - 1, granularity + 1] {
            let offset = offset as u64;
            assert_eq!(errno(map(&file, MapOptions::new().access(access).offset(offset))), libc::EINVAL);
            assert_eq!(errno(map(&file, MapOptions::new().access(access).offset(offset).len(1))), libc::EINVAL);
            let memory = MapOptions::new().access(access).offset(offset).len(1).map_anonymous();
            assert_eq!(errno(memory), libc::EINVAL);
        }
        let aligned = map(&file, MapOptions::new().access(access).offset(granularity as u64)).unwrap();
        assert_eq!((aligned.len(), aligned.offset()), (granularity, granularity as u64));
        // The sizes come first.
        let mut options = MapOptions::new();
        options.access(access);
        fails(map(&file, options.offset(2 * granularity as u64 + 1)), Error::is_invalid_input);
        fails(map(&file, options.offset(granularity as u64 + 1).len(granularity)), Error::is_invalid_input);
        fails(map(&file_of(b""), options.offset(1).len(0)), Error::is_invalid_input);
    }
}

#[cfg(unix)]
#[test]
fn rule_07_a_descriptor_has_to_be_open_for_it() {
    let file = file_of(b"hello");
    // It is the descriptor that counts, for root as well.
    let read_only = File::open(file.path()).unwrap();
    let write_only = File::options().write(true).open(file.path()).unwrap();
    for access in ALL {
        let options = MapOptions::new().access(access).clone();
        let mapping = map(&read_only, &options);
        match access {
            Access::Read | Access::Copy => assert_eq!(bytes_of(&mapping.unwrap()), b"hello"),
            _ => assert_eq!(errno(mapping), libc::EACCES),
        }
        assert_eq!(errno(map(&write_only, &options)), libc::EACCES);
    }
    // Flags and protection are judged the same way.
    for (options, is_allowed) in [
        (MapOptions::new().prot(Prot::READ), true),
        (with_flags(MapFlags::PRIVATE).prot(Prot::READ | Prot::WRITE), true),
        (MapOptions::new().prot(Prot::WRITE), false),
    ] {
        let mapping = map(&read_only, options);
        if is_allowed {
            assert_eq!(bytes_of(&mapping.unwrap()), b"hello");
        } else {
            assert_eq!(errno(mapping), libc::EACCES);
        }
        assert_eq!(errno(map(&write_only, options)), libc::EACCES);
    }
}

#[test]
fn rule_08_the_callers_file_may_be_closed() {
    let file = file_of(b"hello");
    for access in ALL {
        let callers = File::options().read(true).write(true).open(file.path()).unwrap();
        let mut mapping = map(&callers, MapOptions::new().access(access)).unwrap();
        drop(callers);
        assert_eq!((mapping.size().unwrap(), bytes_of(&mapping)), (5, b"hello".to_vec()));
        if matches!(access, Access::Default | Access::Write) {
            mapping.resize(7).unwrap();
            assert_eq!((mapping.size().unwrap(), bytes_of(&mapping)), (7, b"hello\0\0".to_vec()));
            mapping.resize(5).unwrap();
        }
    }
    // Without a descriptor everything else works.
    let mut mapping = map(&file, MapOptions::new().track_fd(false)).unwrap();
    mapping.set(0, b'H').unwrap();
    mapping.flush().unwrap();
    assert_eq!(mapping.seek(SeekFrom::End(-1)).unwrap(), 4);
    assert_eq!((bytes_of(&mapping), content(&file)), (b"Hello".to_vec(), b"Hello".to_vec()));
    fails(mapping.size(), Error::is_io);
    fails(mapping.resize(7), Error::is_invalid_input);
    assert_eq!(content(&file), b"Hello");
}

#[cfg(target_os = "linux")]
#[test]
fn rule_08_the_descriptor_is_a_duplicate_that_programs_do_not_inherit() {
    let file = file_of(b"hello");
    let callers = descriptors_of(file.path());
    assert_eq!(callers.len(), 1);
    for access in ALL {
        let mapping = mapped(&file, access);
        let now = descriptors_of(file.path());
        assert_eq!(now.len(), 2);
        let own = now.into_iter().find(|fd| !callers.contains(fd)).unwrap();
        let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{own}")).unwrap();
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
        assert_ne!(i32::from_str_radix(flags.trim(), 8).unwrap() & libc::O_CLOEXEC, 0);
        drop(mapping);
        assert_eq!(descriptors_of(file.path()), callers);

        let untracked = map(&file, MapOptions::new().access(access).track_fd(false)).unwrap();
        assert_eq!(descriptors_of(file.path()), callers);
        assert_eq!(bytes_of(&untracked), b"hello");
        assert_eq!(errno(untracked.size()), libc::EBADF);
    }
    // A failed attempt leaves none behind.
    assert_eq!(errno(map(&file, MapOptions::new().offset(1).len(1))), libc::EINVAL);
    fails(map(&file, MapOptions::new().len(6)), Error::is_invalid_input);
    assert_eq!(descriptors_of(file.path()), callers);
}

#[cfg(target_os = "linux")]
#[test]
fn rule_08_anonymous_memory_has_no_descriptor() {
    use std::os::unix::fs::MetadataExt;

    let mapping = memory(b"hello");
    assert_eq!(errno(mapping.size()), libc::EBADF);
    // Shared memory is a file within the kernel; none of the descriptors is of it.
    let area = area_of(&mapping, 0);
    assert_ne!(area.inode, 0);
    for entry in std::fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        let device = format!("{:02x}:{:02x}", libc::major(metadata.dev()), libc::minor(metadata.dev()));
        assert_ne!((device, metadata.ino()), (area.device.clone(), area.inode), "{entry:?}");
    }
}
