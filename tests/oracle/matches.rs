//! Matches as a definition gives them: so simple that it is unlikely to be wrong, and too slow to be of other use.
//!
//! Shared by the tests and the fuzz targets.

/// Where a match starts, where it ends, and the position of its pattern in the list.
pub(crate) type Found = (usize, usize, usize);

/// The matches of literals that do not overlap: at each byte the first literal of the list that stands there wins.
pub(crate) fn literals<L: AsRef<[u8]>>(needles: &[L], text: &[u8]) -> Vec<Found> {
    let mut found = vec![];
    let mut at = 0;
    while at < text.len() {
        match needles.iter().position(|needle| text[at..].starts_with(needle.as_ref())) {
            Some(index) => {
                let end = at + needles[index].as_ref().len();
                found.push((at, end, index));
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// One regex of several, each of which is a group, so that the group that took part tells the pattern.
///
/// The patterns must not have groups of their own that capture. `^` and `$` match at line ends.
pub(crate) fn one_regex<P: AsRef<str>>(patterns: &[P]) -> regex::bytes::Regex {
    let groups: Vec<_> = patterns.iter().map(|pattern| format!("({})", pattern.as_ref())).collect();
    regex::bytes::RegexBuilder::new(&groups.join("|")).multi_line(true).build().expect("a valid pattern")
}

/// The matches of [`one_regex`] that do not overlap, anywhere in the text.
pub(crate) fn regexes(regex: &regex::bytes::Regex, text: &[u8]) -> Vec<Found> {
    matches_of(regex, text, 0).collect()
}

/// The matches of [`one_regex`] when it is run on each line by itself, as if there were no other. What stands behind
/// the last line end is a line as well.
pub(crate) fn regexes_by_line(regex: &regex::bytes::Regex, text: &[u8]) -> Vec<Found> {
    let mut found = vec![];
    let mut start = 0;
    for line in text.split(|&byte| byte == b'\n') {
        found.extend(matches_of(regex, line, start));
        start += line.len() + 1;
    }
    found
}

fn matches_of(regex: &regex::bytes::Regex, text: &[u8], base: usize) -> impl Iterator<Item = Found> {
    regex.captures_iter(text).map(move |captures| {
        let index = captures.iter().skip(1).position(|group| group.is_some()).expect("every pattern is a group");
        let whole = captures.get_match();
        (base + whole.start(), base + whole.end(), index)
    })
}
