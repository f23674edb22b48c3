//! `Mapping::find` over 4 MiB started rayon's global pool, whose threads never end: Python warned at each fork from
//! then on. And where the system refused a thread, calls of the library panicked.

use std::{
    fs,
    ops::ControlFlow,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use mapgrep::{
    grep::{GrepBuilder, Plain},
    index::IndexBuilder,
    mapping::{MapOptions, Mapping},
    matcher::{MatcherBuilder, set::PatternSet},
    scan::{Pool, Scanner},
};

use crate::support::limits::{Limit, is_child, run_alone, said_soon};

fn tasks() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

/// A thread that was waited for may be listed for a moment more.
fn come_back_to(before: usize, call: &str) {
    let started = Instant::now();
    while tasks() > before {
        assert!(started.elapsed() < Duration::from_secs(30), "{} threads more after {call}", tasks() - before);
        thread::sleep(Duration::from_millis(1));
    }
}

fn text() -> Vec<u8> {
    let mut text = b"some words on a line\n".repeat(400_000);
    text.extend_from_slice(b"a needle at the end\n");
    text
}

fn memory(text: &[u8]) -> Mapping {
    let mut mapping = MapOptions::new().len(text.len()).map_anonymous().unwrap();
    mapping.set_slice(.., text).unwrap();
    mapping
}

/// Calls all that runs on threads, and looks after each call whether they have ended.
fn calls_of_the_library() {
    let text = text();
    let at = text.len() - 18;
    let mapping = memory(&text);
    let before = tasks();
    let done = |call: &str| come_back_to(before, call);

    assert_eq!(mapping.find(b"needle").unwrap(), Some(at));
    done("find");
    assert_eq!(mapping.rfind(b"none of it").unwrap(), None);
    done("rfind");
    let scanner = Scanner::new(MatcherBuilder::new().build(["words", "needle"]).unwrap());
    assert_eq!(scanner.count(&mapping).unwrap(), 400_001);
    done("Scanner::count");
    let set = PatternSet::builder().build(["words", "needle", "nothing"]).unwrap();
    assert_eq!(set.count_each(&mapping).unwrap(), [400_000, 1, 0]);
    done("PatternSet::count_each");
    assert_eq!(set.matching_ids(&mapping).unwrap().len(), 2);
    done("PatternSet::matching_ids");
    let regexes = MatcherBuilder::new().build_set(["w[a-z]rds", "n.edle"]).unwrap();
    assert_eq!(regexes.count_each(&mapping).unwrap(), [400_000, 1]);
    done("RegexSet::count_each");

    let mapping = Arc::new(mapping);
    assert_eq!(scanner.par_find_iter(Arc::clone(&mapping)).map(Result::unwrap).count(), 400_001);
    done("Scanner::par_find_iter");
    let last = set.par_find_iter(Arc::clone(&mapping)).map(Result::unwrap).last().unwrap();
    assert_eq!((last.start, last.pattern.index()), (at as u64, 1));
    done("PatternSet::par_find_iter");

    let pool = Pool::new(4);
    let grep = GrepBuilder::new().build(MatcherBuilder::new().by_line(true).build(["needle"]).unwrap()).unwrap();
    let mut lines = vec![];
    let mut take = |bytes: &[u8]| {
        lines.extend_from_slice(bytes);
        ControlFlow::Continue(())
    };
    grep.search_mapping(&mapping, &Plain, &pool, &mut take).unwrap();
    grep.search_reader(std::io::Cursor::new(text.clone()), &Plain, &pool, &mut take).unwrap();
    assert_eq!(lines, b"a needle at the end\n".repeat(2));

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("text");
    fs::write(&path, &text).unwrap();
    let builder = IndexBuilder::new();
    builder.build(&path, &pool).unwrap();
    assert!(builder.verify(&path, &pool).unwrap().changed.is_empty());
    drop(pool);
    done("a pool");
}

#[test]
fn threads_end_with_the_call() {
    match is_child() {
        true => calls_of_the_library(),
        false => run_alone("threads_of_a_call::threads_end_with_the_call", &[]),
    }
}

#[test]
fn calls_go_on_with_the_threads_there_are() {
    if is_child() {
        return calls_of_the_library();
    }
    for threads in 1..=4 {
        run_alone("threads_of_a_call::calls_go_on_with_the_threads_there_are", &[Limit::Threads(threads)]);
    }
}

/// Takes all mappings that a process may have but `left`: pages whose protection differs from that of their neighbours.
fn leave_mappings(left: usize) {
    const PAGE: usize = 4096;
    let most: usize = fs::read_to_string("/proc/sys/vm/max_map_count").unwrap().trim().parse().unwrap();
    let len = 2 * most * PAGE;
    // SAFETY: the memory is new, and nobody reads or writes it.
    #[allow(unsafe_code)]
    unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let start = libc::mmap(std::ptr::null_mut(), len, libc::PROT_NONE, flags, -1, 0);
        assert_ne!(start, libc::MAP_FAILED);
        let protect = |pair: usize, protection| libc::mprotect(start.add((2 * pair + 1) * PAGE), PAGE, protection);
        let taken = (0..len / PAGE / 2).find(|&pair| protect(pair, libc::PROT_READ) != 0).unwrap();
        (taken - left / 2..taken).for_each(|pair| assert_eq!(protect(pair, libc::PROT_NONE), 0));
    }
}

/// A thread for whose stacks there are too few mappings ended the process, in the standard library.
#[test]
fn calls_go_on_where_little_more_can_be_mapped() {
    const LEFT: &str = "MAPGREP_TEST_LEFT";
    if let Some(left) = std::env::var_os(LEFT) {
        leave_mappings(left.to_str().unwrap().parse().unwrap());
        return calls_of_the_library();
    }
    for left in [12, 16, 20, 32] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["threads_of_a_call::calls_go_on_where_little_more_can_be_mapped", "--exact", "--test-threads=1"]);
        let (status, output, errors) = said_soon(child.env(LEFT, left.to_string()));
        assert!(status == 0 && output.contains("1 passed"), "{left} mappings: {status}\n{output}\n{errors}");
    }
}
