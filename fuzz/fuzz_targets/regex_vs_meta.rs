#![no_main]

use libfuzzer_sys::fuzz_target;
use mapgrep_fuzz::regex_vs_meta::{Case, check};

fuzz_target!(|case: Case| check(case));
