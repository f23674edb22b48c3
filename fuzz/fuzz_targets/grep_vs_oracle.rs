#![no_main]

use libfuzzer_sys::fuzz_target;
use mapgrep_fuzz::grep_vs_oracle::{Case, check};

fuzz_target!(|case: Case| check(case));
