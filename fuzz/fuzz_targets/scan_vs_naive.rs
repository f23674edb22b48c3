#![no_main]

use libfuzzer_sys::fuzz_target;
use mapgrep_fuzz::scan_vs_naive::{Case, check};

fuzz_target!(|case: Case| check(case));
