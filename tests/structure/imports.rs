//! What may import what.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use crate::tree::{File, TREE, Written};

/// Rooms from the ground up: a room imports those that stand in lines above it.
const ROOMS: &[&[&str]] = &[
    &["bytes", "error", "memory", "span"],
    &["simd"],
    &["mapping", "matcher"],
    &["scan"],
    &["index"],
    &["grep"],
    &["cli"],
];

/// Crates that one room alone imports.
const CRATES: &[(&str, &str)] = &[
    ("rayon", "scan"),
    ("anyhow", "cli"),
    ("clap", "cli"),
    ("ignore", "cli"),
    ("indicatif", "cli"),
    ("termcolor", "cli"),
];

/// Descriptions of byte formats, each a file or a folder, which can be read alone.
const FORMATS: &[&str] = &["src/index/format", "src/matcher/set/format"];

/// What a description of a format may import of the crate: leaves. `work.rs` counts, for tests.
const BELOW_FORMATS: &[&str] =
    &["src/error.rs", "src/bytes.rs", "src/index/fault.rs", "src/index/work.rs", "src/matcher/set/kind.rs"];

/// The paths of a file outside its tests.
fn written(file: &File) -> impl Iterator<Item = &Written> {
    file.written.iter().filter(|written| !written.is_test)
}

/// Files that are in a cycle still. This list gets no longer.
const OPEN_CYCLES: &[&str] = &[];

/// From file to file, with the lines in which the first names the second.
type Edges = BTreeMap<&'static Path, BTreeMap<&'static Path, BTreeSet<usize>>>;

fn edges(counts: impl Fn(&Written) -> bool) -> Edges {
    let mut edges = Edges::new();
    for file in TREE.files.values().filter(|file| !file.is_test) {
        for path in written(file).filter(|path| counts(path)) {
            for target in TREE.targets(path).into_iter().filter(|target| **target != file.path) {
                edges.entry(&file.path).or_default().entry(target).or_default().insert(path.line);
            }
        }
    }
    edges
}

/// All that a file leads to, by one step or more.
fn reached(edges: &Edges, from: &Path) -> BTreeSet<&'static Path> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(file) = open.pop() {
        for &next in edges.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached
}

/// Files that lead to each other: each cycle once.
fn cycles(edges: &Edges) -> BTreeSet<BTreeSet<&'static Path>> {
    let reached: BTreeMap<&Path, _> = edges.keys().map(|&file| (file, reached(edges, file))).collect();
    let mut groups = BTreeSet::new();
    for (file, all) in &reached {
        if all.contains(file) {
            let leads_back = |other: &&&Path| reached.get(**other).is_some_and(|back| back.contains(file));
            groups.insert(all.iter().filter(leads_back).copied().collect());
        }
    }
    groups
}

/// The lines that make a cycle.
fn describe(group: &BTreeSet<&Path>, edges: &Edges) -> String {
    let mut text = format!("a cycle of {} files:", group.len());
    for &file in group {
        for (target, lines) in edges[file].iter().filter(|(target, _)| group.contains(**target)) {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            text += &format!("\n    {}:{} -> {}", file.display(), lines.join(","), target.display());
        }
    }
    text
}

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn files_import_each_other_without_cycles() {
    let edges = edges(|path| path.is_use);
    assert!(edges.values().map(BTreeMap::len).sum::<usize>() > 200, "paths lead to files");
    let cycles = cycles(&edges);
    let is_open = |file: &&Path| OPEN_CYCLES.iter().any(|open| *file == Path::new(open));
    let new = cycles.iter().filter(|group| !group.iter().all(is_open));
    let faults: Vec<String> = new.map(|group| describe(group, &edges)).collect();
    none(&faults);
}

#[test]
fn a_room_imports_the_rooms_below_it() {
    let room = |path: &Path| {
        let part = path.components().nth(1)?;
        let part = Path::new(part.as_os_str()).file_stem()?.to_str()?;
        ROOMS.iter().position(|rooms| rooms.contains(&part)).map(|level| (level, part.to_owned()))
    };
    let mut faults = vec![];
    for (file, targets) in &edges(|_| true) {
        for (target, lines) in targets {
            let (Some((level, own)), Some((other, name))) = (room(file), room(target)) else { continue };
            if own != name && level <= other {
                let line = lines.first().unwrap();
                faults.push(format!("{}:{line}: {own} imports {name} ({})", file.display(), target.display()));
            }
        }
    }
    none(&faults);
}

#[test]
fn a_crate_is_imported_by_its_room() {
    let mut faults = vec![];
    for file in TREE.files.values() {
        for path in &file.written {
            for &(name, room) in CRATES {
                let is_in_room = file.path.starts_with(Path::new("src").join(room));
                if path.segments[0] == name && TREE.targets(path).is_empty() && !is_in_room {
                    faults.push(format!("{}:{}: {name} belongs to {room}", file.path.display(), path.line));
                }
            }
        }
    }
    none(&faults);
}

#[test]
fn formats_are_leaves() {
    let is_format =
        |path: &Path, format: &str| path.starts_with(format) || path == PathBuf::from(format).with_extension("rs");
    let mut faults = vec![];
    for format in FORMATS {
        let files = TREE.files.values().filter(|file| is_format(&file.path, format));
        let mut count = 0;
        for file in files {
            count += 1;
            for path in written(file) {
                for target in TREE.targets(path) {
                    if !is_format(target, format) && !BELOW_FORMATS.iter().any(|below| target == Path::new(below)) {
                        let (file, line) = (file.path.display(), path.line);
                        faults.push(format!("{file}:{line}: a format imports {}", target.display()));
                    }
                }
            }
        }
        assert!(count > 0, "there is no {format}");
    }
    none(&faults);
}
