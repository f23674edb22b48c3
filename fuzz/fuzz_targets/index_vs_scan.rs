#![no_main]

use libfuzzer_sys::fuzz_target;
use mapgrep_fuzz::index_vs_scan::{Case, check};

fuzz_target!(|case: Case| check(case));
