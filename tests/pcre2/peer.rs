//! `-P` beside that of ripgrep, if `MAPGREP_RG` names one that has PCRE2 (`cargo install ripgrep --features pcre2`).
//! Without one, the output is compared with itself on one thread.

use std::{env, process::Command};

use crate::commands::{files, mapgrep, said};

const TEXT: &[u8] = b"foobar\nfoo bar\nbar foo\naa bb\n\nFOO\xff ab\nlast\r\n\
      foo foo foo\n\xc3\xa9t\xc3\xa9 \xce\xa3\xcf\x83\nberiberi\n";

const PATTERNS: [&str; 24] = [
    r"(\w)\1",
    "foo(?=bar)",
    r"(?<=o)b\w",
    r"(?<!o)\bb\w+",
    "fo+(?!b)",
    "(?i)FOO",
    r"(?<x>\w)\k<x>",
    r"\w+$",
    r"(....).*\1",
    "[[:alpha:]]+",
    r"\p{Greek}",
    r"\x{3c3}",
    "(?m)^a",
    "a{2,}+b?",
    "(?>a+)a",
    r"\Qa b\E",
    "(",
    "[",
    r"\N+",
    r"o\b",
    r"\xff",
    "(?R)?a",
    r"\Bo",
    "(?|(a)|(b))\\1",
];

const FLAGS: [&[&str]; 22] = [
    &[],
    &["-n", "--column"],
    &["-o"],
    &["-c"],
    &["--count-matches"],
    &["-v"],
    &["-w"],
    &["-x"],
    &["-i"],
    &["-S"],
    &["-r", "<$0$1>"],
    &["-U", "-n"],
    &["-U", "-o"],
    &["--no-unicode", "-o"],
    &["-F"],
    &["--vimgrep"],
    &["-b", "-o"],
    &["-m1"],
    &["-C1"],
    &["--passthru"],
    &["--no-pcre2-unicode", "-o"],
    &["-e", "bb", "-n"],
];

#[test]
fn it_prints_what_ripgrep_prints() {
    let dir = files(&[("a", TEXT)]);
    let peer = env::var_os("MAPGREP_RG").filter(|rg| {
        let version = Command::new(rg).arg("--pcre2-version").output();
        version.is_ok_and(|output| output.status.success())
    });
    for flags in FLAGS {
        for pattern in PATTERNS {
            let args = [&["--no-config", "-P"], flags, &["-e", pattern, "a"]].concat();
            let ours = said(&mut mapgrep(dir.path(), &args));
            let theirs = match &peer {
                Some(rg) => said(Command::new(rg).args(&args).current_dir(dir.path())),
                None => said(mapgrep(dir.path(), &args).arg("-j1")),
            };
            assert_eq!((ours.0, &ours.1), (theirs.0, &theirs.1), "{args:?}: {} {}", ours.2, theirs.2);
        }
    }
}
