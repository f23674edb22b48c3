//! What is said of patterns that need PCRE2.

use crate::commands::{files, mapgrep, said};

#[test]
fn an_error_of_a_perl_pattern_names_the_flag() {
    let dir = files(&[("a", b"a\n")]);
    for (pattern, what) in [("(?=a)", "look-around"), ("(?<!b)a", "look-around"), (r"(a)\1", "backreferences")] {
        let (status, out, err) = said(&mut mapgrep(dir.path(), &[pattern, "a"]));
        assert_eq!((status, out.as_str()), (2, ""), "{pattern}");
        assert!(err.contains(what) && err.contains("-P/--pcre2"), "{pattern}: {err}");
    }
    let (_, _, err) = said(&mut mapgrep(dir.path(), &["a(", "a"]));
    assert!(!err.contains("-P"), "{err}");
}

#[test]
#[cfg(not(feature = "pcre2"))]
fn without_pcre2_it_is_said_how_to_get_it() {
    let dir = files(&[("a", b"a\n")]);
    for args in [&["-P", "a", "a"][..], &["--engine=pcre2", "a", "a"]] {
        let (status, out, err) = said(&mut mapgrep(dir.path(), args));
        assert_eq!((status, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains("the cargo feature `pcre2` adds it"), "{err}");
    }
    // Plain strings need no engine, and neither do patterns that the default engine knows.
    for args in [&["-PF", "a", "a"][..], &["--engine=auto", "a", "a"], &["-P", "--no-pcre2", "a", "a"]] {
        assert_eq!(said(&mut mapgrep(dir.path(), args)), (0, "a\n".to_owned(), String::new()), "{args:?}");
    }
    assert!(said(&mut mapgrep(dir.path(), &["--engine=auto", "(?=a)", "a"])).2.contains("look-around"));
    assert_eq!(said(&mut mapgrep(dir.path(), &["--pcre2-version"])).0, 1);
}
