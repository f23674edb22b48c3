//! What is left of a mapping that had a fault, and what becomes of panics over files that change.

use std::{
    fs::File,
    io::{BufRead, Read, Seek, SeekFrom, Write},
    ops::ControlFlow,
    os::unix::fs::FileExt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::UNIX_EPOCH,
};

use mapgrep::{
    Error,
    grep::{GrepBuilder, Plain},
    mapping::{Access, Advice, Discard, FlushFlags, MapOptions, Mapping, RawAdvice, Slice, page_size},
    matcher::MatcherBuilder,
    scan::{Pool, Scanner, unmap},
};

use crate::support::{Watchdog, file_of, map, rounds};

const ACCESSES: [Access; 4] = [Access::Read, Access::Write, Access::Copy, Access::Default];

/// Three pages, of which `keep` bytes are left, and a mapping that had a fault behind them.
fn poisoned(options: &MapOptions, keep: usize) -> (File, Mapping) {
    let file = file_of(&vec![b'x'; 3 * page_size()]);
    let mapping = map(&file, options).unwrap();
    let error = cut_and_look(&file, &mapping, keep);
    assert!(error.is_truncated(), "{error:?}");
    assert_eq!(error.offset(), Some(keep as u64));
    (file, mapping)
}

/// Cuts the file between the check of its size and a look at its last page.
fn cut_and_look(file: &File, mapping: &Mapping, keep: usize) -> Error {
    let read = mapping.guarded(.., |bytes| {
        file.set_len(keep as u64).unwrap();
        let last = bytes[bytes.len() - 1];
        assert_eq!(last, 0, "what is gone reads as zeros");
    });
    read.unwrap_err()
}

#[test]
fn after_a_fault_every_call_but_those_that_only_describe_fails() {
    let page = page_size();
    for access in ACCESSES {
        for keep in [0, 1, page, page + 1] {
            let (_file, mut mapping) = poisoned(MapOptions::new().access(access), keep);
            assert_that_all_calls_fail(&mut mapping);
            assert!(!mapping.is_closed() && !mapping.is_empty() && mapping.seekable());
            assert_eq!((mapping.len(), mapping.offset(), mapping.access()), (3 * page, 0, access));
            assert!(format!("{mapping:?}").contains("closed: false") && mapping.to_string().contains("closed=false"));
            mapping.close();
            assert!(mapping.is_closed() && mapping.is_empty());
            assert!(mapping.tell().unwrap_err().is_closed());
            assert!(format!("{mapping:?}").contains("closed: true") && mapping.to_string().contains("closed=true"));
        }
    }
}

#[track_caller]
fn assert_that_all_calls_fail(m: &mut Mapping) {
    let page = page_size();
    let far = usize::MAX;
    let mut outcomes = vec![];
    let mut fails = |call: &'static str, error: Option<Error>| outcomes.push((call, error));
    macro_rules! each {
        ($($call:expr),+ $(,)?) => { $(fails(stringify!($call), $call.err());)+ };
    }
    // Arguments that are wrong as well make no difference.
    each!(
        m.size(),
        m.guarded(.., |_| ()),
        m.guarded(0..0, |_| ()),
        m.guarded(far.., |_| ()),
        m.guarded_mut(.., |_| ()),
        m.guarded_mut(far.., |_| ()),
        m.tell(),
        m.seek(SeekFrom::Start(0)),
        m.seek(SeekFrom::End(1)),
        m.read_bytes(0),
        m.read_bytes(None),
        m.read_byte(),
        m.read_line(),
        m.write(b""),
        m.write(b"written"),
        m.write(&vec![0; 4 * page]),
        m.write_byte(0),
        m.get(0),
        m.get(isize::MIN),
        m.set(0, 0),
        m.set(isize::MAX, 0),
        m.slice(0..0),
        m.slice(..),
        m.slice(Slice::new(None, None, 0)),
        m.set_slice(.., &vec![0; 3 * page]),
        m.set_slice(0..0, b"more"),
        m.iter().collect::<Result<Vec<_>, _>>(),
        m.copy_within(0..0, 0),
        m.copy_within(0..far, 0),
        m.resize(page),
        m.resize(0),
        Mapping::flush(m),
        m.flush_range(..),
        m.flush_range(1..),
        m.flush_range(far..),
        m.flush_range_with(.., FlushFlags::ASYNC),
        m.advise(Advice::Normal),
        m.advise_range(Advice::Normal, far..),
        m.discard(Discard::DontNeed, ..),
        m.discard(Discard::DontNeed, 1..),
        m.set_name("name"),
        m.find(b"x"),
        m.find(b""),
        m.find_in(b"x", ..),
        m.find_in(b"x", Slice::new(None, None, 2)),
        m.rfind(b"x"),
        m.rfind(b""),
        m.rfind_in(b"x", ..),
        m.check(..),
        m.check(far..),
        m.check_faults(),
        m.copy_out(0, &mut [0]),
        m.copy_out(far, &mut [0]),
    );
    // SAFETY: nobody has a reference to the bytes.
    fails("copy_in", unsafe { m.copy_in(0, b"c") }.err());
    // SAFETY: advice that changes nothing.
    fails("advise_raw", unsafe { m.advise_raw(RawAdvice::NORMAL, ..) }.err());
    let scanner = Scanner::new(MatcherBuilder::new().build(["y"]).unwrap());
    fails("count", scanner.count(m).err());
    let by_line = MatcherBuilder::new().by_line(true).build(["y"]).unwrap();
    let grep = GrepBuilder::new().build(by_line).unwrap();
    fails("search_mapping", grep.search_mapping(m, &Plain, &Pool::new(2), &mut |_| ControlFlow::Continue(())).err());
    let inner = |error: std::io::Error| error.downcast::<Error>().expect("an error of ours");
    fails("Read::read", m.read(&mut [0; 9]).err().map(inner));
    fails("Read::read_to_end", m.read_to_end(&mut vec![]).err().map(inner));
    fails("Write::write", Write::write(m, b"w").err().map(inner));
    fails("Write::flush", Write::flush(m).err().map(inner));
    fails("Seek::seek", Seek::seek(m, SeekFrom::Start(0)).err().map(inner));
    fails("Seek::rewind", m.rewind().err().map(inner));
    fails("BufRead::read_until", m.buffered().read_until(b'\n', &mut vec![]).err().map(inner));
    fails("BufRead::fill_buf", m.buffered().fill_buf().err().map(inner));
    for (call, error) in outcomes {
        assert!(error.as_ref().is_some_and(Error::is_truncated), "{call}: {error:?}");
    }
}

#[test]
fn after_a_fault_without_a_descriptor_all_is_truncated_too() {
    let file = file_of(&vec![b'x'; 3 * page_size()]);
    let mut mapping = map(&file, MapOptions::new().track_fd(false)).unwrap();
    let error = cut_and_look(&file, &mapping, page_size() + 1);
    // Nobody can tell where in the page before the file ends.
    assert_eq!((error.is_truncated(), error.offset()), (true, Some(2 * page_size() as u64)));
    assert_that_all_calls_fail(&mut mapping);
}

#[test]
fn a_fault_counts_from_where_the_mapping_starts() {
    let page = page_size();
    let (_file, mut mapping) = poisoned(MapOptions::new().offset(page as u64), page + 1);
    assert_that_all_calls_fail(&mut mapping);
    assert_eq!(mapping.tell().unwrap_err().offset(), Some(page as u64 + 1));
}

#[test]
fn a_new_mapping_of_the_file_has_nothing_of_the_fault() {
    let page = page_size();
    let (file, mapping) = poisoned(&MapOptions::new(), page);
    let beside = map(&file, &MapOptions::new()).unwrap();
    drop(mapping);
    let mut after = map(&file, &MapOptions::new()).unwrap();
    for mapping in [&beside, &after] {
        assert_eq!(mapping.slice(..).unwrap(), vec![b'x'; page]);
        assert_eq!(mapping.rfind(b"x").unwrap(), Some(page - 1));
    }
    after.resize(2 * page).unwrap();
    after.guarded_mut(.., |bytes| bytes.fill(b'y')).unwrap();
    let mut bytes = vec![0; 2 * page];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(bytes, vec![b'y'; 2 * page]);
    assert_eq!(beside.slice(..).unwrap(), vec![b'y'; page]);
}

#[test]
fn what_is_written_behind_a_cut_reaches_no_file() {
    let page = page_size();
    let file = file_of(&vec![b'x'; 3 * page]);
    let mut mapping = map(&file, MapOptions::new().access(Access::Write)).unwrap();
    let written = mapping.guarded_mut(.., |bytes| {
        file.set_len(1).unwrap();
        bytes[page..].fill(b'w');
    });
    assert!(written.unwrap_err().is_truncated());
    drop(mapping);
    assert_eq!(file.metadata().unwrap().len(), 1);
    file.set_len(3 * page as u64).unwrap();
    let mut bytes = vec![1; 3 * page];
    file.read_exact_at(&mut bytes, 0).unwrap();
    assert!(bytes[0] == b'x' && bytes[1..].iter().all(|&byte| byte == 0));
}

#[test]
fn one_fault_is_seen_by_all_who_read_the_mapping() {
    let _watchdog = Watchdog::new("one fault");
    let page = page_size();
    let file = file_of(&vec![b'x'; 3 * page]);
    let mapping = map(&file, MapOptions::new().access(Access::Read)).unwrap();
    let (looked, cut) = (Barrier::new(5), Barrier::new(5));
    thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|reader| {
                let (mapping, looked, cut) = (&mapping, &looked, &cut);
                // Half of them look at what is left, and what they saw is good.
                let range = if reader % 2 == 0 { 0..page } else { page..3 * page };
                scope.spawn(move || {
                    mapping.guarded(range, |bytes| {
                        let first = bytes[0];
                        looked.wait();
                        cut.wait();
                        (first, bytes[0], bytes[bytes.len() - 1])
                    })
                })
            })
            .collect();
        looked.wait();
        file.set_len(page as u64).unwrap();
        cut.wait();
        for (number, reader) in readers.into_iter().enumerate() {
            match (number % 2, reader.join().unwrap()) {
                (0, read) => assert_eq!(read.unwrap(), (b'x', b'x', b'x')),
                (_, read) => assert!(read.unwrap_err().is_truncated()),
            }
        }
    });
    assert!(mapping.guarded(0..1, |_| ()).unwrap_err().is_truncated());
}

#[test]
fn an_unmapped_fault_leaves_nothing_behind() {
    let (_file, mapping) = poisoned(MapOptions::new().access(Access::Read), 1);
    unmap(mapping, &Pool::new(2));
    // Long enough to be unmapped by several threads.
    let file = file_of(b"x");
    file.set_len(65 << 20).unwrap();
    let mapping = map(&file, MapOptions::new().access(Access::Read)).unwrap();
    assert!(cut_and_look(&file, &mapping, 1).is_truncated());
    unmap(mapping, &Pool::new(2));
}

#[test]
fn many_mappings_come_and_go() {
    let watchdog = Watchdog::new("many mappings");
    let page = page_size();
    let file = tempfile::tempfile().unwrap();
    for round in 0..rounds(300) {
        file.write_all_at(&vec![b'x'; 2 * page], 0).unwrap();
        let kept = map(&file, &MapOptions::new()).unwrap();
        let dropped: Vec<_> = (0..10).map(|_| map(&file, MapOptions::new().access(Access::Read)).unwrap()).collect();
        let odd = dropped.iter().skip(round % 2).step_by(2);
        odd.for_each(|mapping| assert_eq!(mapping.get(-1).unwrap(), b'x'));
        drop(dropped);
        assert_eq!(kept.get(-1).unwrap(), b'x');
        let error = kept.guarded(.., |bytes| {
            file.set_len(page as u64).unwrap();
            bytes[page]
        });
        assert!(error.unwrap_err().is_truncated());
        assert!(kept.tell().unwrap_err().is_truncated());
        assert_eq!(map(&file, &MapOptions::new()).unwrap().get(-1).unwrap(), b'x');
        watchdog.round_is_done();
    }
}

#[test]
fn many_threads_map_and_unmap_while_one_has_faults() {
    let watchdog = Watchdog::new("many threads");
    let page = page_size();
    let steady = file_of(&vec![b's'; 2 * page]);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for thread in 0..64 {
            let (steady, is_over) = (&steady, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let access = ACCESSES[thread % 4];
                    let mapping = map(steady, MapOptions::new().access(access)).unwrap();
                    assert!(mapping.guarded(.., |bytes| bytes.iter().step_by(page).all(|&byte| byte == b's')).unwrap());
                }
            });
        }
        let done = catch_unwind(AssertUnwindSafe(|| {
            let file = tempfile::tempfile().unwrap();
            for _ in 0..rounds(300) {
                file.write_all_at(&vec![b'x'; 3 * page], 0).unwrap();
                let mapping = map(&file, &MapOptions::new()).unwrap();
                assert!(cut_and_look(&file, &mapping, 1).is_truncated());
                assert!(mapping.tell().unwrap_err().is_truncated());
                watchdog.round_is_done();
            }
        }));
        // Whatever happened, the others have to end.
        is_over.store(true, Ordering::Relaxed);
        done.unwrap_or_else(|payload| resume_unwind(payload));
    });
}

/// Panics without a message on standard error.
fn panics(message: &'static str) {
    resume_unwind(Box::new(message));
}

/// The message with which a call panics.
fn caught<T: std::fmt::Debug>(call: impl FnOnce() -> T) -> &'static str {
    *catch_unwind(AssertUnwindSafe(call)).unwrap_err().downcast().unwrap()
}

#[test]
fn a_panic_over_a_file_that_nobody_changes_is_passed_on() {
    for access in ACCESSES {
        let file = file_of(b"text");
        file.set_modified(UNIX_EPOCH).unwrap();
        let mut mapping = map(&file, MapOptions::new().access(access)).unwrap();
        assert_eq!(caught(|| mapping.guarded(.., |_| panics("read"))), "read");
        if access != Access::Read {
            assert_eq!(caught(|| mapping.guarded_mut(.., |_| panics("write"))), "write");
        }
        // It did no harm to the mapping.
        assert_eq!(mapping.slice(..).unwrap(), b"text");
    }
    let memory = MapOptions::new().len(9).map_anonymous().unwrap();
    assert_eq!(caught(|| memory.guarded(.., |_| panics("memory"))), "memory");
}

#[test]
fn a_panic_over_a_file_that_was_cut_becomes_an_error() {
    let page = page_size();
    for access in ACCESSES {
        for is_fault in [false, true] {
            let file = file_of(&vec![b'x'; 2 * page]);
            let mut mapping = map(&file, MapOptions::new().access(access)).unwrap();
            let cut = |bytes: &[u8]| {
                file.set_len(1).unwrap();
                if is_fault {
                    assert_eq!(bytes[page], 0);
                }
                panics("over what is gone");
            };
            let error = match access {
                Access::Read | Access::Default => mapping.guarded(.., cut).unwrap_err(),
                _ => mapping.guarded_mut(.., |bytes| cut(bytes)).unwrap_err(),
            };
            assert_eq!((error.is_truncated(), error.offset()), (true, Some(1)));
            assert_eq!(mapping.get(0).is_err(), is_fault);
        }
    }
}

#[test]
fn a_panic_over_a_file_that_was_written_to_becomes_an_error() {
    for access in ACCESSES {
        let file = file_of(b"text");
        // However coarse the system's clock, the change is later.
        file.set_modified(UNIX_EPOCH).unwrap();
        let mapping = map(&file, MapOptions::new().access(access)).unwrap();
        let look = || {
            mapping.guarded(.., |_| {
                file.write_all_at(b"T", 0).unwrap();
                panics("the text is another");
            })
        };
        if matches!(access, Access::Read | Access::Copy) {
            let error = look().unwrap_err();
            assert!(error.is_changed() && error.to_string().contains("the text is another"), "{error}");
        } else {
            // What the mapping's owner writes changes the file as well.
            assert_eq!(caught(look), "the text is another");
        }
        // A look without a panic is good.
        assert_eq!(mapping.get(1).unwrap(), b'e');
    }
}

#[test]
fn a_panic_of_a_sink_is_passed_on_whatever_becomes_of_the_file() {
    let file = file_of(&b"needle\n".repeat(10_000));
    file.set_modified(UNIX_EPOCH).unwrap();
    let mapping = map(&file, MapOptions::new().access(Access::Read)).unwrap();
    for (pattern, by_line) in [("needle", false), ("n[a-z]+e", true), (r"n\w+", false)] {
        let scanner = Scanner::new(MatcherBuilder::new().by_line(by_line).build([pattern]).unwrap());
        let sunk = || {
            scanner.for_each(&mapping, |_| {
                file.write_all_at(b"n", 0).unwrap();
                panics("of the sink");
                ControlFlow::Break(())
            })
        };
        assert_eq!(caught(sunk), "of the sink", "{pattern}");
    }
}
