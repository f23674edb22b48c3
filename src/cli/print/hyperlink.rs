//! Links around names and numbers, for terminals that know them.

use std::{path::Path, process::Command};

use bstr::ByteSlice;
use grep_printer::HyperlinkFormat;

/// What the links of a search have in common.
#[derive(Clone, Debug)]
pub(crate) struct Hyperlinks {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Vec<u8>),
    Path,
    Line,
    Column,
}

impl Hyperlinks {
    /// Links of a format, or none where there is none. `hostname` is a program that tells the name of this machine.
    pub(crate) fn new(format: &HyperlinkFormat, hostname: Option<&Path>) -> Option<Self> {
        let format = format.to_string();
        let mut parts = vec![];
        let mut rest = format.as_str();
        while !rest.is_empty() {
            let variable = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let (part, behind) = match variable {
                Some(("path", behind)) => (Part::Path, behind),
                Some(("line", behind)) => (Part::Line, behind),
                Some(("column", behind)) => (Part::Column, behind),
                Some(("host", behind)) => (Part::Text(host(hostname)), behind),
                Some(("wslprefix", behind)) => (Part::Text(wsl_prefix()), behind),
                _ => {
                    let end = rest[1..].find('{').map_or(rest.len(), |at| at + 1);
                    (Part::Text(rest[..end].into()), &rest[end..])
                }
            };
            parts.push(part);
            rest = behind;
        }
        (!parts.is_empty()).then_some(Hyperlinks { parts })
    }

    /// Whether links to different lines of a file differ.
    pub(crate) fn tell_lines_apart(&self) -> bool {
        self.parts.contains(&Part::Line)
    }

    /// The path of a file as it stands in a link, if it can.
    pub(crate) fn encoded_path(&self, path: &Path) -> Option<Vec<u8>> {
        #[cfg(unix)]
        {
            let path = path.canonicalize().ok()?;
            let path = <[u8]>::from_path(&path)?;
            path.starts_with(b"/").then(|| encoded(path))
        }
        #[cfg(not(unix))]
        {
            let path = std::path::absolute(path).ok()?;
            let path = path.to_str()?;
            let path = match path.strip_prefix(r"\\?\") {
                Some(path) => path.strip_prefix("UNC").unwrap_or(path),
                None if path.starts_with(r"\\") || path.starts_with("//") => &path[1..],
                None => path,
            };
            Some(encoded(format!("/{path}").as_bytes()))
        }
    }

    /// Begins a link to a place in a file.
    pub(crate) fn begin(&self, path: &[u8], line: Option<u64>, column: Option<u64>, out: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        out.extend_from_slice(b"\x1B]8;;");
        for part in &self.parts {
            out.extend_from_slice(match part {
                Part::Text(text) => text,
                Part::Path => path,
                Part::Line => digits.format(line.unwrap_or(1)).as_bytes(),
                Part::Column => digits.format(column.unwrap_or(1)).as_bytes(),
            });
        }
        out.extend_from_slice(b"\x1B\\");
    }

    /// Ends a link.
    pub(crate) fn end(out: &mut Vec<u8>) {
        out.extend_from_slice(b"\x1B]8;;\x1B\\");
    }
}

/// A path with the bytes that mean something in a URL written as numbers. Bytes beyond ASCII stay as they are.
fn encoded(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'/' | b':' | b'-' | b'.' | b'_' | b'~' | 128.. => out.push(byte),
            b'\\' if cfg!(windows) => out.push(b'/'),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}

/// The name of this machine; empty where nobody knows it.
fn host(program: Option<&Path>) -> Vec<u8> {
    let told = program.and_then(|program| Command::new(program).output().ok());
    match told.filter(|output| output.status.success()).map(|output| output.stdout.trim().to_vec()) {
        Some(name) if !name.is_empty() => name,
        _ => grep_cli::hostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default().into_bytes(),
    }
}

/// What stands before the paths of a Linux within Windows.
fn wsl_prefix() -> Vec<u8> {
    match std::env::var("WSL_DISTRO_NAME") {
        Ok(name) => format!("wsl$/{name}").into_bytes(),
        Err(_) => vec![],
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_link_has_the_place() {
        let links = Hyperlinks::new(&"x://{host}h{path}:{line}:{column}".parse().unwrap(), Some(Path::new("true")));
        let mut out = vec![];
        links.unwrap().begin(&encoded(b"/a b/\xC3\xA4%"), Some(7), None, &mut out);
        Hyperlinks::end(&mut out);
        let out = out.to_str_lossy().into_owned();
        assert!(out.starts_with("\x1B]8;;x://") && out.ends_with("h/a%20b/ä%25:7:1\x1B\\\x1B]8;;\x1B\\"), "{out:?}");
        assert!(Hyperlinks::new(&"none".parse().unwrap(), None).is_none());
    }
}
