//! What has to stand on a line for patterns to match there.

pub(crate) mod needs;
pub(crate) mod patterns;
mod require;
mod strings;
#[cfg(test)]
mod tests;
