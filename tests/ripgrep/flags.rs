//! Every name of a flag that ripgrep has: it exists here, and a case with output compares what it does.

use std::{collections::BTreeSet, process::Command};

use crate::{
    case::{Tool, shown},
    combine::{FLAGS, forms, name},
    generate::Gen,
    report, tools,
};

/// Names that ripgrep has and does not tell.
const HIDDEN: &[&str] = &["--maxdepth", "--passthrough", "--no-auto-hybrid-regex", "--auto-hybrid-regex"];

/// Flags whose output is about the program itself, with values: both print something, and no more is compared.
const OF_THE_PROGRAM: &[&str] = &[
    "-h",
    "--help",
    "-V",
    "--version",
    "--generate=man",
    "--generate=complete-bash",
    "--generate=complete-zsh",
    "--generate=complete-fish",
    "--generate=complete-powershell",
];

/// Flags that show nothing in a ripgrep without PCRE2, of which the name is checked.
const OF_PCRE2: &[&str] = &["-P", "--pcre2", "--pcre2-version"];

/// How many random cases are tried for one with output.
const TRIES: usize = 60;

/// The names of ripgrep's flags, with dashes.
fn names(ripgrep: &Tool) -> BTreeSet<String> {
    let output = Command::new(&ripgrep.path).args(["--no-config", "--generate=complete-fish"]).output();
    let script = String::from_utf8(output.expect("ripgrep can be run").stdout).expect("the script is text");
    let mut names: BTreeSet<String> = HIDDEN.iter().map(|&name| name.to_owned()).collect();
    for line in script.lines().filter(|line| line.starts_with("complete -c rg")) {
        let words: Vec<_> = line.split_whitespace().take_while(|&word| word != "-d").collect();
        for pair in words.windows(2) {
            match pair[0] {
                "-s" => names.insert(format!("-{}", pair[1])),
                "-l" => names.insert(format!("--{}", pair[1])),
                _ => false,
            };
        }
    }
    assert!(names.len() > 180, "ripgrep's flags are read from its script for fish, which gave only {names:?}");
    names
}

#[test]
fn every_flag_of_ripgrep_is_here_and_compared() {
    let Some(tools) = tools("every_flag_of_ripgrep_is_here_and_compared") else {
        return;
    };
    let run = |tool: &Tool, args: &[&str]| {
        Command::new(&tool.path).arg("--no-config").args(args).output().expect("the tool can be run")
    };
    let compared: BTreeSet<&str> = FLAGS.iter().flat_map(|row| forms(row)).map(|form| name(first(form))).collect();
    let of_the_program: BTreeSet<&str> = OF_THE_PROGRAM.iter().map(|flag| name(flag)).collect();
    for flag in names(&tools.reference) {
        if OF_PCRE2.contains(&flag.as_str()) {
            let output = run(&tools.under_test, &[&flag, "-e", "x", "--version"]);
            assert!(!String::from_utf8_lossy(&output.stderr).contains("unknown flag"), "{flag} is not here");
        } else {
            assert!(
                compared.contains(flag.as_str()) || of_the_program.contains(flag.as_str()),
                "{flag} is not compared: it has to stand in `FLAGS`"
            );
        }
    }
    for flag in OF_THE_PROGRAM {
        for tool in [&tools.reference, &tools.under_test] {
            let output = run(tool, &[flag]);
            assert!(output.status.success() && !output.stdout.is_empty(), "{} {flag}", tool.path.display());
        }
    }
}

/// The first argument of a way to give a flag.
fn first(form: &str) -> &str {
    form.split(' ').next().unwrap_or(form)
}

#[test]
fn every_way_to_give_a_flag_has_output() {
    let Some(tools) = tools("every_way_to_give_a_flag_has_output") else {
        return;
    };
    let mut g = Gen::new(16);
    let mut reports = Vec::new();
    let mut tree = g.small_tree();
    let mut dir = tempfile::tempdir().expect("a temporary directory can be made");
    let mut is_new = true;
    for form in FLAGS.iter().flat_map(|row| forms(row)) {
        let has_output = (0..TRIES).any(|i| {
            if i % 8 == 7 {
                tree = g.small_tree();
                dir = tempfile::tempdir().expect("a temporary directory can be made");
                is_new = true;
            }
            let case = g.combination(&tree, form);
            if case.deliberate_difference().is_some() {
                return false;
            }
            let written = if std::mem::replace(&mut is_new, false) {
                case.materialise(dir.path())
            } else {
                case.materialise_side(dir.path())
            };
            written.expect("the files of the case can be written");
            let expected = case.reference(&tools, dir.path()).expect("ripgrep can be run");
            if expected.stdout.is_empty() {
                return false;
            }
            let difference = case.compare_with(expected, &tools, dir.path()).expect("both tools can be run");
            if let Some(difference) = difference {
                reports.push(report(&tools, &format!("a case of {}", shown(form.as_bytes())), &case, &difference));
            }
            true
        });
        if !has_output {
            reports.push(format!("no case of {form} has output\n"));
        }
    }
    assert!(reports.is_empty(), "{} cases differ from ripgrep:\n\n{}", reports.len(), reports.join("\n"));
}
