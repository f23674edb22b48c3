//! What the fuzz targets check. Nothing here needs libFuzzer: `tests/fuzz` includes this file, and replays the corpus.

#![allow(dead_code, unreachable_pub, missing_docs)]

#[path = "../../tests/oracle/mod.rs"]
mod oracle;

mod backing;
mod shared;

pub mod command_vs_definition;
pub mod grep_vs_oracle;
pub mod index_open;
pub mod index_vs_scan;
pub mod literal_vs_naive;
pub mod mapping_faults;
pub mod mapping_resize;
pub mod mapping_seek;
pub mod mapping_slice;
pub mod pattern_set_open;
pub mod pattern_set_vs_naive;
pub mod regex_vs_meta;
pub mod scan_vs_naive;
