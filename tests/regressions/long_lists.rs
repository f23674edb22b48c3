//! Long lists of patterns fell off a cliff: from some thousands on, the automaton for all of them was thrown away and
//! built anew all the time, and a line of strings that are parts of each other was counted in the cube of their number.
//! What is chosen is asked for, as it decides about the work; and what is found is compared with what follows from how
//! the text was made.

use crate::support::commands::{files, mapgrep, said};

/// Words of five to ten letters, the same ones each time.
fn words(count: usize) -> Vec<String> {
    let mut state = 1_u64;
    let mut below = |upto: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % upto
    };
    let word = |_| (0..5 + below(6)).map(|_| char::from(b'a' + below(26) as u8)).collect();
    (0..count).map(word).collect()
}

/// Standard output and standard error of a search that finds something.
#[track_caller]
fn found(dir: &std::path::Path, args: &[&str]) -> (String, String) {
    let (status, out, errors) = said(&mut mapgrep(dir, args));
    assert_eq!(status, 0, "{args:?}: {errors}");
    (out, errors)
}

#[test]
fn words_are_literals_also_without_f() {
    let words = words(5000);
    let text: String = (0..500)
        .map(|line| match line % 3 {
            0 => format!("some {} text\n", words[line * 7].to_uppercase()),
            1 => format!("{}\n", words[line * 5].replace('k', "\u{212A}").replace('s', "\u{17F}")),
            _ => "12345 67890\n".to_owned(),
        })
        .collect();
    let dir = files(&[("words", words.join("\n").as_bytes()), ("text", text.as_bytes())]);
    for case in ["-i", "-S", "-s"] {
        let (out, errors) = found(dir.path(), &["--explain", "-c", case, "-f", "words", "text"]);
        assert!(errors.contains("matcher: literals: "), "{case}: {errors}");
        assert_eq!(out, found(dir.path(), &["-c", "-F", case, "-f", "words", "text"]).0, "{case}");
        if case != "-s" {
            assert_eq!(out, "334\n", "{case}");
        }
    }
    // With what has to be around them, and next to patterns that are more than a word.
    for args in [&["-iw"][..], &["-ix"], &["-iFw"], &["-iFx"], &["-i", "-e", "123[0-5]+ 6"], &["-i", "-e", r"[0-9]\s"]]
    {
        let (_, errors) = found(dir.path(), &[&["--explain", "-c", "-f", "words"], args, &["text"]].concat());
        assert!(!errors.contains("as one regex"), "{args:?}: {errors}");
    }
    assert_eq!(found(dir.path(), &["-c", "-iw", "-f", "words", "text"]).0, "334\n");
    assert_eq!(found(dir.path(), &["-c", "-ix", "-f", "words", "text"]).0, "167\n");
    assert_eq!(found(dir.path(), &["-c", "-i", "-f", "words", "-e", "123[0-5]+ 6", "text"]).0, "500\n");
    assert_eq!(found(dir.path(), &["-c", "-i", "-f", "words", "-e", r"[0-9]\s", "text"]).0, "500\n");
}

/// Each letter of such words has two spellings that ASCII does not know of.
#[test]
fn words_beyond_ascii_are_looked_for_by_their_literals_when_case_is_ignored() {
    let alphabet: Vec<char> = ('а'..='я').collect();
    let letter = |number: usize| alphabet[number % alphabet.len()];
    let words: Vec<String> = (0..1000_usize)
        .map(|number| (0..7).map(|at| letter(number * (at * at + 3) + number / 32 * at + 5 * at)).collect())
        .collect();
    let text: String = (0..300).map(|line| format!("слово {}\n", words[line * 3].to_uppercase())).collect();
    let dir = files(&[("words", words.join("\n").as_bytes()), ("text", text.as_bytes())]);
    for args in [&["-i"][..], &["-iF"], &["-iw"], &["-S"]] {
        let (out, errors) = found(dir.path(), &[&["--explain", "-c", "-f", "words"], args, &["text"]].concat());
        assert_eq!(out, "300\n", "{args:?}");
        assert!(!errors.contains("as one regex"), "{args:?}: {errors}");
    }
}

#[test]
fn regexes_with_a_literal_are_tried_where_it_is() {
    let patterns: Vec<String> = (0..3000).map(|user| format!(r"user{}\b.*latency=17\d+ms", 10_000 + user)).collect();
    let line =
        |user: usize| format!("request user{} path=/ latency={}ms\n", 10_000 + user, [171, 17, 1712, 99][user % 4]);
    let text: String = (0..6000).map(line).collect();
    let dir = files(&[("patterns", patterns.join("\n").as_bytes()), ("text", text.as_bytes())]);
    let (out, errors) = found(dir.path(), &["--explain", "-c", "-f", "patterns", "text"]);
    assert_eq!(out, "1500\n");
    assert!(
        errors.contains("3000 patterns: 0 by a literal alone, 3000 by a regex where a literal of theirs is"),
        "{errors}"
    );
    assert!(errors.contains("literals: 3000 patterns of 9 bytes"), "{errors}");
    let (out, errors) = found(dir.path(), &["--explain", "--count-by-pattern", "-f", "patterns", "text"]);
    assert!(errors.contains("literals: 3000 patterns of 9 bytes"), "{errors}");
    let wanted = (0..3000).filter(|user| user % 2 == 0).map(|user| format!("1:{}\n", patterns[user]));
    assert_eq!(out, wanted.collect::<String>());
    let (out, _) = found(dir.path(), &["-o", "-f", "patterns", "text"]);
    let of_user = |user: usize| line(user).trim_start_matches("request ").to_owned();
    assert_eq!(out, (0..3000).filter(|user| user % 2 == 0).map(of_user).collect::<String>());
}

/// Nobody counts occurrences, of which there are twenty million.
#[test]
fn strings_that_are_parts_of_each_other_are_counted_by_line() {
    const LEN: usize = 500;
    let longest = "ab".repeat(LEN / 2);
    let strings: Vec<&str> = (0..LEN).map(|at| &longest[at..]).collect();
    let dir = files(&[("strings", strings.join("\n").as_bytes())]);
    let (out, _) = found(dir.path(), &["--count-by-pattern", "-F", "-f", "strings", "strings"]);
    let wanted = strings.iter().enumerate().map(|(at, string)| format!("{}:{string}\n", at + 1));
    assert_eq!(out, wanted.collect::<String>());
}
