//! Rules 9 and 11 to 18: the bytes, the cursor, and what is left of a mapping that is closed.

use std::{
    io::{self, SeekFrom, Write},
    iter,
};

use mapgrep::{
    Error,
    mapping::{Access, Advice, Discard, MapOptions, Mapping, Slice},
};

use super::support::*;

/// Every call there is, with arguments of which each would be an error of its own.
fn calls_with_bad_arguments(mapping: &mut Mapping) -> Vec<(&'static str, Option<Error>)> {
    const FAR: usize = usize::MAX;
    let from_io = |error: io::Error| error.downcast::<Error>().expect("an error of ours");
    let stepless = Slice::new(None, None, 0);
    vec![
        ("size", mapping.size().err()),
        ("guarded", mapping.guarded(FAR.., |_| ()).err()),
        ("guarded_mut", mapping.guarded_mut(FAR.., |_| ()).err()),
        ("tell", mapping.tell().err()),
        ("seek", mapping.seek(SeekFrom::End(i64::MAX)).err()),
        ("read_bytes", mapping.read_bytes(FAR).err()),
        ("read_byte", mapping.read_byte().err()),
        ("read_line", mapping.read_line().err()),
        ("write", mapping.write(&[0; 100]).err()),
        ("write of nothing", mapping.write(b"").err()),
        ("write_byte", mapping.write_byte(0).err()),
        ("get", mapping.get(isize::MIN).err()),
        ("set", mapping.set(isize::MAX, 0).err()),
        ("slice", mapping.slice(stepless).err()),
        ("set_slice", mapping.set_slice(stepless, &[0; 100]).err()),
        ("iter", mapping.iter().next().and_then(Result::err)),
        ("into_iter", (&*mapping).into_iter().next().and_then(Result::err)),
        ("copy_within", mapping.copy_within(FAR - 1..FAR, FAR).err()),
        ("find", mapping.find(b"").err()),
        ("rfind", mapping.rfind(b"").err()),
        ("find_in", mapping.find_in(b"", stepless).err()),
        ("rfind_in", mapping.rfind_in(b"", stepless).err()),
        ("resize", mapping.resize(0).err()),
        ("flush", Mapping::flush(mapping).err()),
        ("flush_range", mapping.flush_range(1..FAR).err()),
        ("advise", mapping.advise(Advice::Normal).err()),
        ("advise_range", mapping.advise_range(Advice::Normal, FAR..).err()),
        ("discard", mapping.discard(Discard::DontNeed, FAR..).err()),
        ("Read::read", io::Read::read(mapping, &mut [0; 100]).err().map(from_io)),
        ("Write::write", Write::write(mapping, &[0; 100]).err().map(from_io)),
        ("Write::flush", Write::flush(mapping).err().map(from_io)),
        ("Seek::seek", io::Seek::seek(mapping, SeekFrom::Current(-1)).err().map(from_io)),
        ("Seek::stream_position", io::Seek::stream_position(mapping).err().map(from_io)),
        ("buffered", io::BufRead::fill_buf(&mut mapping.buffered()).err().map(from_io)),
        #[cfg(unix)]
        (
            "flush_range_with",
            mapping.flush_range_with(1..FAR, mapgrep::mapping::FlushFlags::from_bits_retain(!0)).err(),
        ),
        #[cfg(unix)]
        // SAFETY: the system has no such advice.
        ("advise_raw", unsafe { mapping.advise_raw(mapgrep::mapping::RawAdvice(-1), FAR..) }.err()),
        #[cfg(target_os = "linux")]
        ("set_name", mapping.set_name(&"\0".repeat(100)).err()),
    ]
}

#[test]
fn rule_09_a_closed_mapping_says_so_before_it_looks_at_arguments() {
    for access in ALL {
        let file = file_of(b"hello");
        let options = MapOptions::new().access(access).clone();
        let untracked = options.clone().track_fd(false).clone();
        let of_file = [map(&file, &options), map(&file, &untracked)];
        let anonymous = [options.clone().len(5).map_anonymous(), untracked.clone().len(5).map_anonymous()];
        for mapping in of_file.into_iter().chain(anonymous) {
            let mut mapping = mapping.unwrap();
            assert!(!mapping.is_closed());
            let before = calls_with_bad_arguments(&mut mapping);
            assert!(before.iter().all(|(_, error)| error.as_ref().is_none_or(|error| !error.is_closed())));
            for _ in 0..3 {
                mapping.close();
                assert!(mapping.is_closed());
                for (call, error) in calls_with_bad_arguments(&mut mapping) {
                    assert!(error.as_ref().is_some_and(Error::is_closed), "{call}: {error:?}");
                }
            }
            // What is left.
            assert!(mapping.seekable() && mapping.is_empty());
            assert_eq!((mapping.len(), mapping.offset(), mapping.access()), (0, 0, access));
            assert_eq!(mapping.iter().count(), 1);
            assert!(!format!("{mapping:?}{mapping}").is_empty());
        }
        // The caller's file is as it was.
        assert_eq!(file.as_file().metadata().unwrap().len(), 5);
        file.as_file().write_all(b"!").unwrap();
        assert_eq!(content(&file), b"hello!");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn rule_09_dropping_and_closing_unmap() {
    let file = file_of(&[b'x'; 100]);
    let is_mapped = || !areas_of_file(file.path()).is_empty();
    assert!(!is_mapped());
    for access in ALL {
        for track_fd in [true, false] {
            let options = MapOptions::new().access(access).track_fd(track_fd).clone();
            let mapping = map(&file, &options).unwrap();
            assert!(is_mapped());
            drop(mapping);
            assert!(!is_mapped());
            let mut mapping = map(&file, &options).unwrap();
            assert!(is_mapped());
            mapping.close();
            assert!(!is_mapped());
            assert_eq!(descriptors_of(file.path()).len(), 1);
        }
    }
    // Mapped by the system's own call: what has no name in memmap2.
    let mapping = map(&file, MapOptions::new().prot(mapgrep::mapping::Prot::empty())).unwrap();
    assert!(is_mapped());
    drop(mapping);
    assert!(!is_mapped());
}

#[cfg(target_os = "linux")]
#[test]
fn rule_09_closing_does_not_wait_for_the_disk() {
    // The system may write pages back at any time, but not at each of these.
    for _ in 0..5 {
        let file = file_on_disk(&[b'x'; 4096]);
        let witness = mapped(&file, Access::Read);
        let mut mapping = mapped(&file, Access::Write);
        mapping.set(0, b'y').unwrap();
        assert_eq!(witness.get(0).unwrap(), b'y');
        if area_of(&witness, 0).dirty() == 0 {
            println!("This file system does not tell of pages that are to be written.");
            return;
        }
        mapping.close();
        if area_of(&witness, 0).dirty() > 0 {
            return;
        }
    }
    panic!("closing wrote the pages back");
}

#[test]
fn rule_11_reading_moves_the_cursor_and_ends_at_the_end() {
    let mut m = memory(b"0123456789");
    assert_eq!(m.read_bytes(3).unwrap(), b"012");
    assert_eq!(m.tell().unwrap(), 3);
    assert_eq!(m.read_bytes(0).unwrap(), b"");
    assert_eq!(m.tell().unwrap(), 3);
    assert_eq!(m.read_byte().unwrap(), b'3');
    assert_eq!(m.read_bytes(Some(2)).unwrap(), b"45");
    // As many as there are.
    assert_eq!(m.read_bytes(None).unwrap(), b"6789");
    assert_eq!(m.tell().unwrap(), 10);
    for n in [None, Some(0), Some(1), Some(usize::MAX)] {
        assert_eq!(m.read_bytes(n).unwrap(), b"");
        assert_eq!(m.tell().unwrap(), 10);
    }
    fails(m.read_byte(), Error::is_out_of_range);
    assert_eq!(m.tell().unwrap(), 10);
    for n in [10, 11, usize::MAX / 2, usize::MAX] {
        m.seek(SeekFrom::Start(0)).unwrap();
        assert_eq!(m.read_bytes(n).unwrap(), b"0123456789");
        m.seek(SeekFrom::Start(7)).unwrap();
        assert_eq!(m.read_bytes(n).unwrap(), b"789");
    }
}

#[test]
fn rule_11_lines_end_at_line_feeds_only() {
    let mut m = memory(b"a\rb\r\nc\x0b\x0cd\x1e\xc2\x85\n\n\0\n\rtail\r");
    let lines: Vec<_> = iter::from_fn(|| Some(m.read_line().unwrap()).filter(|line| !line.is_empty())).collect();
    let expected: [&[u8]; 5] = [b"a\rb\r\n", b"c\x0b\x0cd\x1e\xc2\x85\n", b"\n", b"\0\n", b"\rtail\r"];
    assert_eq!(lines, expected);
    // At the end they are empty, again and again.
    assert_eq!((m.read_line().unwrap(), m.tell().unwrap()), (vec![], m.len()));
    // From within a line on.
    m.seek(SeekFrom::Start(2)).unwrap();
    assert_eq!(m.read_line().unwrap(), b"b\r\n");
    assert_eq!(m.tell().unwrap(), 5);
    m.seek(SeekFrom::End(-1)).unwrap();
    assert_eq!(m.read_line().unwrap(), b"\r");
    // A line feed that is the last byte is no beginning of another line.
    let mut m = memory(b"one\n");
    assert_eq!((m.read_line().unwrap(), m.read_line().unwrap()), (b"one\n".to_vec(), vec![]));
}

#[test]
fn rule_12_seeking() {
    let mut m = memory(b"0123456789");
    // From, to, and where that is.
    let table = [
        (0, SeekFrom::Start(0), Some(0)),
        (0, SeekFrom::Start(10), Some(10)),
        (0, SeekFrom::Start(11), None),
        (4, SeekFrom::Start(u64::MAX), None),
        (4, SeekFrom::Start(1 << 63), None),
        (4, SeekFrom::Current(0), Some(4)),
        (4, SeekFrom::Current(6), Some(10)),
        (4, SeekFrom::Current(7), None),
        (4, SeekFrom::Current(-4), Some(0)),
        (4, SeekFrom::Current(-5), None),
        (4, SeekFrom::Current(i64::MAX), None),
        (4, SeekFrom::Current(i64::MIN), None),
        (4, SeekFrom::End(0), Some(10)),
        (4, SeekFrom::End(-1), Some(9)),
        (4, SeekFrom::End(-10), Some(0)),
        (4, SeekFrom::End(-11), None),
        (4, SeekFrom::End(1), None),
        (4, SeekFrom::End(i64::MAX), None),
        (4, SeekFrom::End(i64::MIN), None),
    ];
    for (from, to, place) in table {
        m.seek(SeekFrom::Start(from)).unwrap();
        let moved = m.seek(to);
        match place {
            Some(place) => assert_eq!(moved.unwrap(), place, "{to:?}"),
            None => drop(fails(moved, Error::is_out_of_range)),
        }
        assert_eq!(m.tell().unwrap() as u64, place.unwrap_or(from), "{to:?}");
    }
    assert!(m.seekable());
    m.seek(SeekFrom::End(-1)).unwrap();
    assert_eq!(m.read_byte().unwrap(), b'9');
}

#[test]
fn rule_13_writing_is_all_or_nothing() {
    let mut m = memory(b"0123456789");
    assert_eq!(m.write(b"ab").unwrap(), 2);
    assert_eq!((m.tell().unwrap(), bytes_of(&m)), (2, b"ab23456789".to_vec()));
    m.write_byte(b'c').unwrap();
    assert_eq!((m.tell().unwrap(), bytes_of(&m)), (3, b"abc3456789".to_vec()));
    assert_eq!(m.write(b"").unwrap(), 0);
    // One byte too many, and none of them is written.
    fails(m.write(b"########"), Error::is_out_of_range);
    assert_eq!((m.tell().unwrap(), bytes_of(&m)), (3, b"abc3456789".to_vec()));
    assert_eq!(m.write(b"DEFGHIJ").unwrap(), 7);
    assert_eq!((m.tell().unwrap(), bytes_of(&m)), (10, b"abcDEFGHIJ".to_vec()));
    fails(m.write(b"#"), Error::is_out_of_range);
    fails(m.write_byte(b'#'), Error::is_out_of_range);
    assert_eq!(m.write(b"").unwrap(), 0);
    assert_eq!((m.tell().unwrap(), bytes_of(&m)), (10, b"abcDEFGHIJ".to_vec()));
}

#[test]
fn rule_14_a_cursor_behind_the_end() {
    let mut m = MapOptions::new().access(Access::Write).len(10).map_anonymous().unwrap();
    m.set_slice(.., b"0123456789").unwrap();
    m.seek(SeekFrom::Start(8)).unwrap();
    m.resize(5).unwrap();
    let stays = |m: &Mapping| assert_eq!((m.len(), m.tell().unwrap()), (5, 8));
    stays(&m);
    assert_eq!(m.read_bytes(None).unwrap(), b"");
    assert_eq!(m.read_bytes(3).unwrap(), b"");
    assert_eq!(m.read_line().unwrap(), b"");
    assert_eq!(io::Read::read(&mut m, &mut [0; 3]).unwrap(), 0);
    assert_eq!(io::BufRead::fill_buf(&mut m.buffered()).unwrap(), b"");
    fails(m.read_byte(), Error::is_out_of_range);
    stays(&m);
    fails(m.write(b""), Error::is_out_of_range);
    fails(m.write(b"x"), Error::is_out_of_range);
    fails(m.write_byte(b'x'), Error::is_out_of_range);
    assert!(Write::write(&mut m, b"").is_err());
    #[expect(clippy::seek_from_current)] // Where it would go is the question.
    fails(m.seek(SeekFrom::Current(0)), Error::is_out_of_range);
    fails(m.seek(SeekFrom::Current(-2)), Error::is_out_of_range);
    assert_eq!(io::Seek::stream_position(&mut m).unwrap(), 8);
    stays(&m);
    // Searches start at the end then.
    assert_eq!((m.find(b"").unwrap(), m.rfind(b"").unwrap()), (Some(5), Some(5)));
    assert_eq!((m.find(b"4").unwrap(), m.rfind(b"4").unwrap()), (None, None));
    stays(&m);
    // It is counted from where it stands.
    assert_eq!(m.seek(SeekFrom::Current(-3)).unwrap(), 5);
    assert_eq!(bytes_of(&m), b"01234");
}

#[test]
fn rule_15_searches_start_at_the_cursor() {
    let mut m = memory(b"one two one two one");
    let both = |m: &Mapping, needle: &[u8]| (m.find(needle).unwrap(), m.rfind(needle).unwrap());
    assert_eq!(both(&m, b"one"), (Some(0), Some(16)));
    assert_eq!(both(&m, b"two"), (Some(4), Some(12)));
    assert_eq!(both(&m, b""), (Some(0), Some(19)));
    m.seek(SeekFrom::Start(5)).unwrap();
    assert_eq!(both(&m, b"one"), (Some(8), Some(16)));
    assert_eq!(both(&m, b"two"), (Some(12), Some(12)));
    assert_eq!(both(&m, b""), (Some(5), Some(19)));
    assert_eq!(m.tell().unwrap(), 5);
    // For the search from the end it is the lowest place, not the highest.
    m.seek(SeekFrom::Start(13)).unwrap();
    assert_eq!(both(&m, b"two"), (None, None));
    assert_eq!(both(&m, b"one"), (Some(16), Some(16)));
    m.seek(SeekFrom::Start(16)).unwrap();
    assert_eq!(both(&m, b"one"), (Some(16), Some(16)));
    m.seek(SeekFrom::Start(17)).unwrap();
    assert_eq!(both(&m, b"one"), (None, None));
    m.seek(SeekFrom::End(0)).unwrap();
    assert_eq!(both(&m, b"e"), (None, None));
    assert_eq!(both(&m, b""), (Some(19), Some(19)));
    assert_eq!(m.tell().unwrap(), 19);
    // Where bounds are given the cursor plays no part.
    assert_eq!((m.find_in(b"one", ..).unwrap(), m.rfind_in(b"one", ..).unwrap()), (Some(0), Some(16)));
}

#[test]
fn rule_15_a_match_lies_wholly_in_the_range() {
    let m = memory(b"one two one");
    let both = |slice: Slice, needle: &[u8]| {
        assert_eq!(m.tell().unwrap(), 0);
        (m.find_in(needle, slice).unwrap(), m.rfind_in(needle, slice).unwrap())
    };
    let one = |start, stop| both(Slice::new(start, stop, None), b"one");
    assert_eq!(one(0, 11), (Some(0), Some(8)));
    assert_eq!(one(0, 10), (Some(0), Some(0)));
    assert_eq!(one(1, 11), (Some(8), Some(8)));
    assert_eq!(one(1, 10), (None, None));
    assert_eq!(one(0, 3), (Some(0), Some(0)));
    assert_eq!(one(0, 2), (None, None));
    // Negative ones count from the end, and what is outside is brought inside.
    assert_eq!(one(-3, 11), (Some(8), Some(8)));
    assert_eq!(one(-11, -8), (Some(0), Some(0)));
    assert_eq!(one(-99, -8), (Some(0), Some(0)));
    assert_eq!(one(-99, 99), (Some(0), Some(8)));
    assert_eq!(one(isize::MIN, isize::MAX), (Some(0), Some(8)));
    assert_eq!(one(isize::MAX, isize::MIN), (None, None));
    assert_eq!(one(-2, 11), (None, None));
    let none = |start, stop| both(Slice::new(start, stop, None), b"");
    assert_eq!(none(0, 11), (Some(0), Some(11)));
    assert_eq!(none(4, 7), (Some(4), Some(7)));
    assert_eq!(none(4, 4), (Some(4), Some(4)));
    assert_eq!(none(-4, 99), (Some(7), Some(11)));
    assert_eq!(none(99, 100), (Some(11), Some(11)));
    // An end before the start holds not even nothing.
    assert_eq!(none(5, 4), (None, None));
    assert_eq!(none(99, 10), (None, None));
    // Ranges of Rust, whose ends may be left out.
    assert_eq!((m.find_in(b"one", 1..).unwrap(), m.rfind_in(b"one", ..-1).unwrap()), (Some(8), Some(0)));
    assert_eq!((m.find_in(b"two", 4..=6).unwrap(), m.find_in(b"two", 4..=5).unwrap()), (Some(4), None));
    assert_eq!(m.rfind_in(b"one", ..=2).unwrap(), Some(0));
    // Nothing is searched in steps.
    for step in [-1, 0, 2] {
        fails(m.find_in(b"one", Slice::new(0, 11, step)), Error::is_invalid_input);
        fails(m.rfind_in(b"one", Slice::new(0, 11, step)), Error::is_invalid_input);
    }
}

#[test]
fn rule_15_searches_are_those_of_a_naive_twin() {
    let text = b"abaab";
    let needles: [&[u8]; 9] = [b"", b"a", b"b", b"ab", b"ba", b"aab", b"abaab", b"abaabb", b"c"];
    let mut m = memory(text);
    let place = |index: isize| if index < 0 { (index + 5).max(0) } else { index.min(5) } as usize;
    let bounds = || iter::once(None).chain((-7..=7).map(Some));
    for needle in needles {
        let matches = |start: usize, stop: usize| {
            (0..=5).filter(|&at| start <= at && at + needle.len() <= stop && text[at..].starts_with(needle)).collect()
        };
        for (start, stop) in bounds().flat_map(|start| bounds().map(move |stop| (start, stop))) {
            let slice = Slice::new(start, stop, None);
            let expected: Vec<usize> = matches(start.map_or(0, place), stop.map_or(5, place));
            assert_eq!(m.find_in(needle, slice).unwrap(), expected.first().copied(), "{needle:?} {slice:?}");
            assert_eq!(m.rfind_in(needle, slice).unwrap(), expected.last().copied(), "{needle:?} {slice:?}");
        }
        for cursor in 0..=5 {
            m.seek(SeekFrom::Start(cursor as u64)).unwrap();
            let expected: Vec<usize> = matches(cursor, 5);
            assert_eq!(m.find(needle).unwrap(), expected.first().copied(), "{needle:?} from {cursor}");
            assert_eq!(m.rfind(needle).unwrap(), expected.last().copied(), "{needle:?} from {cursor}");
            assert_eq!(m.tell().unwrap(), cursor);
        }
    }
}

#[test]
fn rule_15_threads_find_the_same() {
    const MIB: usize = 1 << 20;
    let mut m = MapOptions::new().len(6 * MIB).map_anonymous().unwrap();
    // At borders of the pieces that threads take, and beside them.
    let places = [0, MIB - 3, MIB, 3 * MIB - 1, 4 * MIB + 77, 6 * MIB - 6];
    for place in places {
        m.guarded_mut(place..place + 6, |bytes| bytes.copy_from_slice(b"needle")).unwrap();
    }
    // The one at 1 MiB lies over its neighbour.
    let places = [0, MIB, 3 * MIB - 1, 4 * MIB + 77, 6 * MIB - 6];
    for cursor in places.iter().flat_map(|&place| [place.saturating_sub(1), place, place + 1]) {
        m.seek(SeekFrom::Start(cursor as u64)).unwrap();
        let rest = || places.into_iter().filter(|&place| place >= cursor);
        assert_eq!(m.find(b"needle").unwrap(), rest().next());
        assert_eq!(m.rfind(b"needle").unwrap(), rest().next_back());
        assert_eq!((m.find(b"no such").unwrap(), m.rfind(b"no such").unwrap()), (None, None));
        assert_eq!(m.tell().unwrap(), cursor);
    }
    // A match that ends one byte behind the range is none.
    assert_eq!(m.rfind_in(b"needle", ..-1).unwrap(), Some(4 * MIB + 77));
    assert_eq!(m.find_in(b"needle", (4 * MIB + 78) as isize..-1).unwrap(), None);
}

#[test]
fn rule_16_indices() {
    let mut m = memory(b"abcde");
    for (index, byte) in [(0, b'a'), (4, b'e'), (-1, b'e'), (-5, b'a'), (2, b'c'), (-3, b'c')] {
        assert_eq!(m.get(index).unwrap(), byte);
    }
    for index in [5, 6, -6, -7, isize::MAX, isize::MIN, isize::MIN + 5] {
        fails(m.get(index), Error::is_out_of_range);
        fails(m.set(index, b'#'), Error::is_out_of_range);
    }
    assert_eq!(bytes_of(&m), b"abcde");
    m.set(0, b'A').unwrap();
    m.set(-1, b'E').unwrap();
    m.set(-3, 0).unwrap();
    assert_eq!(bytes_of(&m), b"Ab\0dE");
    // The cursor plays no part and does not move.
    assert_eq!(m.tell().unwrap(), 0);
}

#[test]
fn rule_16_slices() {
    let mut m = memory(b"abcde");
    let slice = |start, stop, step| m.slice(Slice { start, stop, step }).unwrap();
    assert_eq!(slice(None, None, None), b"abcde");
    assert_eq!(slice(None, None, Some(-1)), b"edcba");
    assert_eq!(slice(None, None, Some(2)), b"ace");
    assert_eq!(slice(None, None, Some(-2)), b"eca");
    assert_eq!(slice(Some(3), None, Some(-2)), b"db");
    assert_eq!(slice(Some(1), Some(4), Some(2)), b"bd");
    assert_eq!(slice(Some(4), Some(1), Some(-2)), b"ec");
    assert_eq!(slice(Some(4), Some(-6), Some(-1)), b"edcba");
    assert_eq!(slice(Some(4), Some(-1), Some(-1)), b"");
    assert_eq!(slice(Some(99), Some(-99), Some(-3)), b"eb");
    assert_eq!(slice(Some(3), Some(1), None), b"");
    assert_eq!(slice(Some(isize::MIN), Some(isize::MAX), Some(isize::MAX)), b"a");
    assert_eq!(slice(Some(isize::MAX), Some(isize::MIN), Some(isize::MIN)), b"e");
    // Ranges.
    assert_eq!(m.slice(1..3).unwrap(), b"bc");
    assert_eq!(m.slice(-2..).unwrap(), b"de");
    assert_eq!(m.slice(..-3).unwrap(), b"ab");
    assert_eq!(m.slice(1..=3).unwrap(), b"bcd");
    assert_eq!(m.slice(-3..=-1).unwrap(), b"cde");
    assert_eq!(m.slice(..=1).unwrap(), b"ab");
    assert_eq!(m.slice(..=-2).unwrap(), b"abcd");
    assert_eq!(m.slice(..=isize::MAX).unwrap(), b"abcde");
    assert_eq!(m.slice(Slice::from(1..).step(-1)).unwrap(), b"ba");
    assert_eq!(m.slice(Slice::default()).unwrap(), b"abcde");

    m.set_slice(1..3, b"BC").unwrap();
    assert_eq!(bytes_of(&m), b"aBCde");
    m.set_slice(Slice::new(None, None, -2), b"123").unwrap();
    assert_eq!(bytes_of(&m), b"3B2d1");
    m.set_slice(9.., b"").unwrap();
    // Sizes are exact, also for slices that are empty, and for single bytes.
    for (slice, bytes) in
        [(Slice::from(1..3), &b"x"[..]), ((1..3).into(), b"xyz"), (Slice::new(3, 1, None), b"x"), ((..).into(), b"")]
    {
        let error = fails(m.set_slice(slice, bytes), Error::is_wrong_size);
        assert!(error.to_string().contains(&format!("{} bytes", bytes.len())), "{error}");
    }
    for slice in [Slice::new(None, None, 0), Slice::new(3, 1, 0)] {
        fails(m.slice(slice), Error::is_invalid_input);
        // Before the size is looked at.
        fails(m.set_slice(slice, b"xyz"), Error::is_invalid_input);
    }
    assert_eq!(bytes_of(&m), b"3B2d1");
}

/// The indices of `start:stop:step` in a sequence of 5, one by one.
fn naive_indices(start: Option<isize>, stop: Option<isize>, step: isize) -> Vec<usize> {
    let from_end = |index: isize| if index < 0 { index + 5 } else { index };
    let mut indices = vec![];
    let mut at = match start.map(from_end) {
        Some(start) if step > 0 => start.max(0),
        Some(start) => start.min(4),
        None if step > 0 => 0,
        None => 4,
    };
    let stop = stop.map(from_end);
    while (0..5).contains(&at) && stop.is_none_or(|stop| if step > 0 { at < stop } else { at > stop }) {
        indices.push(at as usize);
        at += step;
    }
    indices
}

#[test]
fn rule_16_slices_are_those_of_a_naive_twin() {
    assert_eq!(naive_indices(Some(-1), Some(-7), -2), [4, 2, 0]);
    assert_eq!(naive_indices(Some(7), None, -3), [4, 1]);
    let mut m = memory(b"abcde");
    let parts = || iter::once(None).chain((-7..=7).map(Some));
    for (start, stop) in parts().flat_map(|start| parts().map(move |stop| (start, stop))) {
        for step in parts().filter(|&step| step != Some(0)) {
            let slice = Slice { start, stop, step };
            let indices = naive_indices(start, stop, step.unwrap_or(1));
            let expected: Vec<u8> = indices.iter().map(|&index| b"abcde"[index]).collect();
            assert_eq!(m.slice(slice).unwrap(), expected, "{slice:?}");

            let new = &b"12345"[..indices.len()];
            let mut expected = b"abcde".to_vec();
            indices.iter().zip(new).for_each(|(&index, &byte)| expected[index] = byte);
            m.set_slice(slice, new).unwrap();
            assert_eq!(bytes_of(&m), expected, "{slice:?}");
            m.set_slice(.., b"abcde").unwrap();

            for len in (0..=6).filter(|&len| len != indices.len()) {
                fails(m.set_slice(slice, &b"######"[..len]), Error::is_wrong_size);
            }
            assert_eq!(bytes_of(&m), b"abcde", "{slice:?}");
        }
        fails(m.slice(Slice { start, stop, step: Some(0) }), Error::is_invalid_input);
        fails(m.set_slice(Slice { start, stop, step: Some(0) }, b""), Error::is_invalid_input);
    }
}

#[test]
fn rule_17_read_only_comes_first() {
    let file = file_of(b"hello");
    let mut m = mapped(&file, Access::Read);
    for (index, len) in [(0, 1), (9, 1), (-9, 1), (0, 0), (0, 99)] {
        fails(m.set(index, 0), Error::is_read_only);
        fails(m.set_slice(index.., &vec![0; len]), Error::is_read_only);
        fails(m.set_slice(Slice::new(index, None, 0), &vec![0; len]), Error::is_read_only);
        fails(m.write(&vec![0; len]), Error::is_read_only);
    }
    fails(m.copy_within(0..99, 99), Error::is_read_only);
    fails(m.copy_within(0..0, 0), Error::is_read_only);
    fails(m.guarded_mut(99.., |_| ()), Error::is_read_only);
    m.seek(SeekFrom::End(0)).unwrap();
    fails(m.write_byte(0), Error::is_read_only);
    fails(m.resize(0), Error::is_read_only);
    // Reading is checked as anywhere else.
    fails(m.get(9), Error::is_out_of_range);
    assert_eq!((m.tell().unwrap(), content(&file)), (5, b"hello".to_vec()));
    // A copy is no such mapping.
    let mut copy = mapped(&file, Access::Copy);
    fails(copy.set(9, 0), Error::is_out_of_range);
    fails(copy.set_slice(.., b""), Error::is_wrong_size);
    copy.set(0, b'H').unwrap();
}

#[test]
fn rule_18_moves_may_overlap() {
    let moved = |src, dest| {
        let mut m = memory(b"0123456789");
        m.copy_within(src, dest).unwrap();
        assert_eq!(m.tell().unwrap(), 0);
        bytes_of(&m)
    };
    assert_eq!(moved(0..5, 2), b"0101234789");
    assert_eq!(moved(2..7, 0), b"2345656789");
    assert_eq!(moved(0..9, 1), b"0012345678");
    assert_eq!(moved(1..10, 0), b"1234567899");
    assert_eq!(moved(0..3, 7), b"0123456012");
    assert_eq!(moved(3..6, 3), b"0123456789");
    // Overlaps that are longer than what is copied at once.
    let len = 100_000;
    let bytes: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
    for (src, dest) in [(0..len - 1, 1), (1..len, 0), (0..len - 4097, 4097), (4097..len, 0)] {
        let mut m = memory(&bytes);
        let mut expected = bytes.clone();
        expected.copy_within(src.clone(), dest);
        m.copy_within(src, dest).unwrap();
        assert!(bytes_of(&m) == expected);
    }
}

#[test]
#[expect(clippy::reversed_empty_ranges)]
fn rule_18_bounds_of_moves() {
    let original = b"01234";
    for (dest, src, count) in (0..=7).flat_map(|d| (0..=7).flat_map(move |s| (0..=7).map(move |c| (d, s, c)))) {
        let mut m = memory(original);
        let moved = m.copy_within(src..src + count, dest);
        let mut expected = original.to_vec();
        if dest + count <= 5 && src + count <= 5 {
            moved.unwrap();
            (0..count).for_each(|i| expected[dest + i] = original[src + i]);
        } else {
            fails(moved, Error::is_out_of_range);
        }
        assert_eq!(bytes_of(&m), expected, "{count} bytes from {src} to {dest}");
    }
    let mut m = memory(original);
    m.copy_within(0..0, 5).unwrap();
    m.copy_within(5..5, 0).unwrap();
    for (src, dest) in [(0..1, usize::MAX), (0..usize::MAX, 0), (usize::MAX - 1..usize::MAX, 0), (3..2, 0), (0..0, 6)] {
        fails(m.copy_within(src, dest), Error::is_out_of_range);
    }
    assert_eq!(bytes_of(&m), original);
}
