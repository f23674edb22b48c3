//! Where this crate does not do what ripgrep does, on purpose, and why.
//!
//! Random cases that could show such a difference are passed over. Whatever
//! is not in this list has to be the same.

use crate::case::{Case, Input, Stdin};

impl Case {
    /// Why this case may differ from ripgrep, when it may.
    pub(crate) fn deliberate_difference(&self) -> Option<&'static str> {
        let patterns = || self.patterns.iter().flatten().map(String::as_str).chain(self.listed_patterns());
        let any_pattern = |what: &[&str]| patterns().any(|pattern| what.iter().any(|part| pattern.contains(part)));
        let flag = |names: &[&str]| names.iter().any(|name| self.has_flag(name));
        let has_number = |flags: &[(&str, &str)]| flags.iter().any(|(short, long)| self.number(short, long).is_some());
        let after = has_number(&[("-A", "--after-context"), ("-C", "--context")]);
        let context = after || has_number(&[("-B", "--before-context")]);
        let passthru = flag(&["--passthru", "--passthrough"]);
        let max_count = self.number("-m", "--max-count").is_some();
        let inverted = flag(&["-v", "--invert-match"]);
        let json = flag(&["--json"]);
        let streams = self.input != Input::Files || self.has_flag("--no-mmap") || !matches!(self.stdin, Stdin::Null);

        let unrestricted = self.flags.iter().flatten().map(|arg| match arg.as_str() {
            "--unrestricted" => 1,
            arg if arg.starts_with("-u") => arg.len() - 1,
            _ => 0,
        });
        if unrestricted.sum::<usize>() > 3 {
            return Some("ripgrep refuses a fourth -u, which says no more than the third");
        }
        if flag(&["--stop-on-nonmatch"]) && self.nul_behind(0) {
            return Some("ripgrep looks for a NUL also behind the line at which --stop-on-nonmatch stops");
        }
        if flag(&["--stop-on-nonmatch"]) && inverted {
            return Some("with -v ripgrep may read on behind the line at which --stop-on-nonmatch stops");
        }
        let starts_with = |start: &str| self.flags.iter().flatten().any(|arg| arg.starts_with(start));
        if starts_with("--hyperlink-format") && starts_with("--path-separator") {
            return Some("ripgrep looks for the file of a link under the name that another separator makes of it");
        }
        let several = self.patterns.len() > 1;
        if any_pattern(&["(?x)"]) || patterns().any(is_unbalanced) {
            return Some("ripgrep joins the texts of patterns before it parses them, so that one can swallow another");
        }
        if several && any_pattern(&[r"\n", r"\x00"]) {
            return Some(
                "among other single characters ripgrep takes a line end or NUL as one of a class, and drops it",
            );
        }
        if self.number("-m", "--max-count") == Some(0) {
            return Some("ripgrep does not look at patterns when -m0 forbids any match; here they have to be valid");
        }
        if any_pattern(&[r"\A", r"\z", "(?-m)"]) {
            return Some("ripgrep runs the anchors of the text on a line or on more, depending on the other flags");
        }
        if max_count && (after || passthru) {
            return Some(
                "behind the last line of -m all lines are context, as in GNU grep; ripgrep shows those that match",
            );
        }
        if self.listed_patterns().next().is_none()
            && !self.side.is_empty()
            && flag(&["-i", "--ignore-case", "-S", "--smart-case"])
        {
            return Some("to ripgrep an empty list of patterns matches every line when case is ignored, and else none");
        }
        let early_end = flag(&["-l", "--files-with-matches", "-q", "--quiet"]);
        if streams && ((inverted && early_end) || self.has_flag("--files-without-match")) && self.nul_behind(0) {
            return Some("with these ripgrep reads on behind the line that decides, and may come upon a NUL there");
        }
        if streams && context && inverted && self.nul_behind(0) {
            return Some("with -v ripgrep does not stop in a file that has turned out to be binary, and adds breaks");
        }
        if streams && context && self.nul_behind(60_000) {
            return Some("with context the reads of ripgrep, and so the NULs it has seen, depend on what it printed");
        }
        if self.has_stats() && ((inverted && max_count) || ((inverted || context || passthru) && self.nul_behind(0))) {
            return Some(
                "with these ripgrep's count of searched bytes tells where its buffer is, not what was searched",
            );
        }
        let names =
            patterns().map(|pattern| pattern.matches("(?P<").count() + pattern.matches("(?<").count()).sum::<usize>();
        if several && names > 1 {
            return Some("patterns of their own may have groups of the same name; joined as in ripgrep they may not");
        }
        let replaces = self.flags.iter().flatten().any(|arg| arg.starts_with("-r") || arg.starts_with("--replace"));
        if flag(&["-U", "--multiline"]) && (replaces || max_count || json || flag(&["--column"])) {
            return Some("ripgrep makes one block of matches on adjacent lines");
        }
        if flag(&["-U", "--multiline"]) && self.flags.iter().flatten().any(|arg| arg.contains('\n')) {
            return Some("with -U ripgrep takes for several lines what a replacement has made of one");
        }
        if flag(&["--null-data"]) && (flag(&["-x", "--line-regexp"]) || any_pattern(&["^", "$", "(?m)"])) {
            return Some("with --null-data the anchors of ripgrep look for line feeds, not for the ends of records");
        }
        let has_mark = self.searched().any(|data| data.starts_with(b"\xEF\xBB\xBF"));
        if has_mark && (json || flag(&["-b", "--byte-offset"]) || self.nul_behind(0)) {
            return Some("where a file begins with the byte order mark of UTF-8, offsets are those of the file here");
        }
        if flag(&["--null-data"]) && any_pattern(&["."]) {
            return Some("with --null-data a record may contain line ends, and . matches them, as in GNU grep");
        }
        if flag(&["--crlf"])
            && self.has_lone_cr()
            && (flag(&["-x", "--line-regexp"]) || any_pattern(&["^", "$", "(?m)", "(?R"]))
        {
            return Some("to the anchors of ripgrep a lone carriage return ends a line with --crlf");
        }
        if flag(&["-U", "--multiline"]) && flag(&["-c", "--count"]) {
            return Some("with -U ripgrep counts matches in place of lines, where a match may go over several");
        }
        if flag(&["-U", "--multiline"]) && flag(&["-o", "--only-matching"]) && self.may_match_empty() {
            return Some("with -U -o ripgrep shows no empty matches, where a match may go over several lines");
        }
        if flag(&["--trim"]) && flag(&["-o", "--only-matching"]) {
            return Some("without -U, --trim of ripgrep trims the text of each match, and not the line that it is on");
        }
        if flag(&["-U", "--multiline"]) && self.nul_behind(0) {
            return Some("with -U ripgrep has one block of adjacent lines, and looks for NULs in all of it");
        }
        if self.has_stats() && flag(&["-c", "--count", "--count-matches"]) && self.nul_behind(60_000) {
            return Some(
                "where it counts, ripgrep says of a binary file that it was searched up to its NUL, and counts on",
            );
        }
        if json && streams && self.nul_behind(0) && !flag(&["-a", "--text", "--null-data"]) {
            return Some("in streams ripgrep makes line feeds of NULs; --json shows lines as they are");
        }
        let highlights = self.flags.iter().flatten().any(|arg| arg.starts_with("--colors=highlight"));
        let shows_matches = replaces
            || highlights
            || json
            || self.has_stats()
            || flag(&["-o", "--only-matching", "--column", "--count-matches", "--max-columns-preview", "--vimgrep"]);
        if shows_matches && self.has_open_end() && self.may_match_empty() {
            return Some(
                "an empty match behind the last byte of a file without a line end is one to ripgrep when it counts",
            );
        }
        let may_match_in_line_end = flag(&["-w", "--word-regexp"]) || any_pattern(&[r"\B"]);
        if may_match_in_line_end && flag(&["--crlf"]) && self.may_match_empty() {
            return Some("to ripgrep there is an empty match between the two characters of a line end");
        }
        if flag(&["-w", "--word-regexp"]) && any_pattern(&["|", "*", "?", "{0"]) && !self.is_utf8() {
            return Some("an empty word beside a broken character depends on the line before it in ripgrep");
        }
        None
    }

    /// The value of an option that takes a number.
    fn number(&self, short: &str, long: &str) -> Option<u64> {
        let prefix = format!("{long}=");
        let arguments: Vec<&String> = self.flags.iter().flatten().collect();
        let value = |at: usize| {
            let arg = arguments[at];
            match arg == short || arg == long {
                true => arguments.get(at + 1)?.parse().ok(),
                false => arg.strip_prefix(&prefix).or_else(|| arg.strip_prefix(short))?.parse().ok(),
            }
        };
        (0..arguments.len()).rev().find_map(value)
    }

    /// The patterns in files given with `-f`.
    fn listed_patterns(&self) -> impl Iterator<Item = &str> {
        self.side.iter().filter_map(|(_, data)| std::str::from_utf8(data).ok()).flat_map(str::lines)
    }

    /// Whether a file has its first NUL at this offset or further on.
    fn nul_behind(&self, offset: usize) -> bool {
        self.tree.iter().any(|(_, data)| data.iter().position(|&b| b == 0).is_some_and(|at| at >= offset))
    }

    /// Whether a file that is searched does not end with a line end.
    fn has_open_end(&self) -> bool {
        let end = if self.has_flag("--null-data") { 0 } else { b'\n' };
        self.searched().any(|data| data.last().is_some_and(|&last| last != end))
    }

    /// Whether a file that is searched has a carriage return without a line feed behind it.
    fn has_lone_cr(&self) -> bool {
        let is_lone = |at: usize, data: &[u8]| data[at] == b'\r' && data.get(at + 1) != Some(&b'\n');
        self.searched().any(|data| (0..data.len()).any(|at| is_lone(at, data)))
    }

    /// Whether a pattern may match the empty string.
    fn may_match_empty(&self) -> bool {
        let given = self.patterns.iter().filter_map(|group| group.last()).map(String::as_str);
        let may = |pattern: &str| {
            let tree = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern);
            tree.is_ok_and(|tree| tree.properties().minimum_len() == Some(0))
        };
        given.chain(self.listed_patterns()).any(may)
    }

    fn is_utf8(&self) -> bool {
        self.tree.iter().all(|(_, data)| std::str::from_utf8(data).is_ok())
    }
}

/// Whether a pattern has a parenthesis without its partner.
fn is_unbalanced(pattern: &str) -> bool {
    let mut depth = 0;
    for char in pattern.chars() {
        depth += i32::from(char == '(') - i32::from(char == ')');
        if depth < 0 {
            return true;
        }
    }
    depth != 0
}
