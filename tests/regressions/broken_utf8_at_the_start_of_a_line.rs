//! Whether a word was found behind a stray continuation byte at the start of a line depended on the line before, and on
//! how many patterns there were: a regex engine took the line end for the character before the word.

use mapgrep::matcher::{LineTerminator, MatcherBuilder};

#[test]
fn a_line_has_the_matches_that_it_has_alone() {
    let text = b"user12 \n\xB0user12\r\n\xB0 user12\nx\xB0user12\n \xB0\xB0\xB0user12\n";
    let fillers = (0..520).map(|i| format!("filler{i}[xy]?"));
    let few = vec!["user12|us[ef]r13".to_owned(), "ms$".to_owned()];
    let many: Vec<String> = few.iter().cloned().chain(fillers).collect();
    for terminator in [LineTerminator::Lf, LineTerminator::Crlf] {
        for patterns in [&few[..1], &few, &many] {
            let matcher = MatcherBuilder::new().by_line(true).word(true).line_terminator(terminator).build(patterns);
            let matcher = matcher.unwrap();
            let mut cache = matcher.create_cache();
            let found: Vec<_> = matcher.find_iter(&mut cache, text).map(|m| m.start).collect();
            assert_eq!(found, [0, 19, 39], "{}", matcher.description());
            let mut lines = vec![];
            let mut at = 0;
            while let Some(place) = matcher.find_on_line(&mut cache, text, at) {
                lines.push(text[..place].iter().filter(|&&byte| byte == b'\n').count());
                at = place + text[place..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
            }
            assert_eq!(lines, [0, 2, 4], "{}", matcher.description());
        }
    }
}
