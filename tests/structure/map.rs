//! ARCHITECTURE.md names what there is, and all of it.

use std::{collections::BTreeSet, fs};

use crate::tree::root;

/// What a room may have without being named: what every room has.
const EVERYWHERE: &[&str] = &["mod.rs", "tests.rs", "python.md"];

#[test]
fn the_map_names_what_is_in_each_room() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(map.lines().count() <= 160, "a map has at most 160 lines");
    let (mut faults, mut rooms) = (vec![], 0);
    for section in map.split("\n## ").filter(|section| section.starts_with("src/")) {
        rooms += 1;
        let room = root().join(section.split(':').next().unwrap());
        let words = section.lines().filter(|line| line.starts_with("    ")).flat_map(str::split_whitespace);
        let names = words.map(|word| word.trim_end_matches(['/', ';', ':', ',']));
        let named: BTreeSet<&str> = names.filter(|name| room.join(name).exists() || name.ends_with(".rs")).collect();
        let entries = fs::read_dir(&room).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let there: BTreeSet<String> = entries.filter(|name| !EVERYWHERE.contains(&name.as_str())).collect();
        let is_there = |name: &str| there.contains(name) || EVERYWHERE.contains(&name);
        faults.extend(named.iter().filter(|name| !is_there(name)).map(|name| format!("{room:?} has no {name}")));
        let missing = there.iter().filter(|name| !named.contains(name.as_str()));
        faults.extend(missing.map(|name| format!("{room:?}: {name} is not on the map")));
    }
    assert!(rooms == 7, "{rooms} rooms");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut faults = vec![];
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let documents = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "benches/README.md"];
    let paths = documents.iter().map(|name| root().join(name)).chain(docs.filter(|path| path.is_file()));
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            if !link.contains("://") && !file.is_empty() && !path.parent().unwrap().join(file).exists() {
                faults.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
