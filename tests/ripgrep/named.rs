//! Hand-written cases, each option at least once.

use std::sync::{Arc, LazyLock};

use crate::case::{Case, Input, Stdin, TreeFile};

/// The engine settings each case is run with.
pub(crate) const ENGINES: &[&[&str]] = &[&["-j1"], &["-j2", "--chunk-size=1"], &["-j4", "--chunk-size=7"]];

/// A command line with a name and the exit code it must end with.
pub(crate) struct Named {
    /// What the case is about.
    pub(crate) name: &'static str,
    /// The exit code.
    pub(crate) code: i32,
    args: &'static [&'static str],
    stdin: Stdin,
    input: Input,
}

impl Named {
    /// The case, for one engine setting.
    pub(crate) fn case(&self, engine: &[&str]) -> Case {
        let groups = |args: &[&str]| args.iter().map(|arg| vec![(*arg).to_owned()]).collect();
        Case {
            tree: Arc::clone(&TREE),
            links: Vec::new(),
            side: SIDE.iter().map(|&(name, text)| (name.to_owned(), Arc::new(text.to_vec()))).collect(),
            flags: groups(self.args),
            patterns: Vec::new(),
            paths: Vec::new(),
            flags_last: false,
            stdin: self.stdin.clone(),
            input: self.input,
            engine: groups(engine),
        }
    }
}

/// A search of files named on the command line.
fn files(name: &'static str, code: i32, args: &'static [&'static str]) -> Named {
    Named { name, code, args, stdin: Stdin::Null, input: Input::Files }
}

/// A search of directories.
fn walk(name: &'static str, code: i32, args: &'static [&'static str]) -> Named {
    Named { input: Input::Walk, ..files(name, code, args) }
}

/// A search of a file that is piped into standard input.
fn piped(name: &'static str, code: i32, file: &'static str, args: &'static [&'static str]) -> Named {
    Named { stdin: Stdin::Pipe(file.to_owned()), input: Input::Stream, ..files(name, code, args) }
}

/// A search of a file that standard input is redirected from.
fn redirected(name: &'static str, code: i32, file: &'static str, args: &'static [&'static str]) -> Named {
    Named { stdin: Stdin::File(file.to_owned()), ..piped(name, code, file, args) }
}

/// The files of all named cases.
static TREE: LazyLock<Arc<Vec<TreeFile>>> = LazyLock::new(|| {
    let mut files: Vec<TreeFile> =
        SMALL.iter().map(|&(name, data)| (name.to_owned(), Arc::new(data.to_vec()))).collect();
    let mut add = |name: &str, data: Vec<u8>| files.push((name.to_owned(), Arc::new(data)));
    let filler = b"some ordinary words without it\n";
    let mut late = filler.repeat(66_000 / filler.len() + 1);
    late.extend_from_slice(b"foo before\nnul \0 foo\nfoo after\n");
    add("nul/after-64k.txt", late.clone());
    let mut later = b"foo first\n".to_vec();
    later.extend(filler.repeat(205_000 / filler.len() + 1));
    later.extend_from_slice(b"foo before\nnul \0 foo\nfoo after\n");
    add("nul/after-200k.txt", later);
    let mut long = b"foo ".repeat(50_000);
    long.extend_from_slice(b"end\nshort foo\n");
    // A line longer than ripgrep's read buffer makes that buffer grow, which
    // changes where it sees the NUL bytes of later files; hence the name.
    add("z-long.txt", long);
    let mut big = Vec::new();
    for i in 0..20_000 {
        let word = if i % 997 == 0 { "needle" } else { "straw" };
        big.extend_from_slice(format!("{i:05} {word} value={}\n", i * 7 % 1000).as_bytes());
    }
    add("big.txt", big);
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        "\u{feff}foo ключ\nbar\n".encode_utf16().flat_map(bytes).collect()
    };
    add("enc/utf16le.txt", utf16(u16::to_le_bytes));
    add("enc/utf16be.txt", utf16(u16::to_be_bytes));
    Arc::new(files)
});

/// The small files of the tree.
const SMALL: &[(&str, &[u8])] = &[
    ("a.txt", b"foo\nFoo bar\n  indented foo\n\nfoobar foo\nnothing\nfoo foo foo\nlast\n"),
    ("b.txt", b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\ntwelve\n"),
    ("empty.txt", b""),
    ("newlines.txt", b"\n\n\n"),
    ("no-final.txt", b"foo\nbar\nfoo at the end"),
    ("crlf.txt", b"foo\r\nbar foo\r\n\r\nfoo\r"),
    ("unicode.txt", "δοκιμή ΔΟΚΙΜΉ\nstraße STRASSE\nна\u{ef}ve \u{212a}elvin \u{17f}\n日本語 😀\n".as_bytes()),
    ("invalid.txt", b"foo \xff bar\n\xe2\x82 foo\n\xf0\x9f\nplain\n"),
    ("tabs.txt", b"\t\tfoo\n \t mixed foo  \n\t\n    \nfoo\twith\ttabs\n"),
    ("dash.txt", b"-foo\n--bar\n- foo\n"),
    ("meta.txt", b"a.b\naxb\n$1 (x)\n[y]\nback\\slash\n"),
    ("nul/early.txt", b"foo\nb\0r foo\nfoo\n"),
    ("nul/first.txt", b"\0foo\nfoo\n"),
    ("nul/no-match.txt", b"bar\0\nbaz\n"),
    ("enc/bom.txt", b"\xef\xbb\xbffoo\nbar foo\n"),
    ("walk/a/x.txt", b"foo in a/x\n"),
    ("walk/a-b.txt", b"foo in a-b\nbar\n"),
    ("walk/a.txt", b"foo in a\nfoo again\n"),
    ("walk/B.log", b"foo in B\n"),
    ("walk/b/c/d.rs", b"fn foo() {}\n"),
    ("walk/b/none.rs", b"fn bar() {}\n"),
    ("walk/.hidden", b"foo hidden\n"),
    ("walk/.dot/inside.txt", b"foo in a hidden directory\n"),
    ("walk/skipped.tmp", b"foo ignored\n"),
    ("walk/.ignore", b"*.tmp\n"),
    ("walk/binary.bin", b"foo first\nfoo\0\nfoo last\n"),
    ("walk/binary2.bin", b"bar first\nbar\0\nfoo last\n"),
    ("repo/.git/HEAD", b"ref: refs/heads/main\n"),
    ("repo/.gitignore", b"/target/\n*.o\n!keep.o\n"),
    ("repo/target/out.txt", b"foo built\n"),
    ("repo/lib.o", b"foo object\n"),
    ("repo/keep.o", b"foo kept\n"),
    ("repo/src/main.rs", b"foo main\n"),
    ("a b/c d.txt", b"foo with spaces\n"),
    ("patterns", b"foo\nbar\n"),
    ("records", b"foo\0bar foo\0\0foobar\0last foo"),
    ("records-with-lines", b"foo\nbar\0x\nfoo\n\0bar\n"),
    ("mixed-ends.txt", b"foo\r\nfoo bar\nbar\rfoo\r\n\r\n\nfoo \r\r\nfoo"),
];

/// Lists of patterns, outside the searched tree.
const SIDE: &[(&str, &[u8])] = &[
    ("two", b"foo\nfive\n"),
    ("crlf", b"foo\r\nfive\r\n"),
    ("empty", b""),
    ("empty-line", b"foo\n\n"),
    ("duplicates", b"foo\nfoo\nfoo\n"),
    ("no-final", b"foo\nfive"),
    ("invalid", b"foo\n(\n"),
];

/// All named cases.
pub(crate) fn cases() -> Vec<Named> {
    let mut cases = patterns();
    cases.extend(output());
    cases.extend(context());
    cases.extend(replacements());
    cases.extend(terminators());
    cases.extend(json());
    cases.extend(passthru());
    cases.extend(multiline());
    cases.extend(inputs());
    cases.extend(binary());
    cases.extend(errors());
    cases
}

/// What matches.
#[rustfmt::skip]
fn patterns() -> Vec<Named> {
    vec![
        files("a literal", 0, &["foo", "a.txt"]),
        files("no match", 1, &["zzz", "a.txt"]),
        files("an empty file", 1, &["foo", "empty.txt"]),
        files("an empty pattern", 0, &["", "a.txt"]),
        files("an empty pattern in an empty file", 1, &["", "empty.txt"]),
        files("an empty pattern in empty lines", 0, &["", "newlines.txt"]),
        files("-e twice", 0, &["-e", "foo", "-e", "last", "a.txt"]),
        files("--regexp", 0, &["--regexp=foo", "a.txt"]),
        files("-e with a dash", 0, &["-e", "-foo", "dash.txt"]),
        files("-e joined with a dash", 0, &["-e-foo", "dash.txt"]),
        files("-- before a dash", 0, &["--", "--bar", "dash.txt"]),
        files("-f", 0, &["-f", "../side/two", "a.txt", "b.txt"]),
        files("--file", 0, &["--file=../side/two", "b.txt"]),
        files("-f and -e", 0, &["-f", "../side/two", "-e", "last", "a.txt", "b.txt"]),
        files("-f twice", 0, &["-f../side/two", "-f../side/no-final", "b.txt"]),
        files("-f with CRLF", 0, &["-f", "../side/crlf", "a.txt", "b.txt"]),
        files("-f with CRLF and -F", 0, &["-F", "-f", "../side/crlf", "a.txt"]),
        files("-f of nothing", 1, &["-f", "../side/empty", "a.txt"]),
        files("-v with -f of nothing", 0, &["-v", "-f", "../side/empty", "a.txt"]),
        files("-c with -f of nothing", 1, &["-c", "-f", "../side/empty", "a.txt"]),
        files("-f with an empty line", 0, &["-f", "../side/empty-line", "a.txt"]),
        files("-o and -f with an empty line", 0, &["-o", "-f", "../side/empty-line", "a.txt"]),
        files("-f with duplicates", 0, &["-f", "../side/duplicates", "a.txt"]),
        files("-f without a final newline", 0, &["-f", "../side/no-final", "b.txt"]),
        piped("-f - from a pipe", 0, "patterns", &["-f", "-", "a.txt"]),
        redirected("-f - from a file", 0, "patterns", &["-n", "-f", "-", "a.txt"]),
        files("-F", 0, &["-F", "a.b", "meta.txt"]),
        files("-F of an invalid regex", 0, &["-F", "(x)", "meta.txt"]),
        files("-F of a backslash", 0, &["-F", r"\", "meta.txt"]),
        files("-F with several -e", 0, &["--fixed-strings", "-e[y]", "-e$1", "meta.txt"]),
        files("-i", 0, &["-i", "FOO", "a.txt"]),
        files("--ignore-case of Greek", 0, &["--ignore-case", "-o", "δοκιμή", "unicode.txt"]),
        files("-i with special folds", 0, &["-i", "-o", "k|s", "unicode.txt"]),
        files("-s after -i", 1, &["-i", "-s", "FOO", "a.txt"]),
        files("-i after -s", 0, &["--case-sensitive", "--ignore-case", "FOO", "a.txt"]),
        files("-S in lower case", 0, &["-S", "foo", "a.txt"]),
        files("-S with a capital", 0, &["-S", "Foo", "a.txt"]),
        files("--smart-case with a class", 0, &["--smart-case", r"\Woo|foo", "a.txt"]),
        files("-w", 0, &["-w", "foo", "a.txt"]),
        files("-w of part of a word", 1, &["-w", "fooba", "a.txt"]),
        files("-w -o", 0, &["--word-regexp", "-o", "fo+|bar", "a.txt"]),
        files("-w of punctuation", 0, &["-w", "-e", r"-\w*", "dash.txt"]),
        files("-w of nothing", 0, &["-w", "", "a.txt"]),
        files("-x", 0, &["-x", "foo", "a.txt"]),
        files("--line-regexp of alternatives", 0, &["--line-regexp", "foo|last", "a.txt"]),
        files("-x with CRLF", 1, &["-x", "bar foo", "crlf.txt"]),
        files("-w after -x", 0, &["-x", "-w", "foo", "a.txt"]),
        files("-x after -w", 0, &["-w", "-x", "foo", "a.txt"]),
        files("-x of the last line", 0, &["-x", "foo at the end", "no-final.txt"]),
        files("-v", 0, &["-v", "foo", "a.txt"]),
        files("--invert-match of everything", 1, &["--invert-match", "", "a.txt"]),
        files("^ and $", 0, &["-n", "^foo$", "a.txt"]),
        files("^$", 0, &["-n", "^$", "a.txt", "newlines.txt"]),
        files("$ with CRLF", 1, &["-n", "foo$", "crlf.txt"]),
        files("$ at the end of a file", 0, &["-o", "end$", "no-final.txt"]),
        files("an empty match on each line", 0, &["-o", "-n", "x*", "b.txt"]),
        files("a word boundary", 0, &["-o", "-b", r"\b", "a.txt"]),
        files("text anchors", 0, &["-n", r"\Afoo|last\z", "a.txt"]),
        files("a Unicode class", 0, &["-o", r"\p{Greek}+|日.", "unicode.txt"]),
        files("a byte class", 0, &["-o", r"(?-u:[\x80-\xff])", "invalid.txt"]),
        files("a dot and invalid UTF-8", 0, &["-o", "-b", "o .*", "invalid.txt"]),
        files("alternatives of several lengths", 0, &["-o", "f|foo|foob|fo", "a.txt"]),
        files("a class with \\s", 0, &["-c", r"\s", "a.txt"]),
        files("a negated class", 0, &["-c", "[^a]", "newlines.txt", "a.txt"]),
    ]
}

/// What is printed for a match.
#[rustfmt::skip]
fn output() -> Vec<Named> {
    vec![
        files("-n", 0, &["-n", "foo", "a.txt"]),
        files("-N after -n", 0, &["-n", "-N", "foo", "a.txt"]),
        files("--line-number after -N", 0, &["-N", "--line-number", "foo", "a.txt"]),
        files("--no-line-number with --column", 0, &["--no-line-number", "--column", "foo", "a.txt"]),
        files("--column", 0, &["--column", "foo", "a.txt"]),
        files("--column with -v", 0, &["--column", "-v", "foo", "a.txt"]),
        files("--column with -o", 0, &["--column", "-o", "foo", "a.txt"]),
        files("--column counts bytes", 0, &["--column", "日|ß|Ή", "unicode.txt"]),
        files("-b", 0, &["-b", "foo", "a.txt"]),
        files("--byte-offset with -o", 0, &["--byte-offset", "-o", "foo", "a.txt"]),
        files("-b -n --column -H", 0, &["-b", "-n", "--column", "-H", "foo", "a.txt"]),
        files("a cluster of options", 0, &["-bnHo", "foo", "a.txt"]),
        files("a cluster with a number", 0, &["-nm2", "foo", "a.txt"]),
        files("-c", 0, &["-c", "foo", "a.txt"]),
        files("-c of nothing", 1, &["-c", "zzz", "a.txt"]),
        files("--count of several files", 0, &["--count", "foo", "a.txt", "b.txt"]),
        files("-c -v", 0, &["-c", "-v", "foo", "a.txt"]),
        files("-c -o", 0, &["-c", "-o", "foo", "a.txt"]),
        files("--count-matches", 0, &["--count-matches", "foo", "a.txt"]),
        files("--count-matches of the empty match", 0, &["--count-matches", "x*", "a.txt"]),
        files("--count-matches -v", 0, &["--count-matches", "-v", "foo", "a.txt"]),
        files("-c after --count-matches", 0, &["--count-matches", "-c", "foo", "a.txt"]),
        files("-c -q", 0, &["-c", "-q", "foo", "a.txt"]),
        files("-c -m", 0, &["-c", "-m2", "foo", "a.txt"]),
        files("--count-matches -m", 0, &["--count-matches", "-m2", "foo", "a.txt"]),
        files("-l", 0, &["-l", "foo", "a.txt", "b.txt"]),
        files("--files-with-matches -v", 0, &["--files-with-matches", "-v", "foo", "a.txt", "b.txt"]),
        files("-l -c", 0, &["-l", "-c", "foo", "a.txt", "b.txt"]),
        files("-c -l", 0, &["-c", "-l", "foo", "a.txt", "b.txt"]),
        files("--files-without-match", 0, &["--files-without-match", "foo", "a.txt", "b.txt"]),
        files("--files-without-match of a match", 1, &["--files-without-match", "foo", "a.txt"]),
        files("--files-without-match -v", 1, &["--files-without-match", "-v", "foo", "a.txt"]),
        files("--files-without-match -q", 0, &["--files-without-match", "-q", "foo", "b.txt"]),
        files("-q", 0, &["-q", "foo", "a.txt"]),
        files("--quiet without a match", 1, &["--quiet", "zzz", "a.txt"]),
        files("-q --stats", 0, &["-q", "--stats", "foo", "a.txt", "b.txt"]),
        files("-o", 0, &["-o", "foo", "a.txt"]),
        files("--only-matching -n", 0, &["--only-matching", "-n", "f.o", "a.txt"]),
        files("-o -v", 0, &["-o", "-v", "foo", "a.txt"]),
        files("-o without a final newline", 0, &["-o", "end", "no-final.txt"]),
        files("a match without a final newline", 0, &["end", "no-final.txt"]),
        files("CRLF is kept", 0, &["foo", "crlf.txt"]),
        files("-m", 0, &["-m", "2", "foo", "a.txt"]),
        files("--max-count of several files", 0, &["--max-count=1", "foo", "a.txt", "no-final.txt"]),
        files("-m 0", 1, &["-m0", "foo", "a.txt"]),
        files("-m -v", 0, &["-m2", "-v", "foo", "a.txt"]),
        files("-m -o", 0, &["-m2", "-o", "foo", "a.txt"]),
        files("-m -l", 0, &["-m1", "-l", "foo", "a.txt"]),
        files("-m -n in a large file", 0, &["-m5", "-n", "needle", "big.txt"]),
        files("-H", 0, &["-H", "foo", "a.txt"]),
        files("-I with several files", 0, &["-I", "foo", "a.txt", "no-final.txt"]),
        files("--with-filename after -I", 0, &["-I", "--with-filename", "foo", "a.txt"]),
        files("--no-filename -c", 0, &["--no-filename", "-c", "foo", "a.txt", "b.txt"]),
        files("--heading", 0, &["--heading", "foo", "a.txt", "no-final.txt"]),
        files("--heading with one file", 0, &["--heading", "foo", "a.txt"]),
        files("--heading -H -n", 0, &["--heading", "-H", "-n", "foo", "a.txt"]),
        files("--no-heading after --heading", 0, &["--heading", "--no-heading", "foo", "a.txt", "no-final.txt"]),
        files("--heading -c", 0, &["--heading", "-c", "foo", "a.txt", "no-final.txt"]),
        files("--heading -I", 0, &["--heading", "-I", "foo", "a.txt", "no-final.txt"]),
        files("--color=always", 0, &["--color=always", "foo", "a.txt"]),
        files("--color always with everything", 0, &["--color", "always", "-nbH", "--column", "foo", "a.txt"]),
        files("--color=always --heading", 0, &["--color=always", "--heading", "-n", "foo", "a.txt", "crlf.txt"]),
        files("--color=always -o", 0, &["--color=always", "-o", "-n", "foo", "a.txt"]),
        files("--color=always -v", 0, &["--color=always", "-v", "foo", "a.txt"]),
        files("--color=always -c", 0, &["--color=always", "-c", "foo", "a.txt", "b.txt"]),
        files("--color=always -l", 0, &["--color=always", "-l", "foo", "a.txt", "b.txt"]),
        files("--color=always -C", 0, &["--color=always", "-n", "-C1", "five|nine", "b.txt"]),
        files("--color=always of the empty match", 0, &["--color=always", "x*", "a.txt"]),
        files("--color=always and a CRLF match", 0, &["--color=always", r"foo\r", "crlf.txt"]),
        files("--color=never", 0, &["--color=never", "foo", "a.txt"]),
        files("--color=auto", 0, &["--color=auto", "foo", "a.txt"]),
        files("--trim", 0, &["--trim", "foo", "tabs.txt"]),
        files("--trim --column -b", 0, &["--trim", "--column", "-b", "foo", "tabs.txt"]),
        files("--trim -C", 0, &["--trim", "-C1", "mixed", "tabs.txt"]),
        files("--trim --color=always", 0, &["--trim", "--color=always", r"\s*foo", "tabs.txt"]),
        files("-M", 0, &["-M10", "foo", "a.txt"]),
        files("--max-columns with a preview", 0, &["--max-columns=10", "--max-columns-preview", "foo", "a.txt"]),
        files("-M of a very long line", 0, &["-M100", "-n", "foo", "z-long.txt"]),
        files("-M with a preview of a very long line", 0, &["-M100", "--max-columns-preview", "foo", "z-long.txt"]),
        files("-M -o", 0, &["-M5", "-o", "foo.*", "a.txt"]),
        files("-M -v", 0, &["-M5", "-v", "foo", "a.txt", "b.txt"]),
        files("-M -C", 0, &["-M3", "-C1", "five", "b.txt"]),
        files("-M --trim", 0, &["-M8", "--trim", "foo", "tabs.txt"]),
        files("-M preview of Unicode", 0, &["-M10", "--max-columns-preview", ".", "unicode.txt"]),
        files("-M --color=always preview", 0, &["-M9", "--max-columns-preview", "--color=always", "foo", "a.txt"]),
        files("-M 0", 0, &["-M0", "foo", "z-long.txt"]),
        files("--stats", 0, &["--stats", "foo", "a.txt", "b.txt"]),
        files("--stats -c", 0, &["--stats", "-c", "foo", "a.txt", "b.txt"]),
        files("--stats -v", 0, &["--stats", "-v", "foo", "a.txt"]),
        files("--stats -l", 0, &["--stats", "-l", "foo", "a.txt", "b.txt"]),
        files("--stats -m", 0, &["--stats", "-m1", "foo", "a.txt"]),
        files("--stats without a match", 1, &["--stats", "zzz", "a.txt"]),
        files("--stats --color=always", 0, &["--stats", "--color=always", "foo", "a.txt"]),
        files("--stats of a large file", 0, &["--stats", "-o", r"\d+", "big.txt"]),
        files("a large file", 0, &["-n", "needle", "big.txt"]),
        files("everything in a large file", 0, &["-n", "-b", "--column", "value", "big.txt"]),
        files("a very long line", 0, &["-o", "-b", "end|short", "z-long.txt"]),
    ]
}

/// Lines around matches.
#[rustfmt::skip]
fn context() -> Vec<Named> {
    vec![
        files("-A", 0, &["-A1", "-n", "three|seven", "b.txt"]),
        files("--before-context", 0, &["--before-context=1", "-n", "three|seven", "b.txt"]),
        files("--after-context and -B", 0, &["--after-context", "2", "-B", "1", "-n", "three|nine", "b.txt"]),
        files("-C", 0, &["-C1", "-n", "two|ten", "b.txt"]),
        files("--context that touches", 0, &["--context=2", "-n", "three|eight", "b.txt"]),
        files("-C 0", 0, &["-C0", "two|ten", "b.txt"]),
        files("-A after -C", 0, &["-C2", "-A0", "-n", "five", "b.txt"]),
        files("-C after -A", 0, &["-A0", "-C2", "-n", "five", "b.txt"]),
        files("-C beyond both ends", 0, &["-C100", "-n", "five", "b.txt"]),
        files("-C -v", 0, &["-C1", "-v", "-n", "e", "b.txt"]),
        files("-C -o", 0, &["-C1", "-o", "-n", "five|nine", "b.txt"]),
        files("-C -c", 0, &["-C1", "-c", "five|nine", "b.txt"]),
        files("-C -b --column", 0, &["-C1", "-b", "--column", "five|nine", "b.txt"]),
        files("-C of several files", 0, &["-C1", "foo", "a.txt", "no-final.txt", "crlf.txt"]),
        files("-C --heading", 0, &["-C1", "--heading", "-n", "foo", "a.txt", "no-final.txt"]),
        files("-C and no final newline", 0, &["-A2", "-n", "bar", "no-final.txt"]),
        files("-A -m", 0, &["-A2", "-m1", "-n", "six", "b.txt"]),
        files("-B -m -v", 0, &["-B2", "-m1", "-v", "-n", "foo", "a.txt"]),
        files("-B in a large file", 0, &["-B2", "-n", "needle", "big.txt"]),
        files("-A in a large file", 0, &["-A300", "-c", "needle", "big.txt"]),
        files("-C in a large file", 0, &["-C3", "-n", "needle", "big.txt"]),
        walk("-C in a walk", 0, &["-C1", "foo", "walk"]),
        piped("-C of a pipe", 0, "b.txt", &["-C1", "-n", "five|ten"]),
    ]
}

/// Something else in the place of matches.
#[rustfmt::skip]
fn replacements() -> Vec<Named> {
    vec![
        files("-r", 0, &["-r", "X", "foo", "a.txt"]),
        files("--replace with nothing", 0, &["--replace=", "foo", "a.txt"]),
        files("-r with a dash", 0, &["-r", "-X", "foo", "a.txt"]),
        files("-r twice", 0, &["-r", "X", "-r", "Y", "foo", "a.txt"]),
        files("-r of groups", 0, &["-r", "$2$1", "(f)(o+)", "a.txt"]),
        files("-r of groups in braces", 0, &["-r", "${2}x${1}y", "(f)(o+)", "a.txt"]),
        files("-r of the longest name", 0, &["-r", "$1x", "(f)(o+)", "a.txt"]),
        files("-r of names", 0, &["-r", "$b-${a}", "(?P<a>f)(?<b>o+)", "a.txt"]),
        files("-r of no group", 0, &["-r", "<$7$nope>", "(f)o", "a.txt"]),
        files("-r of a group without a match", 0, &["-r", "<$1>", "(x)?foo", "a.txt"]),
        files("-r of dollars", 0, &["-r", "$$1 $ ${ ${a-b} $-", "(f)", "a.txt"]),
        files("-r of the match", 0, &["-r", "[$0]", "o+", "a.txt"]),
        files("-r of a repeated group", 0, &["-r", "<$1>", "(?:(o)|f)+", "a.txt"]),
        files("-r of the empty match", 0, &["-r", "-", "x*", "a.txt"]),
        files("-r of line ends", 0, &["-r", "!", "$", "a.txt", "b.txt"]),
        files("-r of line starts", 0, &["-r", "> ", "^", "a.txt", "newlines.txt"]),
        files("-r of word boundaries", 0, &["-r", "|", r"\b", "a.txt"]),
        files("-r with a line end", 0, &["-r", "a\nb", "foo", "a.txt"]),
        files("-r that ends with a line end", 0, &["-r", "a\n", "-o", "foo", "a.txt"]),
        files("-r -o", 0, &["-o", "-r", "$1", "f(o+)", "a.txt"]),
        files("-r -o of nothing", 0, &["-o", "-r", "", "foo", "a.txt"]),
        files("-r -o -n -b --column", 0, &["-onb", "--column", "-r", "<$0>", "foo", "a.txt"]),
        files("-r -n -b --column -H", 0, &["-nbH", "--column", "-r", "<$0>", "foo", "a.txt"]),
        files("-r -v", 0, &["-v", "-r", "X", "foo", "a.txt"]),
        files("-r -v -C", 0, &["-v", "-C1", "-r", "X", "foo", "a.txt"]),
        files("-r -C", 0, &["-C1", "-r", "X", "-n", "five|nine", "b.txt"]),
        files("-r -c", 0, &["-c", "-r", "X", "foo", "a.txt"]),
        files("-r --count-matches", 0, &["--count-matches", "-r", "X", "foo", "a.txt"]),
        files("-r -l", 0, &["-l", "-r", "X", "foo", "a.txt"]),
        files("-r --stats", 0, &["--stats", "-r", "X", "foo", "a.txt"]),
        files("-r -M", 0, &["-M10", "-r", "a longer text", "foo", "a.txt"]),
        files("-r that shortens -M", 0, &["-M5", "-r", "", "foo", "a.txt"]),
        files("-r -M --column", 0, &["-M10", "--column", "-r", "a longer text", "foo", "a.txt"]),
        files("-r -M -o", 0, &["-M3", "-o", "-r", "long", "foo", "a.txt"]),
        files("-r -M preview", 0, &["-M10", "--max-columns-preview", "-r", "long", "foo", "a.txt"]),
        files("-r -M preview --trim", 0, &["-M6", "--max-columns-preview", "--trim", "-r", "  l", "foo", "tabs.txt"]),
        files(
            "-M preview --trim --column",
            0,
            &["-M6", "--max-columns-preview", "--trim", "--column", "t?", "tabs.txt"],
        ),
        files(
            "-r -M preview --color",
            0,
            &["-M9", "--max-columns-preview", "--color=always", "-r", "long", "foo", "a.txt"],
        ),
        files("-r --trim", 0, &["--trim", "-r", " X", r"\s*foo", "tabs.txt"]),
        files("-r --color=always", 0, &["--color=always", "-r", "<$0>", "foo", "a.txt", "no-final.txt"]),
        files("-r --color=always of nothing", 0, &["--color=always", "-r", "", "foo", "a.txt"]),
        files("-r --color=always -o", 0, &["--color=always", "-o", "-n", "-r", "<$0>", "foo", "a.txt"]),
        files("-r of several patterns", 0, &["-r", "<$1$2>", "-e", "(fo)o", "-e", "(b)ar", "a.txt"]),
        files("-r of several patterns at one place", 0, &["-r", "<$1|$2>", "-e", "(fo)", "-e", "(foo)", "a.txt"]),
        files("-r of groups in the second pattern", 0, &["-r", "<$1$2$3>", "-e", "(f)(o)o$", "-e", "(bar)", "a.txt"]),
        files("-r -F", 0, &["-F", "-r", "<$0$1>", "(x)", "meta.txt"]),
        files("-r -F of several", 0, &["-F", "-r", "<$0>", "-e", "[y]", "-e", "$1", "meta.txt"]),
        files("-r -w", 0, &["-w", "-r", "<$1>", "(fo+)", "a.txt"]),
        files("-r -x", 0, &["-x", "-r", "<$1>", "(fo+)|x", "a.txt"]),
        files("-r -i", 0, &["-i", "-r", "<$1>", "(FO)o", "a.txt"]),
        files("-r -S", 0, &["-S", "-r", "<$1>", "(fo)o", "a.txt"]),
        files("-r and broken UTF-8", 0, &["-r", "<$1>", r"(\w+)", "invalid.txt"]),
        files("-r and CRLF", 0, &["-r", "<$1>", r"(o)\r?", "crlf.txt"]),
        files("-r in a large file", 0, &["-r", "$2 $1", r"(\w+) (needle|straw)", "big.txt"]),
        files("-r of an invalid pattern", 2, &["-r", "X", "(", "a.txt"]),
        files("-r without its value", 2, &["foo", "a.txt", "-r"]),
        files("-r and NUL", 0, &["-a", "-r", "<$0>", "foo", "nul/early.txt"]),
        walk("-r in a walk", 0, &["-r", "<$0>", "foo", "walk"]),
        piped("-r of a pipe", 0, "a.txt", &["-r", "<$1>", "(fo)o"]),
    ]
}

/// Line ends other than `\n`.
#[rustfmt::skip]
fn terminators() -> Vec<Named> {
    vec![
        files("--crlf", 0, &["--crlf", "foo", "crlf.txt"]),
        files("--crlf -n of a line end", 0, &["--crlf", "-n", "foo$", "mixed-ends.txt"]),
        files("--crlf -x", 0, &["--crlf", "-x", "two|ten", "b.txt"]),
        files("--crlf of an empty line", 0, &["--crlf", "-n", "^$", "a.txt"]),
        files("--crlf -o", 0, &["--crlf", "-o", "-b", "foo.*", "mixed-ends.txt"]),
        files("--crlf -v", 0, &["--crlf", "-v", "foo", "mixed-ends.txt"]),
        files("--crlf -r", 0, &["--crlf", "-r", "<$1>", "(o)$", "mixed-ends.txt"]),
        files("--crlf -c", 0, &["--crlf", "-c", "foo", "mixed-ends.txt", "crlf.txt"]),
        files("--crlf -l", 0, &["--crlf", "-l", "foo", "mixed-ends.txt", "crlf.txt"]),
        files("--crlf -C", 0, &["--crlf", "-C1", "foo", "mixed-ends.txt", "b.txt", "crlf.txt"]),
        files("--crlf and breaks", 0, &["--crlf", "-C1", "-n", "two|ten", "b.txt"]),
        files("--crlf --heading", 0, &["--crlf", "--heading", "-H", "foo", "mixed-ends.txt", "crlf.txt"]),
        files("--crlf --color=always", 0, &["--crlf", "--color=always", "foo", "mixed-ends.txt", "a.txt"]),
        files("--crlf --trim", 0, &["--crlf", "--trim", "", "mixed-ends.txt", "tabs.txt"]),
        files("--crlf -M", 0, &["--crlf", "-M4", "foo", "mixed-ends.txt"]),
        files("--crlf -M preview", 0, &["--crlf", "-M4", "--max-columns-preview", "foo", "mixed-ends.txt"]),
        files("--crlf --stats", 0, &["--crlf", "--stats", "foo", "mixed-ends.txt"]),
        files("--crlf and NUL", 0, &["--crlf", "foo", "nul/early.txt"]),
        files("--crlf and a carriage return in the pattern", 2, &["--crlf", r"foo\r", "crlf.txt"]),
        files("--crlf after --null-data", 0, &["--null-data", "--crlf", "foo$", "mixed-ends.txt"]),
        piped("--crlf of a pipe", 0, "mixed-ends.txt", &["--crlf", "-n", "foo$"]),
        files("--null-data", 0, &["--null-data", "foo", "records"]),
        files("--null-data -n", 0, &["--null-data", "-n", "-b", "--column", "foo", "records"]),
        files("--null-data of anchors", 0, &["--null-data", "-n", "^foo$|^$", "records"]),
        files("--null-data -x", 0, &["--null-data", "-x", "foo", "records"]),
        files("--null-data -o", 0, &["--null-data", "-o", "foo", "records"]),
        files("--null-data -v", 0, &["--null-data", "-v", "foo", "records"]),
        files("--null-data -r", 0, &["--null-data", "-r", "<$0>", "fo+", "records"]),
        files("--null-data -c", 0, &["--null-data", "-c", "-H", "foo", "records", "records-with-lines"]),
        files("--null-data --count-matches", 0, &["--null-data", "--count-matches", "o", "records"]),
        files("--null-data -l", 0, &["--null-data", "-l", "foo", "records", "a.txt"]),
        files("--null-data --files-without-match", 1, &["--null-data", "--files-without-match", "foo", "records"]),
        files("--null-data -C", 0, &["--null-data", "-C1", "-n", "foobar", "records"]),
        files("--null-data and breaks", 0, &["--null-data", "-C0", "-A0", "-B1", "^$|last", "records"]),
        files("--null-data -C of several files", 0, &["--null-data", "-A1", "foo", "records", "a.txt"]),
        files("--null-data --heading", 0, &["--null-data", "--heading", "-H", "foo", "records", "a.txt"]),
        files("--null-data --color=always", 0, &["--null-data", "--color=always", "-n", "foo", "records"]),
        files("--null-data and line feeds", 0, &["--null-data", "-n", "foo", "records-with-lines", "a.txt"]),
        files("--null-data and white space", 0, &["--null-data", "-o", r"x\s+foo\s", "records-with-lines"]),
        files("--null-data --trim", 0, &["--null-data", "--trim", r"\s+foo", "records-with-lines"]),
        files("--null-data -M", 0, &["--null-data", "-M4", "foo", "records"]),
        files("--null-data --stats", 0, &["--null-data", "--stats", "foo", "records"]),
        files("--null-data and a NUL in the pattern", 2, &["--null-data", r"\x00", "records"]),
        files("--null-data after --crlf", 0, &["--crlf", "--null-data", "-n", "foo", "records"]),
        files("--null-data of a NUL near the start", 0, &["--null-data", "-n", "foo", "nul/early.txt"]),
        walk("--null-data in a walk", 0, &["--null-data", "-n", "foo", "walk"]),
        piped("--null-data of a pipe", 0, "records", &["--null-data", "-n", "foo"]),
    ]
}

/// Messages in JSON.
#[rustfmt::skip]
fn json() -> Vec<Named> {
    vec![
        files("--json", 0, &["--json", "foo", "a.txt"]),
        files("--json without a match", 1, &["--json", "zzz", "a.txt"]),
        files("--json of several files", 0, &["--json", "foo", "a.txt", "b.txt", "crlf.txt"]),
        files("--json -o", 0, &["--json", "-o", "foo", "a.txt"]),
        files("--json -N", 0, &["--json", "-N", "foo", "a.txt"]),
        files("--json -v", 0, &["--json", "-v", "foo", "a.txt"]),
        files("--json -v -C", 0, &["--json", "-v", "-C1", "foo", "a.txt"]),
        files("--json -C", 0, &["--json", "-C1", "two|nine", "b.txt"]),
        files("--json -m", 0, &["--json", "-m2", "foo", "a.txt"]),
        files("--json -m 0", 1, &["--json", "-m0", "foo", "a.txt"]),
        files("--json -A -m", 0, &["--json", "-A1", "-m1", "foo", "a.txt"]),
        files("--json -q", 0, &["--json", "-q", "foo", "a.txt", "crlf.txt"]),
        files("--json -q without a match", 1, &["--json", "-q", "zzz", "a.txt"]),
        files("--json -q of a binary file", 0, &["--json", "-q", "foo", "nul/early.txt"]),
        files("-c after --json", 0, &["--json", "-c", "foo", "a.txt"]),
        files("--json after -c", 0, &["-c", "--json", "foo", "a.txt"]),
        files("--json after -l", 0, &["-l", "--json", "foo", "a.txt"]),
        files("-l after --json", 0, &["--json", "-l", "foo", "a.txt"]),
        files("--count-matches after --json", 0, &["--json", "--count-matches", "foo", "a.txt"]),
        files("--files-without-match after --json", 0, &["--json", "--files-without-match", "foo", "b.txt"]),
        files("--json --stats", 0, &["--json", "--stats", "foo", "a.txt"]),
        files("--json -c --stats", 0, &["--json", "-c", "--stats", "foo", "a.txt"]),
        files("--json -I --heading --color", 0, &["--json", "-I", "--heading", "--color=always", "foo", "a.txt"]),
        files("--json -M --trim -b --column", 0, &["--json", "-M3", "--trim", "-b", "--column", "foo", "tabs.txt"]),
        files("--json of Unicode", 0, &["--json", r"\w+", "unicode.txt"]),
        files("--json of broken UTF-8", 0, &["--json", "(?-u:[a-z\\xff])", "invalid.txt"]),
        files("--json of control characters", 0, &["--json", "x|\\t", "tabs.txt", "meta.txt"]),
        files("--json without a final line end", 0, &["--json", "foo", "no-final.txt"]),
        files("--json of empty matches", 0, &["--json", "x*", "a.txt"]),
        files("--json -r", 0, &["--json", "-r", "<$1>", "f(o)", "a.txt"]),
        files("--json -r of nothing", 0, &["--json", "-r", "", "f(o)", "a.txt"]),
        files("--json -r -v -C", 0, &["--json", "-v", "-C1", "-r", "<$0>", "foo", "a.txt"]),
        files("--json -r of broken UTF-8", 0, &["--json", "-r", "<$0>", "(?-u:[\\x80-\\xff])", "invalid.txt"]),
        files("--json of a NUL near the start", 0, &["--json", "foo", "nul/early.txt"]),
        files("--json of a NUL in the first line", 0, &["--json", "foo", "nul/first.txt"]),
        files("--json of a NUL after 200 KiB", 0, &["--json", "foo", "nul/after-200k.txt"]),
        files("--json of a NUL that is not shown", 0, &["--json", "-m1", "foo", "nul/after-200k.txt"]),
        files("--json -a of a NUL", 0, &["--json", "-a", "foo", "nul/early.txt"]),
        files("--json of UTF-16", 0, &["--json", "foo", "enc/utf16le.txt"]),
        files("--json --crlf", 0, &["--json", "--crlf", "foo$", "mixed-ends.txt"]),
        files("--json --null-data", 0, &["--json", "--null-data", "foo", "records", "records-with-lines"]),
        files("--json of a large file", 0, &["--json", "needle", "big.txt"]),
        files("--json of a missing file", 2, &["--json", "foo", "no-such-file", "a.txt"]),
        files("--json of an invalid regex", 2, &["--json", "(", "a.txt"]),
        walk("--json in a walk", 0, &["--json", "foo", "walk"]),
        walk("--json -q in a walk with NUL", 0, &["--json", "-q", "foo", "walk"]),
        walk("--json in a walk with NUL", 0, &["--json", "foo", "nul"]),
        piped("--json of a pipe", 0, "a.txt", &["--json", "-n", "foo"]),
        piped("--json of a large pipe", 0, "big.txt", &["--json", "needle"]),
    ]
}

/// All lines.
#[rustfmt::skip]
fn passthru() -> Vec<Named> {
    vec![
        files("--passthru", 0, &["--passthru", "foo", "a.txt"]),
        files("--passthru without a match", 1, &["--passthru", "zzz", "a.txt"]),
        files("--passthru -n -b --column", 0, &["--passthru", "-nb", "--column", "foo", "a.txt"]),
        files("--passthru -H", 0, &["--passthru", "-H", "foo", "a.txt", "b.txt"]),
        files("--passthru -v", 0, &["--passthru", "-v", "-n", "foo", "a.txt"]),
        files("--passthru -o", 0, &["--passthru", "-o", "-n", "foo", "a.txt"]),
        files("--passthru -m", 0, &["--passthru", "-m1", "-n", "foo", "a.txt"]),
        files("--passthru -r", 0, &["--passthru", "-r", "X", "-n", "foo", "a.txt"]),
        files("--passthru -c", 0, &["--passthru", "-c", "foo", "a.txt"]),
        files("--passthru --heading", 0, &["--passthru", "--heading", "foo", "a.txt", "b.txt"]),
        files("--passthru --color=always", 0, &["--passthru", "--color=always", "-n", "foo", "a.txt"]),
        files("--passthru -M", 0, &["--passthru", "-M5", "foo", "a.txt"]),
        files("--passthru --json", 0, &["--passthru", "--json", "foo", "a.txt"]),
        files("--passthru --stats", 0, &["--passthru", "--stats", "foo", "a.txt"]),
        files("--passthru after -C", 0, &["-C1", "--passthru", "-n", "foo", "a.txt"]),
        files("-C after --passthru", 0, &["--passthru", "-C1", "-n", "foo", "a.txt"]),
        files("--passthru of a NUL", 0, &["--passthru", "foo", "nul/early.txt"]),
        files("--passthru of a large file", 0, &["--passthru", "-n", "needle", "big.txt"]),
        piped("--passthru of a pipe", 0, "a.txt", &["--passthru", "-n", "foo"]),
        walk("--passthru in a walk", 0, &["--passthru", "-n", "foo", "walk"]),
    ]
}

/// Matches over several lines.
#[rustfmt::skip]
fn multiline() -> Vec<Named> {
    vec![
        files("-U", 0, &["-U", "-n", r"two\nthree", "b.txt"]),
        files("-U of a pattern within lines", 0, &["-U", "-n", "foo", "a.txt"]),
        files("-U -o", 0, &["-U", "-o", "-n", "-b", "--column", r"two\nth", "b.txt"]),
        files("-U -c -o", 0, &["-U", "-co", r"e\nt", "b.txt"]),
        files("-U -r of line ends", 0, &["-U", "-n", "-r", "?", r"\n", "b.txt"]),
        files("-U -o --trim", 0, &["-U", "-o", "--trim", "-n", r"\s+foo", "tabs.txt", "a.txt"]),
        files("-U --count-matches", 0, &["-U", "--count-matches", r"e\n", "b.txt"]),
        files("-U -v", 0, &["-U", "-v", "-n", r"two\nthree", "b.txt"]),
        files("-U -C", 0, &["-U", "-C1", "-n", r"five\nsix", "b.txt"]),
        files("-U -m", 0, &["-U", "-m1", "-n", r"e\nt", "b.txt"]),
        files("-U -r", 0, &["-U", "-n", "-r", "<$2$1>", r"(two)\n(three)", "b.txt"]),
        files("-U of matches that share a line", 0, &["-U", "-n", r"e\n.", "b.txt"]),
        files("-U --multiline-dotall", 0, &["-U", "--multiline-dotall", "-n", "two.*?four", "b.txt"]),
        files("--multiline-dotall alone", 1, &["--multiline-dotall", "two.*four", "b.txt"]),
        files("-U --json", 0, &["-U", "--json", r"two\nthree", "b.txt"]),
        files("-U --color=always", 0, &["-U", "--color=always", "-n", r"wo\nth", "b.txt"]),
        files("-U -x", 0, &["-U", "-x", "-n", r"two\nthree", "b.txt"]),
        files("-U -w", 0, &["-U", "-w", "-n", r"two\nthree", "b.txt"]),
        files("-U --crlf", 0, &["-U", "--crlf", "-n", r"foo$", "mixed-ends.txt"]),
        files("-U --null-data", 0, &["-U", "--null-data", "-n", r"foo\x00bar", "records"]),
        files("-U of anchors", 0, &["-U", "-n", "^$", "a.txt", "newlines.txt"]),
        files("-U --trim -M", 0, &["-U", "--trim", "-M6", r"foo\n", "tabs.txt"]),
        piped("-U of a pipe", 0, "b.txt", &["-U", "-n", r"two\nthree"]),
    ]
}

/// What is searched.
#[rustfmt::skip]
fn inputs() -> Vec<Named> {
    vec![
        files("a cluster of -n, -uu, -H and -C", 0, &["-nuuHC2", "foo", "a.txt"]),
        files("-rn is a replacement", 0, &["-rn", "foo", "a.txt"]),
        files("flags behind paths and --", 0, &["foo", "a.txt", "-c", "--", "b.txt"]),
        files("empty values", 0, &["--replace=", "--context-separator=", "-C1", "foo", "a.txt"]),
        walk("a type in capital letters", 2, &["-tRust", "foo", "walk"]),
        files("several files in the order given", 0, &["foo", "no-final.txt", "a.txt", "crlf.txt"]),
        files("the same file twice", 0, &["foo", "a.txt", "a.txt"]),
        files("a path with spaces", 0, &["-H", "foo", "a b/c d.txt"]),
        files("a path that begins with ./", 0, &["-H", "foo", "./a.txt"]),
        files("a hidden file by name", 0, &["-H", "foo", "walk/.hidden"]),
        files("an ignored file by name", 0, &["-H", "foo", "walk/skipped.tmp"]),
        files("options after paths", 0, &["foo", "a.txt", "-n", "-o"]),
        files("--mmap", 0, &["--mmap", "foo", "a.txt"]),
        files("--no-mmap", 0, &["--no-mmap", "foo", "a.txt"]),
        files("--mmap of an empty file", 1, &["--mmap", "foo", "empty.txt"]),
        files("-j is accepted", 0, &["-j3", "foo", "a.txt"]),
        files("--threads is accepted", 0, &["--threads=2", "foo", "a.txt"]),
        files("-j0 is accepted", 0, &["-j0", "foo", "a.txt"]),
        files("the null device", 1, &["foo", "/dev/null"]),
        walk("a directory", 0, &["foo", "walk"]),
        walk("a directory with a slash", 0, &["foo", "walk/"]),
        walk("the current directory", 0, &["-l", "foo", "."]),
        walk("the current directory with a slash", 0, &["-l", "foo", "./"]),
        walk("no path and no input", 0, &["-l", "foo"]),
        walk("two directories", 0, &["foo", "walk/b", "walk/a"]),
        walk("a directory and a file", 0, &["-n", "foo", "walk/a", "a.txt"]),
        walk("a directory without matches", 1, &["zzz", "walk"]),
        walk("--hidden", 0, &["--hidden", "foo", "walk"]),
        walk("--no-ignore", 0, &["--no-ignore", "foo", "walk"]),
        walk("--hidden --no-ignore", 0, &["--hidden", "--no-ignore", "-l", "foo", "walk"]),
        walk("a repository", 0, &["foo", "repo"]),
        walk("a repository with --no-ignore", 0, &["--no-ignore", "foo", "repo"]),
        walk("-g", 0, &["-g", "*.txt", "foo", "walk"]),
        walk("--glob that excludes", 0, &["--glob=!*.txt", "foo", "walk"]),
        walk("-g twice", 0, &["-g", "*.txt", "-g", "!a.txt", "foo", "walk"]),
        walk("-g of a hidden file", 0, &["-g", ".hidden", "foo", "walk"]),
        walk("-g that matches nothing", 1, &["-g", "*.none", "foo", "walk"]),
        walk("-c in a walk", 0, &["-c", "foo", "walk"]),
        walk("-l in a walk", 0, &["-l", "foo", "walk"]),
        walk("--files-without-match in a walk", 0, &["--files-without-match", "foo", "walk"]),
        walk("--heading in a walk", 0, &["--heading", "-n", "foo", "walk"]),
        walk("--color=always in a walk", 0, &["--color=always", "foo", "walk"]),
        walk("-I in a walk", 0, &["-I", "foo", "walk"]),
        walk("-q in a walk", 0, &["-q", "foo", "walk"]),
        walk("-m in a walk", 0, &["-m1", "foo", "walk"]),
        walk("--stats in a walk", 0, &["--stats", "foo", "walk"]),
        piped("a pipe", 0, "a.txt", &["foo"]),
        piped("a pipe named -", 0, "a.txt", &["foo", "-"]),
        piped("-H of a pipe", 0, "a.txt", &["-H", "foo"]),
        piped("-c of a pipe", 0, "a.txt", &["-c", "foo"]),
        piped("-l of a pipe", 0, "a.txt", &["-l", "foo"]),
        piped("--heading of a pipe", 0, "a.txt", &["--heading", "-H", "foo"]),
        piped("an empty pipe", 1, "empty.txt", &["foo"]),
        piped("a large pipe", 0, "big.txt", &["-n", "needle"]),
        piped("-q of a large pipe", 0, "big.txt", &["-q", "straw"]),
        piped("-m of a large pipe", 0, "big.txt", &["-m1", "straw"]),
        piped("a very long line in a pipe", 0, "z-long.txt", &["-c", "foo"]),
        piped("--stats of a pipe", 0, "a.txt", &["--stats", "-c", "foo"]),
        piped("a pipe among files", 0, "b.txt", &["-n", "fo", "a.txt", "-"]),
        piped("a BOM in a pipe", 0, "enc/bom.txt", &["--column", "^foo"]),
        piped("UTF-16 in a pipe", 0, "enc/utf16le.txt", &["-b", "ключ"]),
        redirected("a redirected file", 0, "a.txt", &["-n", "foo"]),
        redirected("an empty redirected file", 1, "empty.txt", &["-c", "foo"]),
        redirected("a large redirected file", 0, "big.txt", &["-n", "-b", "needle"]),
        files("a BOM", 0, &["-o", "--column", "^foo", "enc/bom.txt"]),
        files("a BOM is not printed", 0, &["foo", "enc/bom.txt"]),
        files("UTF-16 LE", 0, &["-n", "-b", "ключ|bar", "enc/utf16le.txt"]),
        files("UTF-16 BE", 0, &["-o", "-b", "foo", "enc/utf16be.txt"]),
        files("UTF-16 with -a", 0, &["-a", "foo", "enc/utf16le.txt"]),
        files("--stats of UTF-16", 0, &["--stats", "foo", "enc/utf16le.txt"]),
    ]
}

/// Files with NUL bytes.
#[rustfmt::skip]
fn binary() -> Vec<Named> {
    vec![
        files("NUL near the start", 0, &["foo", "nul/early.txt"]),
        files("NUL in the first line", 0, &["foo", "nul/first.txt"]),
        files("NUL and no match", 1, &["foo", "nul/no-match.txt"]),
        files("NUL after 64 KiB", 0, &["-n", "foo", "nul/after-64k.txt"]),
        files("NUL after 200 KiB", 0, &["-n", "foo", "nul/after-200k.txt"]),
        files("NUL with -a", 0, &["-a", "-n", "foo", "nul/early.txt"]),
        files("NUL with --text -v", 0, &["--text", "-v", "-n", "^foo", "nul/early.txt"]),
        files("NUL with --binary", 0, &["--binary", "foo", "nul/early.txt"]),
        files("NUL with --no-mmap", 0, &["--no-mmap", "foo", "nul/after-200k.txt"]),
        files("NUL with -c", 0, &["-c", "foo", "nul/early.txt", "nul/after-200k.txt"]),
        files("NUL with --count-matches", 0, &["--count-matches", "foo", "nul/early.txt"]),
        files("NUL with -l", 0, &["-l", "foo", "nul/early.txt", "nul/no-match.txt"]),
        files("NUL with -v", 0, &["-v", "^foo", "nul/early.txt"]),
        files("NUL with -v -c", 0, &["-v", "-c", "foo", "nul/after-64k.txt"]),
        files("NUL with -o", 0, &["-o", "foo", "nul/after-200k.txt"]),
        files("NUL with -C", 0, &["-C2", "foo", "nul/after-200k.txt"]),
        files("NUL with -m", 0, &["-m1", "foo", "nul/after-200k.txt"]),
        files("NUL with -q", 0, &["-q", "foo", "nul/early.txt"]),
        files("NUL with --stats", 0, &["--stats", "foo", "nul/after-200k.txt"]),
        files("NUL with --heading", 0, &["--heading", "foo", "a.txt", "nul/early.txt"]),
        files("NUL with --color=always", 0, &["--color=always", "-H", "foo", "nul/early.txt"]),
        files("NUL with --files-without-match", 0, &["--files-without-match", "foo", "nul/no-match.txt"]),
        walk("NUL in a walk", 0, &["foo", "nul"]),
        walk("NUL in a walk with -a", 0, &["-a", "-n", "foo", "nul"]),
        walk("NUL in a walk with --binary", 0, &["--binary", "-n", "foo", "nul"]),
        walk("NUL in a walk with -c", 1, &["-c", "foo", "nul"]),
        walk("NUL in a walk with --stats", 0, &["--stats", "foo", "nul"]),
        piped("NUL in a pipe", 0, "nul/early.txt", &["foo"]),
        redirected("NUL in a redirected file after 64 KiB", 0, "nul/after-64k.txt", &["-n", "foo"]),
        redirected("NUL in a redirected file after 200 KiB", 0, "nul/after-200k.txt", &["-n", "foo"]),
        piped("NUL in a pipe with -a", 0, "nul/early.txt", &["-a", "-b", "foo"]),
        redirected("NUL in a redirected file with -c", 0, "nul/after-200k.txt", &["-c", "foo"]),
    ]
}

/// Command lines that end with an error.
#[rustfmt::skip]
fn errors() -> Vec<Named> {
    vec![
        files("a missing file", 2, &["foo", "no-such-file"]),
        files("a missing file and a good one", 2, &["foo", "no-such-file", "a.txt"]),
        files("a good file and a missing one", 2, &["-c", "foo", "a.txt", "no-such-file"]),
        files("-q finds a match despite a missing file", 0, &["-q", "foo", "no-such-file", "a.txt"]),
        files("-l and a missing file", 2, &["-l", "foo", "no-such-file", "a.txt"]),
        files("a missing file without a match elsewhere", 2, &["zzz", "no-such-file", "a.txt"]),
        files("an invalid regex", 2, &["(", "a.txt"]),
        files("an invalid regex in -e", 2, &["-e", "foo", "-e", "[", "a.txt"]),
        files("an invalid regex in -f", 2, &["-f", "../side/invalid", "a.txt"]),
        files("a missing pattern file", 2, &["-f", "../side/missing", "a.txt"]),
        files("a newline in the pattern", 2, &["a\\nb", "a.txt"]),
        files("a literal newline in -F", 2, &["-F", "foo\nbar", "a.txt"]),
        files("a NUL in the pattern", 2, &["\\x00", "a.txt"]),
        files("a NUL in the pattern with -a", 0, &["-a", "-c", "\\x00", "nul/early.txt"]),
        files("look-around is not supported", 2, &["(?=x)", "a.txt"]),
        files("no pattern", 2, &[]),
        files("an unknown option", 2, &["--no-such-option", "foo", "a.txt"]),
        files("an option without its value", 2, &["foo", "a.txt", "-A"]),
        files("an option with a bad value", 2, &["-A", "x", "foo", "a.txt"]),
        files("an unknown colour choice", 2, &["--color=sometimes", "foo", "a.txt"]),
        files("a negative number", 2, &["-m", "-1", "foo", "a.txt"]),
        walk("an invalid glob", 2, &["-g", "[", "foo", "walk"]),
        files("an unknown type and one file", 2, &["-tnope", "foo", "a.txt"]),
        files("an invalid glob and one file", 2, &["-g", "[", "foo", "a.txt"]),
        files("an invalid --iglob and one file", 2, &["--iglob={", "foo", "a.txt"]),
        walk("an unknown type", 2, &["-tnope", "foo", "walk"]),
        walk("a type without a glob", 2, &["--type-add=foo", "foo", "walk"]),
        walk("a missing directory", 2, &["foo", "walk/missing", "walk/a"]),
        piped("standard input twice", 2, "patterns", &["-f", "-", "-"]),
    ]
}
