//! Short texts that are looked through before a search is set up, against the search of a stream.

use std::ops::ControlFlow;

use mapgrep::{
    grep::{Binary, Goal, GrepBuilder, Plain},
    matcher::MatcherBuilder,
    scan::Pool,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_text_in_which_nothing_is_selected_is_one_to_a_search_too(
        text in "[ab\r\n\0]{0,12}",
        pattern in prop::sample::select(vec!["a", "b$", "^$", "a.b", "(?-u:\\x00)", "[^b]", "ab|ba", ""]),
        invert in any::<bool>(),
        passthru in any::<bool>(),
        by_line in any::<bool>(),
        binary in prop::sample::select(vec![Binary::Text, Binary::Suppress, Binary::Quit]),
        goal in prop::sample::select(vec![Goal::Lines, Goal::CountLines, Goal::CountMatches, Goal::AnyLine]),
    ) {
        let matcher = MatcherBuilder::new().by_line(by_line).build([pattern]).unwrap();
        let mut builder = GrepBuilder::new();
        builder.invert_match(invert).passthru(passthru).binary_detection(binary).goal(goal);
        let grep = builder.build(matcher).unwrap();
        let mut out = vec![];
        let reader = std::io::Cursor::new(text.clone());
        let searched = grep.search_reader(reader, &Plain, &Pool::inline(), &mut |bytes: &[u8]| {
            out.extend_from_slice(bytes);
            ControlFlow::Continue(())
        }).unwrap();
        match grep.search_in_vain(text.as_bytes()) {
            Some(summary) => {
                prop_assert_eq!(summary, searched);
                prop_assert!(out.is_empty());
            }
            None => prop_assert!(
                searched.matched_lines > 0 || !by_line || passthru || (binary != Binary::Text && text.contains('\0')),
                "{:?}", searched
            ),
        }
    }
}
