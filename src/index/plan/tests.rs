//! Plans of huge files.

use std::{fs::File, io::Write, os::unix::fs::FileExt, path::Path};

use crate::{
    index::{
        build::{commit::Committer, segment::Maker, storage::Disk},
        format::{
            layout::{BLOCK, MOST_BLOCKS},
            manifest::{Identity, Manifest},
            scheme::Scheme,
            table::Record,
        },
        open::{
            identity::now,
            index::Index,
            stale::{Freshness, Stale},
        },
        query::patterns::Query,
    },
    mapping::{Access, MapOptions, Mapping},
    scan::Pool,
};

/// A file with nothing but a hole for so many bytes, and its mapping; the largest that there is room for in the
/// address space. Not every system lets a process have four tebibytes of it: 64-bit Arm with pages of 4 KiB may have
/// half a tebibyte for all.
fn hole(path: &Path, sizes: &[u64]) -> (File, Mapping) {
    for &size in sizes {
        let file = File::create(path).unwrap();
        file.set_len(size).unwrap();
        let file = File::open(path).unwrap();
        #[allow(unsafe_code)]
        // SAFETY: nobody else knows the file, which is not changed while the mapping is there.
        match unsafe { MapOptions::new().access(Access::Read).map_file(&file) } {
            Ok(mapping) => return (file, mapping),
            Err(error) => println!("{size} bytes cannot be mapped: {error}"),
        }
    }
    panic!("not even {:?} bytes can be mapped", sizes.last());
}

/// An index of a text of which nothing but the end is there: what comes before are blocks without grams, said to begin
/// with lines, which all are the same segment. Of a file that would be refused: an index has its segments one behind
/// the other.
#[test]
fn offsets_beyond_four_tebibytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sparse");
    let sizes = [4u64 << 40, 256 << 30, 16 << 30].map(|start| start + MOST_BLOCKS as u64 * BLOCK);
    let (file, room) = hole(&path, &sizes);
    let start = room.len() as u64 - MOST_BLOCKS as u64 * BLOCK;
    drop((file, room));
    let before = start / BLOCK;
    let file = File::create(&path).unwrap();
    let lines: String = (0..40_000).map(|i| format!("line {i} of many\n")).collect();
    file.write_all_at(format!("\n{lines}").as_bytes(), start - 1).unwrap();
    let file = File::open(&path).unwrap();
    #[allow(unsafe_code)]
    // SAFETY: nobody else knows the file.
    let text = unsafe { MapOptions::new().access(Access::Read).map_file(&file).unwrap() };

    let pool = Pool::new(2);
    let maker = Maker::new(Scheme::Default, &pool, None);
    let blocks = (lines.len() as u64) / BLOCK;
    let covered = start + lines[..(blocks * BLOCK) as usize].rfind('\n').unwrap() as u64 + 1;
    let covered = covered + lines[(covered - start) as usize..].find('\n').unwrap() as u64 + 1;
    let last = maker.index(&text, before..before + blocks, 1, |_| {}).unwrap().unwrap();
    let records = vec![Record { first_line: Some(0), ..Record::default() }; MOST_BLOCKS];
    let empty = maker.empty(&records).unwrap().unwrap();
    let index = path.with_extension("mgx");
    let mut committer = Committer::create(Disk::create(&index, &file).unwrap());
    let entry = committer.add(&empty, Scheme::Default).unwrap();
    let mut segments = vec![entry; before as usize / MOST_BLOCKS];
    segments.push(committer.add(&last, Scheme::Default).unwrap());
    let identity = Identity::of(Some(&file), &file.metadata().unwrap());
    let newlines = last.newlines;
    // As if it had been looked at long after its last change, so that no hashes are compared.
    let seen_at = now() + 10_000_000_000;
    let manifest =
        Manifest { identity, seen_at, scheme: Scheme::Default, covered, newlines, segments, sections: vec![] };
    committer.commit(&manifest, 0).unwrap();
    let error = Index::open(&path, None).unwrap_err();
    assert!(error.to_string().contains("a segment is not where it should be"), "{error}");
    let index = Index::with_manifest(File::open(&index).unwrap(), &index, manifest).unwrap();
    assert_eq!(index.freshness(&file.metadata().unwrap(), &text).unwrap(), Freshness::Same);
    let index = index.check(&file.metadata().unwrap(), &text).unwrap();
    let candidates = index.candidates(&Query::literal("line 12345 of"), 0).unwrap();
    let place = start + lines.find("line 12345 of").unwrap() as u64;
    assert!(candidates.blocks() <= 2, "{candidates:?}");
    let part = candidates.parts().iter().find(|part| part.range.contains(&place)).unwrap();
    let before_part = &lines[..(part.range.start - start) as usize];
    assert_eq!(part.newlines, 1 + memchr::memchr_iter(b'\n', before_part.as_bytes()).count() as u64);
    let (at, left) = index.before_line(1 + 12345).unwrap();
    let from = &lines[(at - start) as usize..];
    let line = from.split_inclusive('\n').nth(left as usize).unwrap();
    assert_eq!(line, "line 12345 of many\n");
    // Of a text that has grown, blocks are compared with their hashes; those of the hole have none that is right.
    std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(lines.as_bytes()).unwrap();
    let freshness = index.freshness(&std::fs::metadata(&path).unwrap(), &text).unwrap();
    assert_eq!(freshness, Freshness::Stale(Stale::Changed));
}
