//! Planning: from a query to the parts of the file that can match.

pub(crate) mod candidates;
mod links;
pub(crate) mod part;
mod parts;
mod planner;
mod rows;
#[cfg(all(test, target_os = "linux", target_pointer_width = "64"))]
mod tests;
