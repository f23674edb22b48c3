//! Rules 21 to 27: what is asked of the operating system.

use std::ops::{Bound, Range};
#[cfg(target_os = "linux")]
use std::{fs::File, os::fd::AsRawFd};

#[cfg(unix)]
use mapgrep::mapping::{FlushFlags, Prot, RawAdvice};
#[cfg(target_os = "linux")]
use mapgrep::mapping::{MapFlags, Mapping};
use mapgrep::{
    Error,
    mapping::{Access, Advice, Discard, MapOptions, allocation_granularity, page_size},
};

use super::support::*;

/// True for files that have no other place than memory: their pages are never clean.
#[cfg(target_os = "linux")]
fn is_in_memory(file: &File) -> bool {
    let mut status = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the call fills in the structure, or fails.
    let status = unsafe {
        assert_eq!(libc::fstatfs(file.as_raw_fd(), status.as_mut_ptr()), 0);
        status.assume_init()
    };
    // The other is that of ramfs. The type depends on the C library.
    [i128::from(libc::TMPFS_MAGIC), 0x8584_58f6].contains(&i128::from(status.f_type))
}

// Flushing.

#[test]
fn rule_21_bounds_come_first_and_copies_have_nothing_to_flush() {
    let page = page_size();
    let file = file_of(&vec![b'a'; 2 * page + 100]);
    let len = 2 * page + 100;
    for access in ALL {
        for m in [mapped(&file, access), MapOptions::new().access(access).len(len).map_anonymous().unwrap()] {
            let outside = [0..len + 1, len..len + 1, len + 1..len + 1, 1..len + 1, page..page - 1, 0..usize::MAX];
            for range in outside {
                fails(m.flush_range(range.clone()), Error::is_out_of_range);
                #[cfg(unix)]
                fails(m.flush_range_with(range, FlushFlags::ASYNC), Error::is_out_of_range);
            }
            m.flush().unwrap();
            // From an offset on means to the end.
            m.flush_range(page..).unwrap();
            for range in [0..len, 0..1, page..page, page..page + 1, 2 * page..len, 0..0] {
                m.flush_range(range).unwrap();
            }
            let misaligned: [Range<usize>; 5] = [1..2, 1..1, page - 1..page + 1, page + 1..len, len..len];
            for range in misaligned {
                if matches!(access, Access::Read | Access::Copy) {
                    m.flush_range(range).unwrap();
                } else {
                    let error = fails(m.flush_range(range), Error::is_io);
                    assert!(!cfg!(unix) || error.io_error().unwrap().raw_os_error() == Some(22), "{error}"); // EINVAL
                }
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_21_flags_of_msync() {
    let page = page_size();
    let file = file_of(&vec![b'a'; 2 * page]);
    let m = mapped(&file, Access::Write);
    for flags in [FlushFlags::SYNC, FlushFlags::ASYNC, FlushFlags::INVALIDATE, FlushFlags::empty()] {
        m.flush_range_with(.., flags).unwrap();
        m.flush_range_with(page.., flags | FlushFlags::INVALIDATE).unwrap();
        assert_eq!(errno(m.flush_range_with(1.., flags)), libc::EINVAL);
    }
    // Flags that the system does not take show that it is given them, where there is anything to flush.
    for flags in [FlushFlags::SYNC | FlushFlags::ASYNC, FlushFlags::from_bits_retain(1 << 20)] {
        assert_eq!(errno(m.flush_range_with(.., flags)), libc::EINVAL);
        mapped(&file, Access::Read).flush_range_with(.., flags).unwrap();
        mapped(&file, Access::Copy).flush_range_with(.., flags).unwrap();
    }
    // Locked pages cannot be invalidated, with which the kernel shows that it was asked to.
    let locked = map(&file, &with_flags(MapFlags::SHARED | MapFlags::LOCKED));
    if let Ok(locked) = locked {
        locked.flush().unwrap();
        assert_eq!(errno(locked.flush_range_with(.., FlushFlags::INVALIDATE)), libc::EBUSY);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_21_flush_writes_pages_back() {
    let page = page_size();
    // Far enough apart to be written back one without the other.
    let (low, high) = (0, 8 << 20);
    type Flush = fn(&mut Mapping);
    let flushes: [(&str, Flush, bool); 7] = [
        ("flush", |m| m.flush().unwrap(), true),
        ("flush_range", |m| m.flush_range(..).unwrap(), true),
        ("flush_range of one page", |m| m.flush_range(8 << 20..).unwrap(), false),
        ("the first page", |m| m.flush_range(..1).unwrap(), false),
        ("SYNC", |m| m.flush_range_with(.., FlushFlags::SYNC).unwrap(), true),
        ("SYNC of one page", |m| m.flush_range_with(8 << 20.., FlushFlags::SYNC).unwrap(), false),
        ("Write::flush", |m| std::io::Write::flush(m).unwrap(), true),
    ];
    // How much there was to be written before a flush, and after it.
    let dirty_around = |flush: Flush| {
        let file = file_on_disk(b"");
        file.as_file().set_len((high + page) as u64).unwrap();
        file.as_file().sync_all().unwrap();
        let mut m = mapped(&file, Access::Write);
        m.set(low as isize, b'l').unwrap();
        m.set(high as isize, b'h').unwrap();
        let before = area_of(&m, 0).dirty();
        flush(&mut m);
        let after = area_of(&m, 0).dirty();
        assert_eq!((m.get(low as isize).unwrap(), m.get(high as isize).unwrap()), (b'l', b'h'));
        (before, after)
    };
    for (name, flush, is_all) in flushes {
        // The system may write pages back by itself at any time, but not at each of these.
        let tries: Vec<_> = (0..5).map(|_| dirty_around(flush)).collect();
        if is_in_memory(file_on_disk(b"").as_file()) || tries.iter().all(|&(before, _)| before < 2 * page) {
            println!("This file system writes nothing back, or does not tell of it.");
            return;
        }
        assert!(!is_all || tries.iter().all(|&(_, after)| after == 0), "{name}: {tries:?}");
        assert!(tries.iter().any(|&(before, after)| after < before && (after == 0) == is_all), "{name}: {tries:?}");
    }
}

// Advice.

#[test]
fn rule_22_ranges_to_advise() {
    let page = page_size();
    let len = 2 * page + 100;
    let file = file_of(&vec![b'a'; len]);
    for access in ALL {
        let mut m = mapped(&file, access);
        for advice in [Advice::Normal, Advice::Random, Advice::Sequential, Advice::WillNeed] {
            m.advise(advice).unwrap();
            // The end is brought to that of the mapping.
            m.advise_range(advice, page..usize::MAX).unwrap();
            m.advise_range(advice, ..=usize::MAX).unwrap();
            m.advise_range(advice, 2 * page..len + 1).unwrap();
            m.advise_range(advice, 2 * page..).unwrap();
            m.advise_range(advice, 0..0).unwrap();
            m.advise_range(advice, page..page + 1).unwrap();
            for start in [len, len + 1, 3 * page, usize::MAX] {
                fails(m.advise_range(advice, start..), Error::is_out_of_range);
                fails(m.advise_range(advice, start..start), Error::is_out_of_range);
                #[cfg(unix)]
                // SAFETY: the advice changes no content.
                fails(unsafe { m.advise_raw(RawAdvice::NORMAL, start..) }, Error::is_out_of_range);
                fails(m.discard(Discard::DontNeed, start..), Error::is_out_of_range);
            }
            fails(m.advise_range(advice, (Bound::Excluded(usize::MAX), Bound::Unbounded)), Error::is_out_of_range);
            // A negative length.
            fails(m.advise_range(advice, page..0), Error::is_out_of_range);
            if cfg!(unix) {
                for start in [1, page - 1, page + 1, len - 1] {
                    let error = fails(m.advise_range(advice, start..), Error::is_io);
                    assert_eq!(error.io_error().unwrap().raw_os_error(), Some(22)); // EINVAL
                }
            }
        }
        // Some content can be lost by a page that is shared with what was not meant.
        fails(m.discard(Discard::DontNeed, 1..), Error::is_invalid_input);
        fails(m.discard(Discard::DontNeed, ..page + 1), Error::is_invalid_input);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_22_the_kernel_has_taken_the_advice() {
    if is_emulated() {
        return;
    }
    let page = page_size();
    // An advice, the two letters it is told by, and what undoes it.
    let table = [
        (Advice::DontFork, "dc", Some(Advice::DoFork)),
        (Advice::DontDump, "dd", Some(Advice::DoDump)),
        (Advice::Sequential, "sr", Some(Advice::Normal)),
        (Advice::Random, "rr", Some(Advice::Normal)),
        (Advice::HugePage, "hg", None),
        (Advice::NoHugePage, "nh", None),
        (Advice::Mergeable, "mg", Some(Advice::Unmergeable)),
    ];
    let file = file_of(&vec![b'a'; 4 * page]);
    for (advice, flag, undo) in table {
        for of_file in [true, false] {
            // Only private memory is merged.
            let private = with_flags(MapFlags::PRIVATE).len(4 * page).clone();
            let m = if of_file { mapped(&file, Access::Write) } else { private.map_anonymous().unwrap() };
            if (advice == Advice::Mergeable && of_file) || area_of(&m, 0).has(flag) {
                continue;
            }
            if let Err(error) = m.advise(advice) {
                // The system was built without huge pages, or without merging.
                assert!(matches!(advice, Advice::HugePage | Advice::NoHugePage | Advice::Mergeable), "{error}");
                assert_eq!(error.io_error().unwrap().raw_os_error(), Some(libc::EINVAL));
                continue;
            }
            assert!(area_of(&m, 0).has(flag) && area_of(&m, 3 * page).has(flag), "{advice:?}");
            if let Some(undo) = undo {
                m.advise(undo).unwrap();
                assert!(!area_of(&m, 0).has(flag), "{undo:?}");
            }
            if matches!(advice, Advice::HugePage | Advice::NoHugePage) {
                continue;
            }
            // It is for the range alone.
            m.advise_range(advice, page..2 * page + 1).unwrap();
            let has = [0, 1, 2, 3].map(|i| area_of(&m, i * page).has(flag));
            assert_eq!(has, [false, true, true, false], "{advice:?}");
            m.advise_range(advice, 3 * page..usize::MAX).unwrap();
            assert!(area_of(&m, 3 * page).has(flag), "{advice:?}");
            assert!(!area_of(&m, 0).has(flag), "{advice:?}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_22_pages_come_and_go() {
    if is_emulated() {
        return;
    }
    let len = 64 * page_size();
    let half = len / 2;
    // Shared memory, which is an area of its own.
    let resident = |m: &Mapping| area_of(m, 0).bytes("Rss");
    let mut m = MapOptions::new().len(len).map_anonymous().unwrap();
    assert_eq!(resident(&m), 0);
    m.advise_range(Advice::PopulateRead, half..).unwrap();
    assert!((half..len).contains(&resident(&m)));
    m.advise(Advice::PopulateWrite).unwrap();
    assert_eq!((resident(&m), area_of(&m, 0).dirty()), (len, len));
    m.advise(Advice::Cold).unwrap();
    m.guarded_mut(.., |bytes| bytes.fill(b'x')).unwrap();
    // Its content is kept elsewhere.
    m.discard(Discard::DontNeed, ..half).unwrap();
    assert!((half..len).contains(&resident(&m)));
    assert_eq!(m.get(0).unwrap(), b'x');
    m.discard(Discard::Remove, ..half).unwrap();
    assert_eq!((m.get(0).unwrap(), m.get(half as isize - 1).unwrap(), m.get(half as isize).unwrap()), (0, 0, b'x'));

    let file = file_of(&vec![b'f'; len]);
    let shared = mapped(&file, Access::Read);
    shared.advise_range(Advice::PopulateRead, ..half).unwrap();
    assert!((half..len + 1).contains(&resident(&shared)));
    // Without its private changes a copy is the file again.
    let mut copy = mapped(&file, Access::Copy);
    copy.guarded_mut(.., |bytes| bytes.fill(b'c')).unwrap();
    copy.discard(Discard::DontNeed, ..half).unwrap();
    assert_eq!((copy.get(half as isize - 1).unwrap(), copy.get(half as isize).unwrap()), (b'f', b'c'));
    // Pages are read for whoever may write only.
    assert_eq!(errno(shared.advise(Advice::PopulateWrite)), libc::EINVAL);
    assert_eq!(content(&file), vec![b'f'; len]);
    // There may be nowhere to put pages, and no huge ones; it is for the system to say.
    for advice in [Advice::PageOut, Advice::Collapse] {
        if let Err(error) = m.advise(advice) {
            assert!(error.is_io(), "{error}");
        }
    }
    assert_eq!(m.get(-1).unwrap(), b'x');
}

#[test]
fn rule_23_size_is_that_of_the_file_at_this_moment() {
    let granularity = allocation_granularity();
    let file = file_of(&vec![b'a'; 3 * granularity]);
    for access in ALL {
        let part = map(&file, MapOptions::new().access(access).offset(granularity as u64).len(5)).unwrap();
        assert_eq!((part.len(), part.size().unwrap()), (5, 3 * granularity as u64));
        file.as_file().set_len(4 * granularity as u64 + 7).unwrap();
        assert_eq!((part.len(), part.size().unwrap()), (5, 4 * granularity as u64 + 7));
        if cfg!(unix) {
            // Windows does not cut a file that is mapped.
            file.as_file().set_len(1).unwrap();
            assert_eq!((part.len(), part.size().unwrap()), (5, 1));
        }
        drop(part);
        file.as_file().set_len(3 * granularity as u64).unwrap();

        let untracked = map(&file, MapOptions::new().access(access).track_fd(false)).unwrap();
        let anonymous = MapOptions::new().access(access).len(5).map_anonymous().unwrap();
        // On Windows anonymous memory has a size: its length.
        if cfg!(windows) {
            assert_eq!(anonymous.size().unwrap(), 5);
        }
        for none in [untracked].into_iter().chain(cfg!(unix).then_some(anonymous)) {
            let error = fails(none.size(), Error::is_io);
            assert!(!cfg!(unix) || error.io_error().unwrap().raw_os_error() == Some(9), "{error}"); // EBADF
        }
    }
}

// Constants.

#[cfg(target_os = "linux")]
#[test]
fn rule_24_constants_are_the_systems() {
    #[rustfmt::skip]
    let flags = [
        (MapFlags::SHARED, libc::MAP_SHARED), (MapFlags::PRIVATE, libc::MAP_PRIVATE),
        (MapFlags::ANON, libc::MAP_ANON), (MapFlags::ANONYMOUS, libc::MAP_ANONYMOUS),
        (MapFlags::DENYWRITE, libc::MAP_DENYWRITE), (MapFlags::EXECUTABLE, libc::MAP_EXECUTABLE),
        (MapFlags::NORESERVE, libc::MAP_NORESERVE), (MapFlags::POPULATE, libc::MAP_POPULATE),
        (MapFlags::STACK, libc::MAP_STACK),
        // Not in Python.
        (MapFlags::SHARED_VALIDATE, libc::MAP_SHARED_VALIDATE), (MapFlags::LOCKED, libc::MAP_LOCKED),
        (MapFlags::NONBLOCK, libc::MAP_NONBLOCK), (MapFlags::HUGETLB, libc::MAP_HUGETLB),
        (MapFlags::SYNC, libc::MAP_SYNC),
    ];
    for (ours, systems) in flags {
        assert_eq!(ours.bits(), systems, "{ours:?}");
    }
    #[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
    assert_eq!(MapFlags::_32BIT.bits(), libc::MAP_32BIT);
    #[rustfmt::skip]
    let advice = [
        (RawAdvice::NORMAL, libc::MADV_NORMAL), (RawAdvice::RANDOM, libc::MADV_RANDOM),
        (RawAdvice::SEQUENTIAL, libc::MADV_SEQUENTIAL), (RawAdvice::WILLNEED, libc::MADV_WILLNEED),
        (RawAdvice::DONTNEED, libc::MADV_DONTNEED), (RawAdvice::REMOVE, libc::MADV_REMOVE),
        (RawAdvice::DONTFORK, libc::MADV_DONTFORK), (RawAdvice::DOFORK, libc::MADV_DOFORK),
        (RawAdvice::HWPOISON, libc::MADV_HWPOISON), (RawAdvice::SOFT_OFFLINE, libc::MADV_SOFT_OFFLINE),
        (RawAdvice::MERGEABLE, libc::MADV_MERGEABLE), (RawAdvice::UNMERGEABLE, libc::MADV_UNMERGEABLE),
        (RawAdvice::HUGEPAGE, libc::MADV_HUGEPAGE), (RawAdvice::NOHUGEPAGE, libc::MADV_NOHUGEPAGE),
        (RawAdvice::DONTDUMP, libc::MADV_DONTDUMP), (RawAdvice::DODUMP, libc::MADV_DODUMP),
        (RawAdvice::FREE, libc::MADV_FREE),
        // Not in Python.
        (RawAdvice::POPULATE_READ, libc::MADV_POPULATE_READ), (RawAdvice::POPULATE_WRITE, libc::MADV_POPULATE_WRITE),
        (RawAdvice::COLD, libc::MADV_COLD), (RawAdvice::PAGEOUT, libc::MADV_PAGEOUT), (RawAdvice::COLLAPSE, 25),
        (RawAdvice::WIPEONFORK, libc::MADV_WIPEONFORK), (RawAdvice::KEEPONFORK, libc::MADV_KEEPONFORK),
        (RawAdvice::DONTNEED_LOCKED, libc::MADV_DONTNEED_LOCKED),
    ];
    for (ours, systems) in advice {
        assert_eq!(ours.0, systems);
    }
    let flush = [
        (FlushFlags::SYNC, libc::MS_SYNC),
        (FlushFlags::ASYNC, libc::MS_ASYNC),
        (FlushFlags::INVALIDATE, libc::MS_INVALIDATE),
    ];
    for (ours, systems) in flush {
        assert_eq!(ours.bits(), systems, "{ours:?}");
    }
    // Bits without a name are not dropped on the way.
    assert_eq!(MapFlags::from_bits_retain(1 << 30).bits(), 1 << 30);
    assert_eq!((MapFlags::SHARED | MapFlags::from_bits_retain(1 << 30)).bits(), libc::MAP_SHARED | 1 << 30);
}

#[cfg(target_os = "linux")]
#[test]
fn rule_24_raw_advice_goes_to_the_system() {
    if is_emulated() {
        return;
    }
    let page = page_size();
    let advise = |m: &Mapping, advice, range: Range<usize>| {
        // SAFETY: nobody else looks at the memory.
        unsafe { m.advise_raw(advice, range) }
    };
    let mut m = with_flags(MapFlags::PRIVATE).len(4 * page).map_anonymous().unwrap();
    m.guarded_mut(.., |bytes| bytes.fill(7)).unwrap();
    for (advice, flag, is_set) in [
        (RawAdvice::DONTFORK, "dc", true),
        (RawAdvice::DOFORK, "dc", false),
        (RawAdvice::DONTDUMP, "dd", true),
        (RawAdvice::DODUMP, "dd", false),
        (RawAdvice::SEQUENTIAL, "sr", true),
        (RawAdvice::RANDOM, "rr", true),
        (RawAdvice::NORMAL, "rr", false),
        (RawAdvice::WIPEONFORK, "wf", true),
        (RawAdvice::KEEPONFORK, "wf", false),
    ] {
        advise(&m, advice, 0..4 * page).unwrap();
        assert_eq!(area_of(&m, 0).has(flag), is_set, "{advice:?}");
    }
    for advice in [RawAdvice::WILLNEED, RawAdvice::COLD, RawAdvice::POPULATE_READ, RawAdvice::POPULATE_WRITE] {
        advise(&m, advice, 0..4 * page).unwrap();
    }
    assert!(m.guarded(.., |bytes| bytes.iter().all(|&byte| byte == 7)).unwrap());
    advise(&m, RawAdvice::DONTNEED, page..2 * page).unwrap();
    assert_eq!([0, 1, 2, 3].map(|i| m.get(i * page as isize).unwrap()), [7, 0, 7, 7]);
    // They go some time, or not at all when they are written first.
    advise(&m, RawAdvice::FREE, 2 * page..3 * page).unwrap();
    assert!(matches!(m.get(2 * page as isize).unwrap(), 0 | 7));

    // What the system does not know, and what it does not do for this memory, is an error and no silence.
    for number in [-1, 12345, i32::MAX, i32::MIN] {
        assert_eq!(errno(advise(&m, RawAdvice(number), 0..4 * page)), libc::EINVAL);
    }
    assert_eq!(errno(advise(&m, RawAdvice::REMOVE, 0..page)), libc::EINVAL);
    assert_eq!(errno(advise(&m, RawAdvice::NORMAL, 1..page)), libc::EINVAL);
    assert_eq!(errno(advise(&memory(b"x"), RawAdvice::FREE, 0..1)), libc::EINVAL);
}

#[cfg(target_os = "linux")]
#[test]
fn rule_25_names_of_memory() {
    let page = page_size();
    let name = format!("mapgrep test {}", std::process::id());
    let options = [("anon", with_flags(MapFlags::PRIVATE)), ("anon_shmem", MapOptions::new())];
    for (kind, mut options) in options {
        let mut m = options.len(2 * page).map_anonymous().unwrap();
        // 67 bytes and none more; characters have several.
        let longest = "n".repeat(67);
        for name in [name.as_str(), &longest, &"é".repeat(33)] {
            match m.set_name(name) {
                Ok(()) => {
                    assert_eq!(area_of(&m, 0).name, format!("[{kind}:{name}]"));
                    assert_eq!(area_of(&m, 2 * page - 1).name, format!("[{kind}:{name}]"));
                }
                // The system may be built without names, and has those of printable characters only.
                Err(error) => assert_eq!(error.io_error().unwrap().raw_os_error(), Some(libc::EINVAL), "{error}"),
            }
        }
        for name in ["n".repeat(68), "é".repeat(34), "n".repeat(5000), "a\0b".to_owned(), "\0".to_owned()] {
            fails(m.set_name(&name), Error::is_invalid_input);
        }
        for name in ["a[b", "a]b", "a\\b", "a$b", "a`b", "a\nb"] {
            assert_eq!(errno(m.set_name(name)), libc::EINVAL);
        }
        m.close();
        fails(m.set_name(&name), Error::is_closed);
    }
    // A mapping of a file has its name, which is not to be replaced.
    let file = file_of(b"hello");
    let zeros = File::options().read(true).write(true).open("/dev/zero").unwrap();
    for access in ALL {
        fails(mapped(&file, access).set_name(&name), Error::is_invalid_input);
        let of_zeros = map(&zeros, MapOptions::new().len(1).access(access)).unwrap();
        fails(of_zeros.set_name(&name), Error::is_invalid_input);
        let untracked = map(&file, MapOptions::new().track_fd(false).access(access)).unwrap();
        fails(untracked.set_name(&name), Error::is_invalid_input);
    }
}

#[test]
fn rule_26_no_file_is_anonymous_memory() {
    for access in ALL {
        let first = MapOptions::new().access(access).len(10).map_anonymous().unwrap();
        let mut second = MapOptions::new().access(access).len(10).map_anonymous().unwrap();
        // Zeros, of its own.
        assert_eq!((bytes_of(&first), bytes_of(&second)), (vec![0; 10], vec![0; 10]));
        if access != Access::Read {
            second.set(0, 1).unwrap();
            assert_eq!((first.get(0).unwrap(), second.get(0).unwrap()), (0, 1));
        }
        match first.size() {
            Ok(size) => assert!(cfg!(windows) && size == 10),
            Err(error) => assert!(cfg!(unix) && error.is_io(), "{error}"),
        }
    }
    // A length extends no file, but on Windows.
    let file = file_of(b"hello");
    let longer = map(&file, MapOptions::new().access(Access::Write).len(10));
    assert_eq!(longer.is_ok(), cfg!(windows));
    assert_eq!(content(&file).len(), if cfg!(windows) { 10 } else { 5 });
}

#[cfg(windows)]
#[test]
fn rule_26_names_of_sections_and_lengths_of_files_that_are_mapped_twice() {
    let name = format!("mapgrep-rule-26-{}", std::process::id());
    // SAFETY: no other test has the name, and this one changes the memory between two looks only.
    let tagged = |name: &str| unsafe { MapOptions::new().len(10).tag_name(name).map_anonymous() }.unwrap();
    let (mut first, second, other) = (tagged(&name), tagged(&name), tagged(&format!("{name}-other")));
    first.set(3, b'x').unwrap();
    assert_eq!((second.get(3).unwrap(), other.get(3).unwrap()), (b'x', 0));
    assert_eq!(allocation_granularity(), 64 << 10);
    let file = file_of(b"hello");
    let mut m = mapped(&file, Access::Write);
    let live = mapped(&file, Access::Write);
    fails(m.resize(2), Error::is_io);
    drop(live);
    assert_eq!(content(&file), b"hello");
}

#[test]
fn rule_27_sizes_of_pages() {
    let (page, granularity) = (page_size(), allocation_granularity());
    assert!(page.is_power_of_two() && granularity.is_power_of_two() && granularity >= page);
    #[cfg(unix)]
    {
        // SAFETY: the call looks at no memory.
        assert_eq!(page as i64, unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as i64);
        assert_eq!(granularity, page);
        assert_eq!(Prot::READ.bits(), libc::PROT_READ);
        assert_eq!(Prot::WRITE.bits(), libc::PROT_WRITE);
        assert_eq!(Prot::EXEC.bits(), libc::PROT_EXEC);
        assert_eq!(Prot::empty().bits(), libc::PROT_NONE);
    }
    #[cfg(windows)]
    assert_eq!((page, granularity), (4 << 10, 64 << 10));
    // It is what offsets are measured by.
    let file = file_of(&vec![b'a'; 2 * granularity]);
    assert!(map(&file, MapOptions::new().offset(granularity as u64)).is_ok());
    assert!(map(&file, MapOptions::new().offset(granularity as u64 / 2)).is_err());
}

#[test]
fn rule_27_there_is_an_access_for_each_of_pythons() {
    assert_eq!(Access::default(), Access::Default);
    for access in ALL {
        // No name stands for two of them.
        assert_eq!(ALL.into_iter().filter(|&other| other == access).count(), 1);
    }
}

// Children.

#[cfg(target_os = "linux")]
#[test]
fn children_of_a_fork_share_memory_or_have_a_copy() {
    let anonymous = |options: MapOptions| options.clone().len(10).map_anonymous().unwrap();
    let access = |access| MapOptions::new().access(access).clone();
    let (file, copied) = (file_of(&[0; 10]), file_of(&[0; 10]));
    let table = [
        (anonymous(MapOptions::new()), true),
        (anonymous(access(Access::Write)), true),
        (anonymous(with_flags(MapFlags::SHARED | MapFlags::NORESERVE)), true),
        (anonymous(access(Access::Copy)), false),
        (anonymous(with_flags(MapFlags::PRIVATE)), false),
        (mapped(&file, Access::Write), true),
        (mapped(&copied, Access::Copy), false),
    ];
    for (i, (mut mapping, is_shared)) in table.into_iter().enumerate() {
        mapping.set(0, b'p').unwrap();
        // SAFETY: the child reads and writes memory, and ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let has_parents = mapping.get(0).is_ok_and(|byte| byte == b'p');
            let has_written = mapping.set(1, b'c').is_ok() && mapping.get(1).is_ok_and(|byte| byte == b'c');
            // SAFETY: it ends the process.
            unsafe { libc::_exit(if has_parents && has_written { 0 } else { 1 }) };
        }
        assert!(child > 0);
        let mut status = 0;
        // SAFETY: the child is this test's own, and the status outlives the call.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{i}: {status}");
        let expected = if is_shared { b'c' } else { 0 };
        assert_eq!((mapping.get(0).unwrap(), mapping.get(1).unwrap()), (b'p', expected), "{i}");
    }
}
