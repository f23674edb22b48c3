//! The mapping does what CPython 3.13's mmap does.
//!
//! `record_mmap.py` recorded what CPython answered to every operation of some two thousand random programs, on
//! every kind of mapping. They are replayed here: each outcome, the cursor and the length after it, and the bytes at
//! the end must be the same. Where we differ on purpose, the difference has a name in [`replay::Difference`], and what
//! is checked is our answer. A table of what the programs reach is part of the test: a call that stops being tried
//! fails it. What a program cannot see, an advice that was ignored or a flush that was not made, the kernel is asked
//! for.

mod coverage;
mod kernel;
mod replay;
mod transcript;

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use mapgrep::mapping::{Access, Advice, MapOptions, Mapping, RawAdvice, page_size};
use replay::{Difference, Report};

const TRANSCRIPTS: &str = include_str!("mmap-transcripts.txt");

#[test]
fn programs_of_cpython_give_the_same() {
    if page_size() != 4096 {
        println!("The programs were recorded with pages of 4096 bytes; here they have {}.", page_size());
        return;
    }
    let programs = transcript::parse(TRANSCRIPTS);
    let next = AtomicUsize::new(0);
    let work = || {
        let dir = tempfile::tempdir().unwrap();
        let mut report = Report::default();
        while let Some(program) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
            replay::replay(program, dir.path(), &mut report);
        }
        report
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
    let reports: Vec<Report> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });

    let mut total = Report::default();
    for report in reports {
        total.programs += report.programs;
        total.ops += report.ops;
        total.coverage.merge(report.coverage);
        total.differences.extend(report.differences);
        total.mismatches.extend(report.mismatches);
    }
    println!("{} programs of {} operations\n{}", total.programs, total.ops, total.coverage);
    for difference in Difference::ALL {
        let count = total.differences.iter().filter(|&&d| d == difference).count();
        println!("{difference}: {count} times");
    }

    let count = total.mismatches.len();
    total.mismatches.truncate(20);
    assert!(count == 0, "{count} programs differ, such as\n{}", total.mismatches.join("\n"));
    let holes = total.coverage.holes();
    assert!(holes.is_empty(), "the table and the rules of what is reachable differ:\n{}", holes.join("\n"));
    for difference in Difference::ALL {
        assert!(total.differences.contains(&difference), "no program reaches {difference}");
    }
}

#[test]
fn advice_arrives_at_the_kernel() {
    let memory = MapOptions::new().len(4 * page_size()).map_anonymous().unwrap();
    // SAFETY: no kernel has an advice of this number.
    if unsafe { memory.advise_raw(RawAdvice(4711), ..) }.is_ok() {
        println!("In an emulator the kernel does not hear what is asked.");
        return;
    }
    let Some(before) = kernel::vm_flags(&memory) else {
        println!("The kernel shows no flags of mappings.");
        return;
    };
    // An advice, the flag that it sets, and the advice that takes it away.
    let cases = [
        (Advice::Random, RawAdvice::RANDOM, "rr", Advice::Normal, RawAdvice::NORMAL),
        (Advice::Sequential, RawAdvice::SEQUENTIAL, "sr", Advice::Normal, RawAdvice::NORMAL),
        (Advice::DontFork, RawAdvice::DONTFORK, "dc", Advice::DoFork, RawAdvice::DOFORK),
        (Advice::DontDump, RawAdvice::DONTDUMP, "dd", Advice::DoDump, RawAdvice::DODUMP),
    ];
    let has = |flag: &str| kernel::vm_flags(&memory).unwrap().iter().any(|f| f == flag);
    // SAFETY: none of these advices changes a byte.
    let advise_raw = |mapping: &Mapping, advice| unsafe { mapping.advise_raw(advice, ..) };
    for (advice, raw, flag, undo, raw_undo) in cases {
        memory.advise(advice).unwrap();
        assert!(has(flag), "{advice:?}");
        memory.advise_range(undo, ..).unwrap();
        assert!(!has(flag), "{undo:?} after {advice:?}");
        advise_raw(&memory, raw).unwrap();
        assert!(has(flag), "{raw:?}");
        advise_raw(&memory, raw_undo).unwrap();
        assert!(!has(flag), "{raw_undo:?} after {raw:?}");
    }
    assert_eq!(kernel::vm_flags(&memory).unwrap(), before);
}

#[test]
fn flush_writes_pages_back() {
    const TMPFS_MAGIC: u32 = 0x0102_1994;
    let file = tempfile::tempfile_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    // The type of the field differs between machines.
    if rustix::fs::fstatfs(&file).unwrap().f_type as u32 == TMPFS_MAGIC {
        println!("Pages of a file system in memory are never clean.");
        return;
    }
    file.set_len(3 * page_size() as u64).unwrap();
    // SAFETY: nobody else knows the file.
    let mut mapping = unsafe { MapOptions::new().access(Access::Write).map_file(&file) }.unwrap();
    let kib = page_size() / 1024;
    mapping.guarded_mut(.., |bytes| bytes.fill(b'x')).unwrap();
    assert_eq!(kernel::dirty_kib(&mapping), 3 * kib);
    mapping.flush_range(page_size()..2 * page_size()).unwrap();
    assert!(kernel::dirty_kib(&mapping) <= 2 * kib);
    mapping.flush().unwrap();
    assert_eq!(kernel::dirty_kib(&mapping), 0);
}
