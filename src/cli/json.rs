//! Lines as JSON: one message for each, in the format of ripgrep's --json.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer};

use super::{printer::path_bytes, stats::Stats};
use crate::{
    grep::{Format, Line, LineKind},
    matcher::Replacer,
    span::Span,
};

/// Formats the lines of one file.
pub(super) struct Json<'a> {
    path: Vec<u8>,
    replacer: Option<&'a Replacer>,
    /// The offset of the first NUL that was seen in a line.
    nul: AtomicU64,
}

impl<'a> Json<'a> {
    pub(super) fn new(path: &Path, replacer: Option<&'a Replacer>) -> Self {
        Json { path: path_bytes(path), replacer, nul: AtomicU64::new(u64::MAX) }
    }

    /// What stands before the lines of a file.
    pub(super) fn begin(&self) -> Vec<u8> {
        let mut out = vec![];
        push(&Message::Begin { path: Data::new(&self.path) }, &mut out);
        out
    }

    /// What stands behind the lines of a file. `stopped_at` is where the search ended that could go on from there.
    pub(super) fn end(&self, binary: Option<u64>, stopped_at: Option<u64>, stats: &Stats, out: &mut Vec<u8>) {
        let path = Data::new(&self.path);
        push(&Message::End { path, binary_offset: binary, stopped_at, stats: Sums::new(stats) }, out);
    }

    /// The offset of the first NUL in the lines so far.
    pub(super) fn nul(&self) -> Option<u64> {
        Some(self.nul.load(Ordering::Relaxed)).filter(|&offset| offset != u64::MAX)
    }
}

impl Format for Json<'_> {
    fn wants_matches(&self) -> bool {
        true
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        if let Some(at) = memchr::memchr(0, line.bytes) {
            self.nul.fetch_min(line.offset + at as u64, Ordering::Relaxed);
        }
        let mut push_with = |replaced: Option<(&[u8], &[Span])>| {
            let submatches = SubMatches { bytes: line.bytes, matches: line.matches, replaced };
            let fields = Fields {
                path: Data::new(&self.path),
                lines: Data::new(line.bytes),
                line_number: line.number,
                absolute_offset: line.offset,
                submatches,
            };
            let message = if line.kind == LineKind::Match { Message::Match(fields) } else { Message::Context(fields) };
            push(&message, out);
        };
        match self.replacer {
            Some(replacer) if !line.matches.is_empty() => {
                replacer.replace(line.bytes, line.matches, |text, spans| push_with(Some((text, spans))));
            }
            _ => push_with(None),
        }
    }
}

/// What stands behind everything. `stopped_at` is that of the only file; where there are several, each has its own.
pub(super) fn summary(stats: &Stats, stopped_at: Option<u64>, total: Duration) -> Vec<u8> {
    let mut out = vec![];
    let elapsed_total = Elapsed::from(total);
    let data =
        serde_json::json!({ "elapsed_total": elapsed_total, "stats": Sums::new(stats), "stopped_at": stopped_at });
    push(&serde_json::json!({ "data": data, "type": "summary" }), &mut out);
    out
}

fn push(message: &impl Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(&mut *out, message).expect("memory takes what is written, and all keys are strings");
    out.push(b'\n');
}

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
enum Message<'a> {
    Begin { path: Data<'a> },
    Match(Fields<'a>),
    Context(Fields<'a>),
    End { path: Data<'a>, binary_offset: Option<u64>, stopped_at: Option<u64>, stats: Sums },
}

#[derive(Serialize)]
struct Fields<'a> {
    path: Data<'a>,
    lines: Data<'a>,
    line_number: Option<u64>,
    absolute_offset: u64,
    submatches: SubMatches<'a>,
}

/// Any bytes: as text where they are UTF-8, and in base 64 where they are not.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Data<'a> {
    Text(&'a str),
    Bytes(#[serde(serialize_with = "base64")] &'a [u8]),
}

impl<'a> Data<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        std::str::from_utf8(bytes).map_or(Data::Bytes(bytes), Data::Text)
    }
}

fn base64<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Base64Display::new(bytes, &STANDARD))
}

/// The matches in a line, and what was put in their place: a text and the places in it.
struct SubMatches<'a> {
    bytes: &'a [u8],
    matches: &'a [Span],
    replaced: Option<(&'a [u8], &'a [Span])>,
}

#[derive(Serialize)]
struct SubMatch<'a> {
    r#match: Data<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<Data<'a>>,
    start: usize,
    end: usize,
}

impl Serialize for SubMatches<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.matches.iter().enumerate().map(|(i, m)| SubMatch {
            r#match: Data::new(&self.bytes[m.range()]),
            replacement: self.replaced.map(|(text, spans)| Data::new(&text[spans[i].range()])),
            start: m.start,
            end: m.end,
        }))
    }
}

#[derive(Serialize)]
struct Sums {
    elapsed: Elapsed,
    searches: u64,
    searches_with_match: u64,
    bytes_searched: u64,
    bytes_printed: u64,
    matched_lines: u64,
    matches: u64,
}

impl Sums {
    fn new(stats: &Stats) -> Self {
        Sums {
            elapsed: Elapsed::from(stats.searching),
            searches: stats.files,
            searches_with_match: stats.files_with_matches,
            bytes_searched: stats.bytes_searched,
            bytes_printed: stats.bytes_printed,
            matched_lines: stats.matched_lines,
            matches: stats.matches,
        }
    }
}

#[derive(Serialize)]
struct Elapsed {
    secs: u64,
    nanos: u32,
    human: String,
}

impl From<Duration> for Elapsed {
    fn from(time: Duration) -> Self {
        Elapsed { secs: time.as_secs(), nanos: time.subsec_nanos(), human: format!("{:.6}s", time.as_secs_f64()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matcher::MatcherBuilder;

    fn line(bytes: &[u8], matches: &[Span], replacer: Option<&Replacer>) -> String {
        let mut out = vec![];
        let json = Json::new(Path::new("f"), replacer);
        json.line(&Line { kind: LineKind::Match, bytes, offset: 7, skipped: 0, number: Some(2), matches }, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_escaped_and_other_bytes_are_in_base_64() {
        assert_eq!(
            line(b"a\"\t\0\n", &[Span::new(0, 1)], None),
            r#"{"type":"match","data":{"path":{"text":"f"},"lines":{"text":"a\"\t\u0000\n"},"line_number":2,"#
                .to_owned()
                + r#""absolute_offset":7,"submatches":[{"match":{"text":"a"},"start":0,"end":1}]}}"#
                + "\n"
        );
        let broken = line(b"a\xFF", &[Span::new(0, 1), Span::new(1, 2)], None);
        assert!(broken.contains(r#""lines":{"bytes":"Yf8="}"#), "{broken}");
        assert!(broken.contains(r#"[{"match":{"text":"a"},"start":0,"end":1},{"match":{"bytes":"/w=="}"#), "{broken}");
    }

    #[test]
    fn replacements_stand_with_the_matches() {
        let replacer = MatcherBuilder::new().build_replacer(["(.)a"], "<$1>").unwrap();
        let replaced = line(b"xaya\n", &[Span::new(0, 2), Span::new(2, 4)], Some(&replacer));
        assert!(replaced.contains(r#"{"match":{"text":"ya"},"replacement":{"text":"<y>"},"start":2,"end":4}"#));
        assert!(!line(b"b\n", &[], Some(&replacer)).contains("replacement"));
    }

    #[test]
    fn the_end_says_where_the_search_stopped() {
        let json = Json::new(Path::new("f"), None);
        let mut out = vec![];
        json.end(None, Some(99), &Stats::default(), &mut out);
        let end = String::from_utf8(out).unwrap();
        let start =
            r#"{"type":"end","data":{"path":{"text":"f"},"binary_offset":null,"stopped_at":99,"stats":{"elapsed""#;
        assert!(end.starts_with(start), "{end}");
        let summary = String::from_utf8(summary(&Stats::default(), Some(99), Duration::from_millis(1500))).unwrap();
        let start = r#"{"data":{"elapsed_total":{"human":"1.500000s","nanos":500000000,"secs":1},"stats":{"#;
        assert!(summary.starts_with(start), "{summary}");
        assert!(summary.ends_with("\"stopped_at\":99},\"type\":\"summary\"}\n"), "{summary}");
    }

    #[test]
    fn the_first_nul_is_remembered() {
        let json = Json::new(Path::new("f"), None);
        assert_eq!(json.nul(), None);
        for offset in [100, 7] {
            let line = Line { kind: LineKind::Match, bytes: b"ab\0", offset, skipped: 0, number: None, matches: &[] };
            json.line(&line, &mut vec![]);
        }
        assert_eq!(json.nul(), Some(9));
    }
}
