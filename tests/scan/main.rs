//! Matches in files: the same for all chunk sizes and numbers of threads, by iterators too; what stays in the page
//! cache.

#[path = "../oracle/mod.rs"]
mod oracle;

#[cfg(target_os = "linux")]
#[allow(unsafe_code)] // Files are mapped.
mod cache;
mod chunks;
mod iterators;
