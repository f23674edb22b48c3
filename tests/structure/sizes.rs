//! How large functions, files and lines may be.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::tree::{Function, TREE, root};

const MOST_PARAMETERS: usize = 6;
const MOST_LINES_OF_FUNCTION: usize = 80;
const MOST_LINES_OF_FILE: usize = 600;
const MOST_COLUMNS: usize = 120;

/// Tables and kernels that may have longer functions: the file, the function, and what it is.
const LONG_FUNCTIONS: &[(&str, &str, &str)] =
    &[("src/matcher/literal/walk.rs", "seek_for", "the kernel of one literal")];

#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn functions_are_short_and_take_few_parameters() {
    let (mut faults, mut long, mut count) = (vec![], BTreeSet::new(), 0);
    for file in TREE.files.values() {
        for Function { name, line, lines, parameters } in &file.functions {
            count += 1;
            let path = file.path.display();
            if *parameters > MOST_PARAMETERS {
                faults.push(format!("{path}:{line}: `{name}` takes {parameters} parameters"));
            }
            if *lines > MOST_LINES_OF_FUNCTION {
                let is_listed =
                    |(path, function, _): &&(&str, &str, &str)| Path::new(path) == file.path && name == function;
                match LONG_FUNCTIONS.iter().find(is_listed) {
                    Some(listed) => drop(long.insert(listed)),
                    None => faults.push(format!("{path}:{line}: `{name}` has {lines} lines")),
                }
            }
        }
    }
    assert!(count > 1000, "only {count} functions were found");
    let kept = LONG_FUNCTIONS.iter().filter(|listed| !long.contains(listed));
    faults.extend(kept.map(|(path, name, _)| format!("{path}: `{name}` is listed as long and is not")));
    none(&faults);
}

#[test]
fn files_are_short() {
    let mut faults = vec![];
    for file in TREE.files.values() {
        let lines = file.text.lines().count();
        if lines > MOST_LINES_OF_FILE {
            faults.push(format!("{}: {lines} lines", file.path.display()));
        }
    }
    none(&faults);
}

/// The files below a folder that have one of these extensions.
fn files(folder: &Path, extensions: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(&*name, "target" | ".git" | "corpus" | "artifacts") {
                files(&path, extensions, found);
            }
        } else if path.extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted)) {
            found.push(path);
        }
    }
}

/// Rows of tables, addresses and samples of data cannot be broken.
fn may_be_long(path: &Path, line: &str, is_sample: bool) -> bool {
    let is_address = || line.split(' ').all(|word| word.len() < 8 || word.contains("://"));
    path.extension().is_some_and(|extension| extension == "md") && (is_sample || line.starts_with('|') || is_address())
}

#[test]
fn lines_are_within_120_columns() {
    let (root, mut found) = (root(), vec![]);
    files(&root, &["rs", "md", "py", "sh"], &mut found);
    assert!(found.len() > 200, "only {} files were found", found.len());
    let mut faults = vec![];
    for path in found {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let mut is_sample = false;
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(kind) = line.strip_prefix("```") {
                is_sample = matches!(kind, "json" | "text");
            }
            let columns = line.chars().count();
            if columns > MOST_COLUMNS && !may_be_long(&path, line, is_sample) {
                let path = path.strip_prefix(&root).unwrap().display();
                faults.push(format!("{path}:{number}: {columns} columns"));
            }
        }
    }
    none(&faults);
}
