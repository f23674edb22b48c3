//! Reported lines as a definition gives them: so simple that it is unlikely to be wrong, and too slow to be of other
//! use.
//!
//! Shared by the tests and the fuzz targets.

/// What to report.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) invert: bool,
    pub(crate) before: usize,
    pub(crate) after: usize,
    pub(crate) max_count: Option<u64>,
}

/// The lines to report of a text, each with its number, offset and kind, and `--` between groups of them; and how many
/// of them are shown as selected.
pub(crate) fn report(text: &[u8], matches: impl Fn(&[u8]) -> bool, wanted: Wanted) -> (Vec<u8>, u64) {
    let lines: Vec<_> = text.split_inclusive(|&byte| byte == b'\n').collect();
    let is_selected = |line: &[u8]| matches(line.strip_suffix(b"\n").unwrap_or(line)) != wanted.invert;
    let selected: Vec<_> = (0..lines.len()).filter(|&index| is_selected(lines[index])).collect();
    let most = wanted.max_count.map_or(selected.len(), |max| selected.len().min(max as usize));
    let mut marks = vec![None; lines.len()];
    for &index in &selected[..most] {
        let group = index.saturating_sub(wanted.before)..lines.len().min(index + wanted.after + 1);
        for mark in &mut marks[group] {
            mark.get_or_insert('-');
        }
        marks[index] = Some(':');
    }
    print(&lines, &marks, wanted.before + wanted.after > 0)
}

fn print(lines: &[&[u8]], marks: &[Option<char>], context: bool) -> (Vec<u8>, u64) {
    let (mut out, mut count) = (vec![], 0);
    let (mut offset, mut last) = (0, None);
    for (index, line) in lines.iter().enumerate() {
        if let Some(mark) = marks[index] {
            if context && last.is_some_and(|last| last + 1 < index) {
                out.extend_from_slice(b"--\n");
            }
            last = Some(index);
            count += u64::from(mark == ':');
            out.extend_from_slice(format!("{}{mark}{offset}{mark}", index + 1).as_bytes());
            out.extend_from_slice(line.strip_suffix(b"\n").unwrap_or(line));
            out.push(b'\n');
        }
        offset += line.len();
    }
    (out, count)
}
