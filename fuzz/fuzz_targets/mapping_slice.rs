#![no_main]

use libfuzzer_sys::fuzz_target;
use mapgrep_fuzz::mapping_slice::{Case, check};

fuzz_target!(|case: Case| check(case));
