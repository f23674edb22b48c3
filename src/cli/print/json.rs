//! Lines as JSON: one message for each, in the format of ripgrep's --json.

use std::{
    cell::RefCell,
    fmt,
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use base64::{display::Base64Display, engine::general_purpose::STANDARD};
use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::cli::print::{pattern_ids::PatternIds, pieces::Pieces, stats::Stats, style::path_bytes};
use mapgrep::{
    Span,
    grep::{Format, Line, LineKind, LongMatches},
    matcher::{Replacer, regex_set::LinePatterns},
};

/// Formats the lines of one file.
pub(crate) struct Json<'a> {
    path: Vec<u8>,
    replacer: Option<&'a Replacer>,
    ids: Option<&'a PatternIds>,
    /// The offset of the first NUL that was seen in a line.
    nul: AtomicU64,
}

impl<'a> Json<'a> {
    pub(crate) fn new(path: &Path, replacer: Option<&'a Replacer>, ids: Option<&'a PatternIds>) -> Self {
        Json { path: path_bytes(path), replacer, ids, nul: AtomicU64::new(u64::MAX) }
    }

    /// What stands before the lines of a file.
    pub(crate) fn begin(&self) -> Vec<u8> {
        let mut out = vec![];
        push(&Message::Begin { path: Data::new(&self.path) }, &mut out);
        out
    }

    /// What stands behind the lines of a file. `stopped_at` is where the search ended that could go on from there.
    pub(crate) fn end(&self, binary: Option<u64>, stopped_at: Option<u64>, stats: &Stats, out: &mut Vec<u8>) {
        let path = Data::new(&self.path);
        push(&Message::End { path, binary_offset: binary, stopped_at, stats: Sums::new(stats) }, out);
    }

    /// The offset of the first NUL in the lines so far.
    pub(crate) fn nul(&self) -> Option<u64> {
        Some(self.nul.load(Ordering::Relaxed)).filter(|&offset| offset != u64::MAX)
    }
}

impl Json<'_> {
    fn look_for_nul(&self, line: &Line<'_>) {
        if let Some(at) = memchr::memchr(0, line.bytes) {
            self.nul.fetch_min(line.offset + at as u64, Ordering::Relaxed);
        }
    }

    fn message<'l>(&'l self, line: &Line<'l>, lines: Data<'l>, matches: &'l mut WalkOver<'l>) -> Message<'l> {
        let ids = self.ids.filter(|_| line.kind == LineKind::Match).map(|ids| (ids, ids.matching(line.bytes)));
        let fields = Fields {
            path: Data::new(&self.path),
            lines,
            line_number: line.number,
            absolute_offset: line.offset,
            pattern_ids: ids.as_ref().map(|(ids, matching)| ids.numbers(matching)),
            submatches: SubMatches { bytes: line.bytes, ids, walk: RefCell::new(matches) },
        };
        if line.kind == LineKind::Match { Message::Match(fields) } else { Message::Context(fields) }
    }
}

impl Format for Json<'_> {
    fn wants_matches(&self) -> bool {
        true
    }

    fn line(&self, line: &Line<'_>, out: &mut Vec<u8>) {
        self.look_for_nul(line);
        let mut push_with = |replaced: Option<(&[u8], &[Span])>| {
            let mut walk = |each: &mut dyn FnMut(Span, Option<&[u8]>)| {
                for (i, m) in line.matches.iter().enumerate() {
                    each(*m, replaced.map(|(text, spans)| &text[spans[i].range()]));
                }
            };
            push(&self.message(line, Data::new(line.bytes), &mut walk), out);
        };
        match self.replacer {
            Some(replacer) if !line.matches.is_empty() => {
                replacer.replace(line.bytes, line.matches, |text, spans| push_with(Some((text, spans))));
            }
            _ => push_with(None),
        }
    }

    fn long_line(&self, line: &Line<'_>, matches: &LongMatches<'_>, emit: &mut dyn FnMut(&[u8])) {
        self.look_for_nul(line);
        let mut replacement = vec![];
        let mut walk = |each: &mut dyn FnMut(Span, Option<&[u8]>)| {
            matches.for_each(&mut |m| {
                replacement.clear();
                let replacement = self.replacer.map(|replacer| {
                    replacer.expand(line.bytes, m, &mut replacement);
                    &replacement[..]
                });
                each(m, replacement);
                ControlFlow::Continue(())
            });
        };
        let text = match std::str::from_utf8(line.bytes) {
            Ok(_) => Data::LongText(line.bytes),
            Err(_) => Data::Bytes(line.bytes),
        };
        push(&self.message(line, text, &mut walk), &mut Pieces::new(emit));
    }
}

/// What stands behind everything. `stopped_at` is that of the only file; where there are several, each has its own.
pub(crate) fn summary(stats: &Stats, stopped_at: Option<u64>, total: Duration) -> Vec<u8> {
    let mut out = vec![];
    let elapsed_total = Elapsed::from(total);
    let mut data = serde_json::json!({ "elapsed_total": elapsed_total, "stats": Sums::new(stats) });
    if let Some(at) = stopped_at {
        data["stopped_at"] = at.into();
    }
    push(&serde_json::json!({ "data": data, "type": "summary" }), &mut out);
    out
}

fn push(message: &impl Serialize, out: &mut impl Write) {
    let written = serde_json::to_writer(&mut *out, message).map_err(io::Error::from);
    written.and_then(|()| out.write_all(b"\n")).expect("memory takes what is written, and all keys are strings");
}

#[derive(Serialize)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
enum Message<'a> {
    Begin {
        path: Data<'a>,
    },
    Match(Fields<'a>),
    Context(Fields<'a>),
    End {
        path: Data<'a>,
        binary_offset: Option<u64>,
        /// Readers of ripgrep's messages that refuse what they do not know meet it only where a search was stopped.
        #[serde(skip_serializing_if = "Option::is_none")]
        stopped_at: Option<u64>,
        stats: Sums,
    },
}

#[derive(Serialize)]
struct Fields<'a> {
    path: Data<'a>,
    lines: Data<'a>,
    line_number: Option<u64>,
    absolute_offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern_ids: Option<Vec<u64>>,
    submatches: SubMatches<'a>,
}

/// Any bytes: as text where they are UTF-8, and in base 64 where they are not.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Data<'a> {
    Text(&'a str),
    /// UTF-8 of a file that may be cut or changed at any time, so that it is copied piece by piece.
    #[serde(rename = "text")]
    LongText(#[serde(serialize_with = "in_pieces")] &'a [u8]),
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

fn in_pieces<S: Serializer>(text: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&LongText(text))
}

struct LongText<'a>(&'a [u8]);

impl fmt::Display for LongText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PIECE: usize = 64 << 10;
        let mut rest = self.0;
        while !rest.is_empty() {
            let is_inside = |at: &usize| rest.get(*at).is_some_and(|byte| byte & 0xC0 == 0x80);
            let least = PIECE.min(rest.len());
            let end = (least..=rest.len()).take(4).find(|at| !is_inside(at)).unwrap_or(least);
            let piece = rest[..end].to_vec();
            f.write_str(&String::from_utf8_lossy(&piece))?;
            rest = &rest[end..];
        }
        Ok(())
    }
}

/// Goes over matches, and what stands in their place.
type WalkOver<'a> = dyn FnMut(&mut dyn FnMut(Span, Option<&[u8]>)) + 'a;

/// The matches in a line.
struct SubMatches<'a> {
    bytes: &'a [u8],
    /// The patterns that match on the line, where they are told.
    ids: Option<(&'a PatternIds, LinePatterns)>,
    walk: RefCell<&'a mut WalkOver<'a>>,
}

#[derive(Serialize)]
struct SubMatch<'a> {
    r#match: Data<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<Data<'a>>,
    start: usize,
    end: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern_id: Option<u64>,
}

impl Serialize for SubMatches<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        let mut pushed = Ok(());
        (self.walk.borrow_mut())(&mut |m, replacement| {
            if pushed.is_ok() {
                pushed = seq.serialize_element(&SubMatch {
                    r#match: Data::new(&self.bytes[m.range()]),
                    replacement: replacement.map(Data::new),
                    start: m.start,
                    end: m.end,
                    pattern_id: self
                        .ids
                        .as_ref()
                        .and_then(|(ids, matching)| ids.at(self.bytes, m.start, matching).map(|id| ids.number(id))),
                });
            }
        });
        pushed?;
        seq.end()
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
    use mapgrep::matcher::MatcherBuilder;

    fn line(bytes: &[u8], matches: &[Span], replacer: Option<&Replacer>) -> String {
        let mut out = vec![];
        let json = Json::new(Path::new("f"), replacer, None);
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
        let replacer = MatcherBuilder::new().build(["(.)a"]).unwrap().replacer("<$1>").unwrap();
        let replaced = line(b"xaya\n", &[Span::new(0, 2), Span::new(2, 4)], Some(&replacer));
        assert!(replaced.contains(r#"{"match":{"text":"ya"},"replacement":{"text":"<y>"},"start":2,"end":4}"#));
        assert!(!line(b"b\n", &[], Some(&replacer)).contains("replacement"));
    }

    #[test]
    fn the_end_says_where_the_search_stopped() {
        let json = Json::new(Path::new("f"), None, None);
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
        let json = Json::new(Path::new("f"), None, None);
        assert_eq!(json.nul(), None);
        for offset in [100, 7] {
            let line = Line { kind: LineKind::Match, bytes: b"ab\0", offset, skipped: 0, number: None, matches: &[] };
            json.line(&line, &mut vec![]);
        }
        assert_eq!(json.nul(), Some(9));
    }
}
