//! One module for each fault that was found, or for each family of them, named after what broke. Each keeps the right
//! value.

#![cfg(feature = "cli")]

mod support;

mod fresh_clone;
mod messages;
mod ranges;
