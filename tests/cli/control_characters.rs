//! What a terminal would obey is made visible there, and goes into a pipe as it is.

use std::{
    ffi::OsString,
    io::{self, Write},
    sync::{Arc, Mutex},
};

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written to a terminal, or to something else.
fn written(args: &[&str], to_terminal: bool) -> Vec<u8> {
    let args = ["mapgrep", "--no-config", "--color=never"].iter().chain(args).map(OsString::from);
    let out = Shared::default();
    mapgrep::cli::mapgrep_to(args, out.clone(), to_terminal).unwrap();
    out.0.lock().unwrap().clone()
}

#[test]
fn a_terminal_gets_escapes_in_their_place() {
    let dir = tempfile::tempdir().unwrap();
    let long = format!("{}\x1B]0;title\x07 needle", "x".repeat(3000));
    let text = format!("\x1B[2Jneedle\x1B[1m\tx\n{long}\nneedle\u{9B}31m\n");
    std::fs::write(dir.path().join("text"), &text).unwrap();
    let path = dir.path().join("text");
    let path = path.to_str().unwrap();
    let shown = text.replace('\x1B', "\\x1B").replace('\x07', "\\x07").replace('\u{9B}', "\\x9B");
    let is_control = |byte: &u8| matches!(byte, 0x07 | 0x1B);
    for how in [&[][..], &["--chunk-size=64", "-j2"], &["-C1"], &["-U"], &["--trim"]] {
        let args = |more: &[&'static str]| [how, more, &["-N", "needle", path]].concat();
        assert_eq!(String::from_utf8_lossy(&written(&args(&[]), true)), shown, "{how:?}");
        assert_eq!(written(&args(&[]), false), text.as_bytes(), "{how:?}");
        assert_eq!(written(&args(&["-a"]), true), text.as_bytes(), "{how:?}");
        for more in [&["-o"][..], &["-M40"], &["-M40", "--max-columns-preview"], &["-r", "$0"], &["--vimgrep"]] {
            let out = written(&args(more), true);
            assert!(!out.is_empty() && !out.iter().any(is_control), "{how:?} {more:?}");
        }
    }
    // JSON has escapes of its own.
    assert_eq!(written(&["--json", "needle", path], true).iter().filter(|byte| is_control(byte)).count(), 0);
}
