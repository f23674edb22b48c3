//! Random combinations of all of ripgrep's flags, over small trees that have what the flags are about: types, ignore
//! files in every position, hidden files, links, encodings.

use std::sync::Arc;

use crate::{
    case::{Case, Input, Stdin, TreeFile},
    generate::Gen,
};

/// All flags that are compared. Each row is one flag and each part of it a way to give it, with other flags where it
/// shows nothing alone.
#[rustfmt::skip]
pub(crate) const FLAGS: &[&str] = &[
    "-e foo|--regexp bar|-e ^", "-f ../side/pats|--file ../side/pats", "-F|--fixed-strings", "--no-fixed-strings",
    "-i|--ignore-case", "-s|--case-sensitive", "-S|--smart-case", "-w|--word-regexp", "-x|--line-regexp",
    "-v|--invert-match", "--no-invert-match", "-U|--multiline", "--no-multiline", "--multiline-dotall",
    "--no-multiline-dotall", "--crlf", "--no-crlf", "--null-data", "-a|--text", "--no-text", "--binary", "--no-binary",
    "--no-unicode", "--unicode", "--engine=default|--engine=auto", "--regex-size-limit=10M", "--dfa-size-limit=1M",
    "-E latin1|-Eutf-8|--encoding=utf-16|--encoding=none|-Eauto|-Eshift_jis", "--no-encoding",
    "--pre=cat|--pre=", "--no-pre", "--pre-glob=*.txt", "-z|--search-zip", "--no-search-zip",
    "-n|--line-number", "-N|--no-line-number", "-b|--byte-offset", "--no-byte-offset", "--column", "--no-column",
    "-H|--with-filename", "-I|--no-filename", "--heading", "--no-heading", "--trim", "--no-trim",
    "-M20|--max-columns=5|-M 0", "--max-columns-preview", "--no-max-columns-preview", "-o|--only-matching",
    "-c|--count", "--count-matches", "-l|--files-with-matches", "--files-without-match", "--include-zero",
    "--no-include-zero", "-q --stats|--quiet --json", "-m1|-m 2|--max-count=3", "-A1|--after-context=2",
    "-B1|--before-context=2", "-C1|--context=2|-C 3", "--passthru|--passthrough", "--stop-on-nonmatch",
    "-r <$0>|--replace=${1}y|--replace=", "-L|--follow", "--no-follow", "-.|--hidden", "--no-hidden", "--no-ignore",
    "--ignore", "--no-ignore-dot", "--ignore-dot", "--no-ignore-exclude", "--ignore-exclude", "--no-ignore-files",
    "--ignore-files", "--no-ignore-global", "--ignore-global", "--no-ignore-parent", "--ignore-parent",
    "--no-ignore-vcs", "--ignore-vcs", "--no-require-git", "--require-git", "--no-ignore-messages",
    "--ignore-messages", "--one-file-system", "--no-one-file-system", "-u|-uu|-uuu|--unrestricted",
    "-g *.rs|-g!*.txt|--glob=sub/**|-g*.TXT|--glob=!sub|-g[ab]*", "--iglob=*.TXT|--iglob=!*.RS",
    "--glob-case-insensitive", "--no-glob-case-insensitive", "--ignore-file=ig1", "--ignore-file-case-insensitive",
    "--no-ignore-file-case-insensitive", "-trust|-t py|--type=all|--type=txt", "-Trust|-Tmd|--type-not=txt",
    "--type-add=foo:*.txt -tfoo|--type-add=foo:include:rust,py -tfoo|--type-add=rust:*.txt",
    "--type-clear=rust|--type-clear=txt", "--type-list", "-d1|--max-depth=2|--maxdepth=0 a.txt",
    "--max-filesize=50|--max-filesize=1K", "--sort=path|--sort=modified|--sort=accessed|--sort=none",
    "--sortr=path|--sortr=modified", "--sort-files", "--no-sort-files", "--files", "-0|--null",
    "--context-separator=XX -C1|--context-separator= -A1|--context-separator=\\t", "--no-context-separator",
    "--field-match-separator=@@|--field-match-separator=\\x00 -n", "--field-context-separator=++ -C1",
    "--path-separator=@|--path-separator=\\", "--vimgrep", "-p|--pretty", "--json", "--no-json", "--stats",
    "--no-stats", "--color=always|--color=ansi|--color=never|--color always",
    "--colors=match:none|--colors=path:fg:blue --color=always|--colors=line:style:bold --color=always|\
     --colors=column:fg:0x10|--colors=highlight:bg:yellow --color=always|--colors=match:fg:1,2,3 --color=ansi",
    "--hyperlink-format=default --color=always|--hyperlink-format=vscode --color=always|--hyperlink-format=none|\
     --hyperlink-format=x://{path}:{line} --color=always|--hyperlink-format=kitty",
    "--hostname-bin=hostname", "--line-buffered", "--no-line-buffered", "--block-buffered", "--no-block-buffered",
    "--mmap", "--no-mmap", "-j1|-j 2|--threads=3", "--no-messages", "--messages", "--no-config", "--debug", "--trace",
    "--no-pcre2", "--auto-hybrid-regex", "--no-auto-hybrid-regex", "--pcre2-unicode", "--no-pcre2-unicode",
];

/// The flag that a group of arguments gives: `-m` of `-m1`, `--sort` of `--sort=path`.
pub(crate) fn name(argument: &str) -> &str {
    if argument.starts_with("--") {
        argument.split('=').next().unwrap_or(argument)
    } else {
        argument.get(..2).unwrap_or(argument)
    }
}

/// The ways to give the flag of one row.
pub(crate) fn forms(row: &'static str) -> impl Iterator<Item = &'static str> {
    row.split('|')
}

const WORDS: &[&str] = &[
    "foo",
    "bar",
    "Foo",
    "BAR",
    "needle",
    "x",
    "fn main()",
    "  indented foo",
    "a.b",
    "foofoo",
    "été",
    "Straße",
    "12",
    "\tTab foo",
    "",
    "foo bar foo",
    "$x",
    "-dash",
    "end foo",
];

const NAMES: &[&str] = &[
    "a.txt",
    "b.rs",
    "c.py",
    ".hidden",
    "d.md",
    "Makefile",
    "e.c",
    "f.h",
    "G.TXT",
    "space name.txt",
    "é.txt",
    "build.log",
    "z.json",
    ".dot.rs",
];

/// Rules of ignore files.
const RULES: &[&str] = &[
    "*.txt\n",
    "target\n",
    "/sub/\n",
    "!a.txt\n",
    "*.rs\n!b.rs\n",
    "# c\n\nsrc/**\n",
    "*.{c,h}\n",
    "B*\n",
    "deep/\n",
    "[ab].*\n",
];

const PATTERNS: &[&str] = &[
    "foo",
    "bar",
    "f.o",
    "^",
    "$",
    "o+",
    "(f)(oo)",
    "été",
    "[a-z]+",
    "needle|x",
    r"\bfoo\b",
    "",
    "Foo",
    r"foo\nbar",
    r"\s",
    ".",
    "a.b",
    r"\w+$",
    "zzz",
    r"\d",
    "(?i)STRASSE",
];

/// Lines in the format of gzip.
const PACKED: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\xcb\xcf\x57\x28\x48\x4c\xce\x4e\x4d\xe1\xca\
    \x4b\x4d\x4d\xc9\x49\x55\x48\x4a\x2c\xe2\xaa\x50\x48\x03\x8a\x03\x31\x17\x00\xc5\xac\xab\x0e\x20\x00\x00\x00";

/// Small trees, and cases over them.
impl Gen {
    /// The contents of a file of a small tree.
    fn words(&mut self) -> Vec<u8> {
        let (count, end) = (self.pick(&[0, 1, 3, 8, 30]), self.pick(&["\n", "\n", "\n", "\r\n"]));
        let lines = (0..count).map(|_| {
            let word = if self.one_in(30) { "long ".repeat(30) + "foo" } else { self.pick(WORDS).to_owned() };
            word + self.pick(&["", " ", " foo", " baz", " été"])
        });
        let mut text = lines.collect::<Vec<_>>().join(end);
        if count > 0 && !self.one_in(5) {
            text.push_str(end);
        }
        match self.below(40) {
            0 | 1 => text.replace("bar", "b\0r").into_bytes(),
            2 | 3 => bstr_replace(&text, "foo", b"f\xffo foo"),
            4 => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect(),
            5 => format!("\u{feff}{text}").into_bytes(),
            6 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            _ => text.into_bytes(),
        }
    }

    /// A small tree.
    pub(crate) fn small_tree(&mut self) -> Arc<Vec<TreeFile>> {
        let mut tree = Vec::<TreeFile>::new();
        let mut add = |name: String, data: Vec<u8>| {
            if tree.iter().all(|(other, _)| *other != name) {
                tree.push((name, Arc::new(data)));
            }
        };
        let mut directories = vec![String::new()];
        for _ in 0..=self.below(5) {
            let above = self.below(directories.len());
            let name = self.pick(&["sub", "src", ".hid", "target", "deep", "Sub2"]);
            directories.push(format!("{}{name}/", directories[above]));
        }
        add("a.txt".to_owned(), b"foo one\nbar foo\n".to_vec());
        if self.one_in(3) {
            add("packed.gz".to_owned(), PACKED.to_vec());
        }
        for _ in 0..self.below(13) + 3 {
            let directory = directories[self.below(directories.len())].clone();
            add(directory + self.pick(NAMES), self.words());
        }
        let rules = |g: &mut Gen| (g.pick(RULES).to_owned() + g.pick(&["", "*.py\n", "!b.rs\n"])).into_bytes();
        for directory in &directories {
            for name in [".gitignore", ".ignore", ".rgignore"] {
                if self.one_in(5) {
                    add(format!("{directory}{name}"), rules(self));
                }
            }
        }
        if self.one_in(2) {
            add(".git/HEAD".to_owned(), b"ref: main\n".to_vec());
        }
        // In directories above, and of the user for all repositories.
        for name in [".git/info/exclude", "../.ignore", "../.gitignore", "../git/ignore"] {
            if self.one_in(4) {
                add(name.to_owned(), rules(self));
            }
        }
        add("ig1".to_owned(), rules(self));
        Arc::new(tree)
    }

    /// A case over a small tree; it has this way to give a flag.
    pub(crate) fn combination(&mut self, tree: &Arc<Vec<TreeFile>>, form: &'static str) -> Case {
        let mut given = vec![form];
        for _ in 0..self.pick(&[0, 0, 1, 1, 2, 2, 3, 4, 5]) {
            let row: Vec<_> = forms(self.pick(FLAGS)).collect();
            given.push(self.pick(&row));
        }
        if self.one_in(2) {
            given.reverse();
        }
        let mut case = Case::over(tree, Input::Walk, self.one_in(8));
        case.engine = vec![vec![self.pick(&["-j1", "-j2", "-j8"]).to_owned()]];
        for form in given {
            let group: Vec<_> = form.split(' ').map(str::to_owned).collect();
            match name(&group[0]) {
                "-e" | "--regexp" => case.patterns.push(group),
                "-f" | "--file" => {
                    case.side = vec![("pats".to_owned(), Arc::new(b"foo\nbar\n".to_vec()))];
                    case.patterns.push(group);
                }
                _ => case.flags.push(group),
            }
        }
        let is_listing = case.has_flag("--files") || case.has_flag("--type-list");
        if is_listing {
            case.patterns.clear();
        } else if case.patterns.is_empty() {
            case.patterns.push(vec!["-e".to_owned(), self.pick(PATTERNS).to_owned()]);
        }
        let is_file = |name: &str| !name.starts_with("../") && !name.starts_with(".git/");
        let files: Vec<_> = tree.iter().map(|(name, _)| name).filter(|name| is_file(name)).collect();
        if cfg!(unix) && self.one_in(2) {
            let target = if self.one_in(3) { "sub" } else { files[self.below(files.len())] };
            case.links.push(("link".to_owned(), target.to_owned()));
        }
        let file = files[self.below(files.len())].clone();
        case.paths = match self.below(12) {
            0..=2 if !is_listing => vec![file],
            3 => vec!["./".to_owned()],
            // Beside a directory ripgrep reads a named file as a stream, and makes line feeds of NULs.
            4 if !is_listing && !case.tree.iter().any(|(name, data)| *name == file && data.contains(&0)) => {
                vec![file, ".".to_owned()]
            }
            5 => vec!["nope".to_owned(), ".".to_owned()],
            6 if !is_listing => {
                case.stdin = Stdin::File(file);
                vec!["-".to_owned()]
            }
            _ => Vec::new(),
        };
        case
    }
}

/// Bytes in the place of each occurrence of a string.
fn bstr_replace(text: &str, from: &str, to: &[u8]) -> Vec<u8> {
    text.split(from).map(str::as_bytes).collect::<Vec<_>>().join(to)
}
