//! One regex, searched for by the engine that is chosen for it and by the meta engine of regex-automata.
//!
//! Shared by the tests and the fuzz targets.

use mapgrep::{
    Span,
    matcher::{Cache, Case, LineTerminator, Matcher, MatcherBuilder},
};

/// The two, with their caches.
pub(crate) struct Engines {
    chosen: (Matcher, Cache),
    meta: (Matcher, Cache),
}

impl Engines {
    /// None where the options do not allow the regex.
    pub(crate) fn new(regex: &str, options: u8) -> Option<Self> {
        let mut builder = MatcherBuilder::new();
        builder
            .by_line(options & 1 != 0)
            .case(if options & 2 != 0 { Case::Insensitive } else { Case::Sensitive })
            .word(options & 0x1C == 4)
            .whole_line(options & 0x1C == 8)
            .line_terminator(match options >> 5 {
                0 => LineTerminator::Crlf,
                1 => LineTerminator::Nul,
                _ => LineTerminator::Lf,
            });
        let chosen = builder.build([regex]).ok()?;
        // The meta engine alone is for several regexes. This one matches nothing.
        let meta = builder.build([regex, "[a&&b]"]).ok()?;
        let (mut cache, meta_cache) = (chosen.create_cache(), meta.create_cache());
        // An automaton that is built late, and used where matches are close together, is built and used after this.
        for _ in 0..10_000 {
            chosen.find_at(&mut cache, b"", 0);
            chosen.find_on_line(&mut cache, b"", 0);
        }
        Some(Engines { chosen: (chosen, cache), meta: (meta, meta_cache) })
    }

    /// # Panics
    ///
    /// Panics when they do not agree.
    pub(crate) fn compare(&mut self, text: &[u8]) {
        let (chosen, cache) = &mut self.chosen;
        let (meta, meta_cache) = &mut self.meta;
        for at in 0..=text.len() {
            let wanted = meta.find_at(meta_cache, text, at).map(|m| m.span());
            // With the cache as it was, or an engine that gave up once would not be asked again.
            let found = chosen.find_at(&mut cache.clone(), text, at).map(|m| m.span());
            assert_eq!(found, wanted, "from {at} in {:?}", text.escape_ascii().to_string());
            let end = chosen.find_on_line(&mut cache.clone(), text, at);
            let is_right = match (end, wanted) {
                (Some(end), Some(span)) => span.start <= end && end <= span.end,
                (end, wanted) => end.is_none() && wanted.is_none(),
            };
            assert!(is_right, "{end:?} is not in {wanted:?}, from {at} in {:?}", text.escape_ascii().to_string());
        }
        self.compare_walks(text);
    }

    /// Compares all matches that do not overlap, and the lines that they are on.
    ///
    /// # Panics
    ///
    /// Panics when they do not agree.
    pub(crate) fn compare_walks(&mut self, text: &[u8]) {
        let (chosen, cache) = &mut self.chosen;
        let (meta, meta_cache) = &mut self.meta;
        let wanted: Vec<Span> = meta.find_iter(meta_cache, text).map(|m| m.span()).collect();
        let found: Vec<Span> = chosen.find_iter(&mut cache.clone(), text).map(|m| m.span()).collect();
        assert_eq!(found, wanted, "in {:?}", text.escape_ascii().to_string());

        if chosen.is_by_line() {
            let terminator = chosen.line_terminator().byte();
            let lines = |matcher: &Matcher, cache: &mut Cache| {
                let (mut ends, mut at) = (vec![], 0);
                while let Some(found) = matcher.find_on_line(cache, text, at) {
                    at =
                        text[found..].iter().position(|&byte| byte == terminator).map_or(text.len(), |n| found + n + 1);
                    ends.push(at);
                    if at == text.len() {
                        break;
                    }
                }
                ends
            };
            assert_eq!(
                lines(chosen, &mut cache.clone()),
                lines(meta, meta_cache),
                "in {:?}",
                text.escape_ascii().to_string()
            );
        }
    }
}
