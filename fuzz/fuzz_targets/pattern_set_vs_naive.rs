#![no_main]

use libfuzzer_sys::fuzz_target;
use mapgrep_fuzz::pattern_set_vs_naive::{Case, check};

fuzz_target!(|case: Case| check(case));
