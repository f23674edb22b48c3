//! What a line must contain for patterns to match on it.

pub(crate) mod condition;
pub(crate) mod patterns;
mod require;
mod strings;
#[cfg(test)]
mod tests;
