//! The user's file of flags, which come before those of the command line.

use std::{env, ffi::OsString, fs, path::PathBuf};

use bstr::ByteSlice;

use crate::cli::flags::options::Config;

/// The line of ripgrep's file of flags, a comment there, that has mapgrep read it too.
const READ_TOO: &[u8] = b"# mapgrep: --config=ripgrep";

/// A file of flags, and the arguments in it with the numbers of their lines.
type File = (PathBuf, Vec<(u64, OsString)>);

/// The flags in the user's file, and which file that is; none where there is none.
///
/// # Errors
///
/// When the file cannot be read, or has a line that no argument can be.
pub(crate) fn flags(whose: Config) -> Result<Option<File>, String> {
    let path = |name| env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let (path, text) = if let Some(path) = path("MAPGREP_CONFIG_PATH") {
        let text = fs::read(&path).map_err(|error| format!("{}: cannot read flags: {error}", path.display()))?;
        (path, text)
    } else if let Some(path) = path("RIPGREP_CONFIG_PATH") {
        let is_asked_for =
            whose == Config::Ripgrep || env::var_os("MAPGREP_CONFIG").is_some_and(|value| value == *"ripgrep");
        match fs::read(&path) {
            Ok(text) if is_asked_for || text.lines().any(|line| line.trim() == READ_TOO) => (path, text),
            Err(error) if is_asked_for => return Err(format!("{}: cannot read flags: {error}", path.display())),
            _ => return Ok(None),
        }
    } else {
        return Ok(None);
    };
    let arguments = text.lines().zip(1..).filter_map(|(line, number)| {
        let line = line.trim();
        let is_argument = !line.is_empty() && !line.starts_with(b"#");
        is_argument.then(|| line.to_os_str().map(|line| (number, line.to_owned())).map_err(|_| number))
    });
    match arguments.collect() {
        Ok(arguments) => Ok(Some((path, arguments))),
        Err(number) => Err(format!("{}:{number}: this is not valid UTF-8", path.display())),
    }
}
