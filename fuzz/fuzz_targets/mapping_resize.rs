#![no_main]

use libfuzzer_sys::fuzz_target;
use mapgrep_fuzz::mapping_resize::{Case, check};

fuzz_target!(|case: Case| check(case));
