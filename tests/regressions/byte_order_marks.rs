//! In a file that begins with the byte order mark of UTF-8, offsets were counted from behind the mark.

use std::fs;

use crate::support::commands::{files, mapgrep, said, said_of};

const TEXT: &[u8] = b"\xEF\xBB\xBFfoo\nbar foo\nfoo";

#[test]
fn offsets_are_those_of_the_file() {
    let dir = files(&[("f", TEXT)]);
    fs::create_dir(dir.path().join("d")).unwrap();
    fs::copy(dir.path().join("f"), dir.path().join("d/f")).unwrap();
    let ways: [&[&str]; 4] = [&["f"], &["--no-mmap", "f"], &["-I", "d"], &["-j1", "f"]];
    for way in ways {
        let out = |args: &[&str]| said(&mut mapgrep(dir.path(), &[args, way].concat())).1;
        assert_eq!(out(&["-b", "foo"]), "3:foo\n7:bar foo\n15:foo\n", "{way:?}");
        assert_eq!(out(&["-bo", "^foo|o$"]), "3:foo\n13:o\n15:foo\n", "{way:?}");
        assert_eq!(out(&["-b", "-U", r"foo\nb"]), "3:foo\n7:bar foo\n", "{way:?}");
        let json = out(&["--json", "-m1", "foo"]);
        assert!(json.contains("\"absolute_offset\":3,") && json.contains("\"stopped_at\":7,"), "{way:?}: {json}");
        assert!(out(&["--stats", "-m2", "foo"]).contains("stopped at byte 15"), "{way:?}");
        for cut in 0..20 {
            let of = |range: String| out(&["-bo", "--range", &range, "o+"]);
            assert_eq!(of(format!("..{cut}")) + &of(format!("{cut}..")), "4:oo\n12:oo\n16:oo\n", "{way:?}, {cut}");
        }
        assert_eq!(out(&["-b", "--range", "-3..", "foo"]), "15:foo\n", "{way:?}");
        assert_eq!(out(&["-b", "--lines", "2", "foo"]), "7:bar foo\n", "{way:?}");
    }
    let piped = |args: &[&str]| said_of(&mut mapgrep(dir.path(), args), TEXT).1;
    assert_eq!(piped(&["-b", "^foo"]), "3:foo\n15:foo\n");
    assert_eq!(piped(&["-b", "--range", "4..", "foo"]), "7:bar foo\n15:foo\n");
}

#[test]
fn a_nul_is_where_it_is_in_the_file() {
    let dir = files(&[("f", b"\xEF\xBB\xBFfoo\n\0")]);
    let (_, out, _) = said(&mut mapgrep(dir.path(), &["foo", "f"]));
    assert!(out.contains("around offset 7)"), "{out}");
}

/// Of UTF-16 they are those of what it is converted to.
#[test]
fn text_that_is_converted_has_offsets_of_its_own() {
    let utf16: Vec<u8> = "\u{feff}é\nfoo\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let dir = files(&[("f", &utf16)]);
    assert_eq!(said(&mut mapgrep(dir.path(), &["-b", "foo", "f"])).1, "3:foo\n");
}
