//! Random trees of files, patterns and command lines, from a seed.

use std::sync::Arc;

use rand_xoshiro::{
    Xoshiro256PlusPlus,
    rand_core::{Rng, SeedableRng},
};

use crate::case::{Case, Input, Stdin, TreeFile};

/// Words that both files and patterns are made of, so that patterns hit.
const WORDS: &[&str] = &[
    "foo",
    "bar",
    "baz",
    "foobar",
    "Foo",
    "FOO",
    "Error",
    "error",
    "WARN",
    "timeout",
    "Sherlock",
    "Holmes",
    "the",
    "the",
    "fn",
    "x",
    "xx",
    "a",
    "aa",
    "0x1f",
    "42",
    "2024-01-31",
    "192.168.0.1",
    "key=value",
    "[INFO]",
    "GET /index.html",
    "$HOME",
    "a.b*c",
    "(paren)",
    "back\\slash",
    "snake_case",
    "--flag",
    "k",
    "s",
];

/// Words whose case folding, width or encoding is not that of ASCII.
const UNICODE: &[&str] = &[
    "δοκιμή",
    "ΔΟΚΙΜΉ",
    "Σίσυφος",
    "straße",
    "STRASSE",
    "naïve",
    "nai\u{308}ve",
    "日本語",
    "ключ",
    "КЛЮЧ",
    "\u{212a}elvin",
    "\u{17f}hip",
    "😀",
    "a\u{a0}b",
    "x\u{2028}y",
    "\u{feff}",
];

/// A number of lines of context that covers nearly all files.
const HUGE: &str = "100000";

/// Names of files. Some sort differently as strings than as paths, some need
/// quoting, and some are hidden.
const NAMES: &[&str] = &[
    "a.txt",
    "a-b.txt",
    "a/x.txt",
    "a/y.log",
    "a/b/deep.rs",
    "a b/with space.txt",
    "b.log",
    "b/.hidden.txt",
    "c.rs",
    ".hidden",
    ".dot/inside.txt",
    "src/main.rs",
    "src/lib.rs",
    "src/nested/mod.rs",
    "logs/app.log",
    "logs/app.log.1",
    "données/é.txt",
    "Makefile",
    "z",
    "-dash.txt",
];

/// The kinds of contents.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Empty,
    OnlyNewlines,
    Small,
    NoFinalNewline,
    Crlf,
    MixedEndings,
    EmptyRuns,
    Unicode,
    InvalidUtf8,
    Utf8Bom,
    Utf16Le,
    Utf16Be,
    LongLines,
    NulEarly,
    NulAfter64K,
    NulAfter200K,
    NulInMatches,
    NulRecords,
    Dense,
    Over64K,
    OverMiB,
}

/// Kinds, with those that make a file large last.
const KINDS: &[Kind] = &[
    Kind::Empty,
    Kind::OnlyNewlines,
    Kind::Small,
    Kind::Small,
    Kind::Small,
    Kind::NoFinalNewline,
    Kind::Crlf,
    Kind::MixedEndings,
    Kind::EmptyRuns,
    Kind::Unicode,
    Kind::InvalidUtf8,
    Kind::Utf8Bom,
    Kind::Utf16Le,
    Kind::Utf16Be,
    Kind::NulEarly,
    Kind::NulInMatches,
    Kind::NulRecords,
    Kind::Dense,
    Kind::LongLines,
    Kind::NulAfter64K,
    Kind::NulAfter200K,
    Kind::Over64K,
];

/// A source of choices.
pub(crate) struct Gen(Xoshiro256PlusPlus);

impl Gen {
    /// The same seed makes the same choices.
    pub(crate) fn new(seed: u64) -> Gen {
        Gen(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n as u64) as usize
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of the items.
    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// A word that may occur in files.
    fn word(&mut self) -> &'static str {
        if self.one_in(8) { self.pick(UNICODE) } else { self.pick(WORDS) }
    }

    /// A line without its terminator.
    fn line(&mut self) -> String {
        let mut line = String::new();
        if self.one_in(4) {
            line.push_str(self.pick(&[" ", "\t", "    ", " \t ", "\u{a0}"]));
        }
        let words = self.pick(&[0, 1, 1, 2, 3, 4, 6, 9]);
        for i in 0..words {
            if i > 0 {
                line.push_str(self.pick(&[" ", " ", " ", "\t", "  ", "", ",", ":"]));
            }
            line.push_str(self.word());
        }
        line
    }

    /// Lines until there are at least `size` bytes.
    fn text(&mut self, size: usize, ending: &str) -> Vec<u8> {
        let mut text = Vec::with_capacity(size + 128);
        while text.len() < size {
            text.extend_from_slice(self.line().as_bytes());
            text.extend_from_slice(ending.as_bytes());
        }
        text
    }

    /// A short text.
    fn small(&mut self) -> Vec<u8> {
        let size = self.pick(&[1, 20, 100, 400, 1500]);
        self.text(size, "\n")
    }

    /// Large text at a low price: blocks of lines from a few random blocks.
    fn large(&mut self, size: usize) -> Vec<u8> {
        let blocks: Vec<_> = (0..6).map(|_| self.text(1000, "\n")).collect();
        let mut text = Vec::with_capacity(size + 2000);
        while text.len() < size {
            let block = &blocks[self.below(blocks.len())];
            text.extend_from_slice(block);
            if self.one_in(20) {
                text.extend_from_slice(self.line().as_bytes());
                text.push(b'\n');
            }
        }
        text
    }

    /// A file's contents.
    fn contents(&mut self, kind: Kind) -> Vec<u8> {
        match kind {
            Kind::Empty => Vec::new(),
            Kind::OnlyNewlines => vec![b'\n'; self.pick(&[1, 2, 3, 100])],
            Kind::Small => self.small(),
            Kind::NoFinalNewline => {
                let mut text = self.small();
                while text.last() == Some(&b'\n') {
                    text.pop();
                }
                text
            }
            Kind::Crlf => {
                let size = self.pick(&[1, 50, 600]);
                self.text(size, "\r\n")
            }
            Kind::MixedEndings => {
                let mut text = Vec::new();
                for _ in 0..self.below(30) {
                    let ending = self.pick(&["\n", "\r\n", "\r", "\n\r", "\r\r\n", ""]);
                    text.extend_from_slice(self.line().as_bytes());
                    text.extend_from_slice(ending.as_bytes());
                }
                text
            }
            Kind::EmptyRuns => {
                let mut text = Vec::new();
                for _ in 0..self.below(8) {
                    text.extend(vec![b'\n'; self.pick(&[1, 2, 5, 40])]);
                    let size = self.pick(&[1, 30]);
                    text.extend(self.text(size, "\n"));
                }
                text
            }
            Kind::Unicode => {
                let mut text = String::new();
                for _ in 0..self.below(40) {
                    for _ in 0..self.below(5) {
                        text.push_str(self.pick(UNICODE));
                        text.push_str(self.pick(&["", " ", "x"]));
                    }
                    text.push('\n');
                }
                text.into_bytes()
            }
            Kind::InvalidUtf8 => {
                let mut text = self.small();
                for _ in 0..=self.below(10) {
                    let at = self.below(text.len() + 1);
                    let bad: &[u8] = self.pick(&[b"\xff", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\x80\x80"]);
                    text.splice(at..at, bad.iter().copied());
                }
                text
            }
            Kind::Utf8Bom => [b"\xef\xbb\xbf".as_slice(), &self.small()].concat(),
            Kind::Utf16Le => self.utf16(u16::to_le_bytes),
            Kind::Utf16Be => self.utf16(u16::to_be_bytes),
            Kind::LongLines => {
                let mut text = self.small();
                for _ in 0..=self.below(2) {
                    let size = self.pick(&[5_000, 70_000, 140_000]);
                    let mut line = self.text(size, " ");
                    if self.one_in(2) {
                        line.push(b'\n');
                    }
                    text.extend(line);
                }
                text
            }
            Kind::NulEarly => {
                let mut text = self.small();
                let at = self.below(text.len() + 1);
                text.insert(at, 0);
                text
            }
            Kind::NulAfter64K => self.late_nul(66_000),
            Kind::NulAfter200K => self.late_nul(205_000),
            Kind::NulInMatches => {
                let mut text = Vec::new();
                for _ in 0..=self.below(20) {
                    text.extend_from_slice(self.line().as_bytes());
                    if self.one_in(4) {
                        text.push(0);
                        text.extend_from_slice(self.word().as_bytes());
                    }
                    text.push(b'\n');
                }
                text
            }
            Kind::NulRecords => {
                let size = self.pick(&[1, 50, 600]);
                let mut text = self.text(size, "\0");
                if self.one_in(3) {
                    let line = self.text(1, "\n");
                    let at = self.below(text.len() + 1);
                    text.splice(at..at, line);
                }
                if self.one_in(3) {
                    text.pop();
                }
                text
            }
            Kind::Dense => {
                let line = format!("{} {}\n", self.line(), self.word());
                line.repeat(self.pick(&[2, 30, 400])).into_bytes()
            }
            Kind::Over64K => {
                let size = self.pick(&[65_536, 66_000, 140_000, 300_000]);
                self.large(size)
            }
            Kind::OverMiB => {
                let size = self.pick(&[1_100_000, 1_500_000, 2_200_000]);
                self.large(size)
            }
        }
    }

    /// Text with a NUL byte past the given offset.
    fn late_nul(&mut self, offset: usize) -> Vec<u8> {
        let mut text = self.large(offset);
        text.push(0);
        let more = self.pick(&[0, 100, 3000, 80_000]);
        text.extend(self.large(more));
        text
    }

    /// UTF-16 with a byte order mark.
    fn utf16(&mut self, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        let text = String::from_utf8(self.small()).expect("generated text is UTF-8");
        format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect()
    }

    /// A tree of files.
    pub(crate) fn tree(&mut self) -> Arc<Vec<TreeFile>> {
        let mut tree: Vec<TreeFile> = Vec::new();
        // Ripgrep keeps its read buffer from one file to the next, and a line
        // longer than the buffer makes it grow, so that a NUL byte in a later
        // file is seen earlier than it would be otherwise. A tree therefore
        // has either long lines or NUL bytes far into a file.
        let long = self.one_in(2);
        for (i, name) in NAMES.iter().enumerate() {
            // The first file always exists, so that no tree is empty.
            if i > 0 && self.one_in(4) {
                continue;
            }
            let kind = match self.pick(KINDS) {
                Kind::NulAfter64K | Kind::NulAfter200K if long => Kind::Over64K,
                Kind::LongLines if !long => Kind::Over64K,
                kind => kind,
            };
            tree.push(((*name).to_owned(), Arc::new(self.contents(kind))));
        }
        if self.one_in(2) {
            let data = self.contents(Kind::OverMiB);
            tree.push(("big.txt".to_owned(), Arc::new(data)));
        }
        // Ignore files of version control count only inside a repository.
        if self.one_in(2) {
            tree.push((".git/HEAD".to_owned(), Arc::new(b"ref: foo\n".to_vec())));
        }
        for name in [".gitignore", ".ignore", ".rgignore", "src/.gitignore"] {
            if self.one_in(3) {
                let mut rules = String::new();
                for _ in 0..=self.below(3) {
                    rules.push_str(self.pick(&[
                        "*.log\n",
                        "!app.log\n",
                        "/a/\n",
                        "nested/\n",
                        "# comment\n",
                        "main.*\n",
                        "*.txt\n",
                        "!a.txt\n",
                        "**/deep.rs\n",
                    ]));
                }
                tree.push((name.to_owned(), Arc::new(rules.into_bytes())));
            }
        }
        Arc::new(tree)
    }

    /// A string that occurs in some file, or nearly.
    fn literal(&mut self, tree: &[TreeFile]) -> String {
        match self.below(8) {
            0..=3 => self.word().to_owned(),
            4 => {
                let word: Vec<char> = self.word().chars().collect();
                let end = self.below(word.len()) + 1;
                word[..end].iter().collect()
            }
            5 => format!("{} {}", self.word(), self.word()),
            6 => self.pick(&["zzqqzz", "e", " ", "o", ".", "\t"]).to_owned(),
            _ => {
                // A piece of a real file, if it can be an argument.
                let data = Arc::clone(&tree[self.below(tree.len())].1);
                let start = self.below(data.len() + 1);
                let end = (start + 1 + self.below(12)).min(data.len());
                match std::str::from_utf8(&data[start..end]) {
                    Ok(piece) if !piece.is_empty() && !piece.contains(['\n', '\0']) => piece.to_owned(),
                    _ => self.word().to_owned(),
                }
            }
        }
    }

    /// A regular expression, nearly always a valid one.
    fn regex(&mut self, tree: &[TreeFile], depth: usize) -> String {
        const SHAPES: &[&str] = &[
            "^",
            "$",
            "^$",
            "",
            "()",
            "x*",
            "(foo)?",
            "a*b*",
            r"\b",
            r"\B",
            r"^\s*$",
            ".",
            ".*",
            ".+",
            "..",
            r"\w+",
            r"\W",
            r"\d+",
            r"\s+",
            r"\S+\s+\S+",
            "[a-f]+",
            "[^ ]+",
            "[^a]",
            "[0-9]{2,4}",
            r"[0-9]+\.[0-9]+",
            "^.{3,8}$",
            "^.{0,3}",
            r"\w{5,}",
            r"\bt\w*",
            r"e\b",
            r"\Bo",
            r"\b{start}f",
            "[Ee]rror",
            "foo|bar|Sherlock|Holmes",
            "a|ab|abc|b",
            "(?i)FOO",
            "(?i:f)oo",
            "(?i)ERROR|warn",
            "(?i)k",
            "(?i)s",
            "(?i)δοκιμή",
            "(?i)straße",
            "(?i)КЛЮЧ",
            r"\p{Greek}+",
            r"\p{Lu}",
            r"\pL+",
            r"\PL",
            "[α-ω]+",
            "[^α-ω]",
            "日.語",
            r"\x{65E5}",
            r"(?-u)\W",
            r"(?-u:\w)+",
            r"(?-u:\xFF)",
            r"(?-u:[\x80-\xff]+)",
            r"\xff",
            r"\r",
            r"\r?$",
            r"\r$",
            r"foo\r",
            r"(?s)foo.",
            "(?s).",
            r"\A",
            r"\z",
            r"\Afoo",
            r"bar\z",
            "(?m)^f",
            "(?-m)^f",
            "(?x) f o o # comment",
            r"[[:alpha:]]+",
            r"[[:punct:]]",
            r"\t",
            r"(fo+)(b\w)",
            r"(\w)(\w*)",
            r"(?P<name>\w+)[= ](\S*)",
            r"(?<a>f)|(?<b>o+)",
            r"(x)?(foo|bar)",
            r"[^\s\S]",
            r"[\s\S]",
            r"[^x]*x",
            "(?U)f.*o",
            "f.*?o",
        ];
        const STRANGE: &[&str] = &[
            r"a\nb",
            r"\n",
            r"[\n]",
            r"(?s)a.*\nb",
            r"\x00",
            r"foo\x00?",
            "(",
            "[",
            "*a",
            "a{2",
            "a**",
            r"\p{Nope}",
            "(?=x)",
            r"\1",
            r"\",
            "foo)",
        ];
        match self.below(12) {
            0..=2 => escape(&self.literal(tree)),
            3 if self.one_in(3) => self.pick(STRANGE).to_owned(),
            4 => format!("^{}", escape(&self.literal(tree))),
            5 => format!("{}$", escape(&self.literal(tree))),
            6 => format!(r"\b{}\b", escape(&self.literal(tree))),
            7 if depth > 0 => {
                let alternatives: Vec<_> = (0..self.below(4) + 2).map(|_| self.regex(tree, depth - 1)).collect();
                alternatives.join("|")
            }
            8 if depth > 0 => {
                let (a, b) = (self.regex(tree, depth - 1), self.regex(tree, depth - 1));
                format!("(?:{a}){}(?:{b})", self.pick(&["", "", ".*", " ", "?"]))
            }
            9 if depth > 0 => {
                let inner = self.regex(tree, depth - 1);
                format!("(?:{inner}){}", self.pick(&["+", "*", "?", "{2}", "{1,3}"]))
            }
            _ => self.pick(SHAPES).to_owned(),
        }
    }

    /// A pattern for a command line with or without `-F`.
    fn pattern(&mut self, tree: &[TreeFile], fixed: bool) -> String {
        if fixed { if self.one_in(10) { String::new() } else { self.literal(tree) } } else { self.regex(tree, 2) }
    }

    /// The pattern arguments: one positional pattern, or several options.
    fn patterns(&mut self, case: &mut Case, fixed: bool) {
        let tree = Arc::clone(&case.tree);
        match self.below(10) {
            0..=5 => {
                let pattern = self.pattern(&tree, fixed);
                if !pattern.starts_with('-') {
                    case.patterns.push(vec![pattern]);
                } else if self.one_in(2) && !case.flags_last {
                    case.patterns.push(vec!["--".to_owned(), pattern]);
                } else {
                    case.patterns.push(vec!["-e".to_owned(), pattern]);
                }
            }
            6..=7 => {
                for _ in 0..self.pick(&[1, 2, 2, 3, 12]) {
                    let pattern = self.pattern(&tree, fixed);
                    case.patterns.push(vec!["-e".to_owned(), pattern]);
                }
            }
            _ => {
                for i in 0..self.pick(&[1, 1, 2]) {
                    let mut list = String::new();
                    let ending = self.pick(&["\n", "\n", "\r\n"]);
                    let mut last = String::new();
                    for _ in 0..self.pick(&[0, 1, 2, 3, 20]) {
                        if !self.one_in(5) {
                            last = self.pattern(&tree, fixed);
                        }
                        if !self.one_in(8) {
                            list.push_str(&last);
                        }
                        list.push_str(ending);
                    }
                    if self.one_in(3) {
                        list.truncate(list.trim_end().len());
                    }
                    let name = format!("patterns{i}");
                    case.patterns.push(vec!["-f".to_owned(), format!("../side/{name}")]);
                    case.side.push((name, Arc::new(list.into_bytes())));
                }
                if self.one_in(3) {
                    let pattern = self.pattern(&tree, fixed);
                    case.patterns.push(vec!["-e".to_owned(), pattern]);
                }
            }
        }
    }

    /// An option with a number, in one of the ways to write it.
    fn numbered(&mut self, short: &str, long: &str, values: &[usize]) -> Vec<String> {
        let value = self.pick(values);
        match self.below(4) {
            0 => vec![format!("{short}{value}")],
            1 => vec![short.to_owned(), value.to_string()],
            2 => vec![format!("{long}={value}")],
            _ => vec![long.to_owned(), value.to_string()],
        }
    }

    /// What to show in place of matches.
    fn replacement(&mut self) -> Vec<String> {
        let text = self.pick(&[
            "",
            "X",
            "$0",
            "[$0]",
            "<$1>",
            "$2$1",
            "${1}x",
            "$1x",
            "$name=$2",
            "$a-$b",
            "${nope}$9",
            "$$1 $",
            "${a b}${",
            "δ$0δ",
            "a\nb",
            "\t$0 ",
            "-$0",
            "a long text in the place of a short match",
        ]);
        match self.below(3) {
            0 => vec!["-r".to_owned(), text.to_owned()],
            1 if !text.is_empty() => vec![format!("-r{text}")],
            _ => vec![format!("--replace={text}")],
        }
    }

    /// One option that does not depend on the kind of input.
    fn flag(&mut self) -> Vec<String> {
        const SWITCHES: &[[&str; 2]] = &[
            ["-i", "--ignore-case"],
            ["-s", "--case-sensitive"],
            ["-S", "--smart-case"],
            ["-w", "--word-regexp"],
            ["-w", "--word-regexp"],
            ["-x", "--line-regexp"],
            ["-v", "--invert-match"],
            ["-v", "--invert-match"],
            ["-n", "--line-number"],
            ["-n", "--line-number"],
            ["-n", "--line-number"],
            ["-N", "--no-line-number"],
            ["-c", "--count"],
            ["-c", "--count"],
            ["--count-matches", "--count-matches"],
            ["-o", "--only-matching"],
            ["-o", "--only-matching"],
            ["-o", "--only-matching"],
            ["-b", "--byte-offset"],
            ["-b", "--byte-offset"],
            ["--column", "--column"],
            ["--column", "--column"],
            ["-q", "--quiet"],
            ["-l", "--files-with-matches"],
            ["--files-without-match", "--files-without-match"],
            ["-H", "--with-filename"],
            ["-I", "--no-filename"],
            ["--heading", "--heading"],
            ["--no-heading", "--no-heading"],
            ["--color=always", "--color=always"],
            ["--color=always", "--color=always"],
            ["--color=never", "--color=never"],
            ["--color", "--color=auto"],
            ["-a", "--text"],
            ["-a", "--text"],
            ["--binary", "--binary"],
            ["--stats", "--stats"],
            ["--trim", "--trim"],
            ["--max-columns-preview", "--max-columns-preview"],
            ["--crlf", "--crlf"],
            ["--crlf", "--crlf"],
            ["--null-data", "--null-data"],
            ["--null-data", "--null-data"],
            ["--json", "--json"],
            ["--json", "--json"],
        ];
        const ACROSS: &[[&str; 2]] =
            &[["--passthru", "--passthrough"], ["-U", "--multiline"], ["--multiline-dotall", "--multiline-dotall"]];
        let huge = HUGE.parse().expect("it is a number");
        let context = [0, 1, 1, 2, 3, 7, 50, huge];
        match self.below(16) {
            0 => self.numbered("-m", "--max-count", &[0, 1, 1, 2, 3, 5, 20, 1000]),
            1 => self.numbered("-A", "--after-context", &context),
            2 => self.numbered("-B", "--before-context", &context),
            3 => self.numbered("-C", "--context", &context),
            4 => self.numbered("-M", "--max-columns", &[0, 1, 5, 10, 20, 40, 80, 200, 5000]),
            5 => self.replacement(),
            6 => {
                let [short, long] = self.pick(ACROSS);
                vec![if self.one_in(3) { long } else { short }.to_owned()]
            }
            _ => {
                let [short, long] = self.pick(SWITCHES);
                let flag = if self.one_in(3) { long } else { short };
                if flag == "--color" { vec![flag.to_owned(), "always".to_owned()] } else { vec![flag.to_owned()] }
            }
        }
    }

    /// One option about which files a walk visits.
    fn walk_flag(&mut self) -> Vec<String> {
        match self.below(4) {
            0 => vec!["--hidden".to_owned()],
            1 => vec!["--no-ignore".to_owned()],
            _ => {
                let glob = self.pick(&[
                    "*.txt",
                    "!*.txt",
                    "*.rs",
                    "src/**",
                    "!src",
                    "/a",
                    "**/b/**",
                    "*.{rs,log}",
                    "!.git",
                    "a*",
                ]);
                match self.below(3) {
                    0 => vec!["-g".to_owned(), glob.to_owned()],
                    1 => vec![format!("-g{glob}")],
                    _ => vec![format!("--glob={glob}")],
                }
            }
        }
    }

    /// What is searched.
    fn input(&mut self, case: &mut Case) {
        let tree = Arc::clone(&case.tree);
        let names: Vec<&String> = tree
            .iter()
            .map(|(name, _)| name)
            // Such a path would be taken for an option.
            .filter(|name| !name.starts_with('-'))
            .collect();
        let name = |g: &mut Gen| names[g.below(names.len())].clone();
        match self.below(8) {
            0..=3 => {
                case.input = Input::Files;
                let count = self.pick(&[1, 1, 1, 1, 2, 3, 5]);
                case.paths = (0..count).map(|_| name(self)).collect();
                if self.one_in(12) {
                    case.paths.push("no-such-file".to_owned());
                }
                if self.one_in(20) {
                    case.paths.push("-".to_owned());
                    case.stdin = Stdin::Pipe(name(self));
                }
                if self.one_in(6) {
                    case.flags.push(vec![self.pick(&["--no-mmap", "--mmap"]).to_owned()]);
                }
            }
            4..=5 => {
                case.input = Input::Walk;
                let top = |g: &mut Gen| match name(g).split_once('/') {
                    Some((dir, _)) => dir.to_owned(),
                    None => ".".to_owned(),
                };
                case.paths = match self.below(6) {
                    0 => Vec::new(),
                    1..=2 => vec![".".to_owned()],
                    3 => vec!["./".to_owned()],
                    4 => vec![top(self)],
                    _ => vec![top(self), top(self)],
                };
                for _ in 0..self.below(3) {
                    let flag = self.walk_flag();
                    case.flags.push(flag);
                }
            }
            kind => {
                case.input = Input::Stream;
                let name = name(self);
                case.stdin = if kind == 6 { Stdin::File(name) } else { Stdin::Pipe(name) };
                if self.one_in(6) {
                    case.paths.push("-".to_owned());
                }
            }
        }
    }

    /// Threads and chunk size for the tool under test.
    ///
    /// Tiny chunks are for small inputs: on large ones they only take time.
    fn engine(&mut self, size: usize) -> Vec<Vec<String>> {
        let mut engine = vec![vec![self.pick(&["-j1", "-j2", "-j8"]).to_owned()]];
        let chunk = match self.below(6) {
            0 if size <= 64 << 10 => "1",
            1 if size <= 256 << 10 => "7",
            0..=2 if size <= 4 << 20 => "64",
            0..=3 => "4096",
            4 => "64K",
            _ => return engine,
        };
        engine.push(vec!["--chunk-size".to_owned(), chunk.to_owned()]);
        engine
    }

    /// A case over a tree.
    pub(crate) fn case(&mut self, tree: &Arc<Vec<TreeFile>>) -> Case {
        let mut case = Case::over(tree, Input::Files, self.one_in(10));
        let fixed = self.one_in(5);
        if fixed {
            case.flags.push(vec!["-F".to_owned()]);
        }
        for _ in 0..self.pick(&[0, 1, 1, 2, 2, 3, 3, 4, 6]) {
            let flag = self.flag();
            case.flags.push(flag);
        }
        self.input(&mut case);
        case.settle_stdin();
        case.settle_context();
        self.patterns(&mut case, fixed);
        case.engine = self.engine(case.size());
        case
    }
}

impl Case {
    /// Replaces a pipe by a redirected file where ripgrep's own output depends
    /// on how many bytes each read of the pipe happens to return: that decides
    /// which matches it prints before it sees a NUL byte, and how many bytes
    /// it says it searched.
    fn settle_stdin(&mut self) {
        // Writes of up to this size reach the reader in one piece.
        const ATOMIC: usize = 4096;
        let Stdin::Pipe(name) = &self.stdin else {
            return;
        };
        let racy = self
            .tree
            .iter()
            .any(|(n, data)| n == name && data.len() > ATOMIC && (data.contains(&0) || self.has_stats()));
        if racy {
            self.stdin = Stdin::File(name.clone());
        }
    }

    /// Keeps the context of a stream small enough for ripgrep's read buffer,
    /// for the reason given in [`Gen::tree`].
    fn settle_context(&mut self) {
        if self.input == Input::Files && !self.has_flag("--no-mmap") {
            return;
        }
        for arg in self.flags.iter_mut().flatten() {
            if arg.ends_with(HUGE) {
                *arg = arg.replace(HUGE, "50");
            }
        }
    }
}

/// Escapes the characters that mean something in a regular expression.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
