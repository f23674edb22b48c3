#![no_main]

use libfuzzer_sys::fuzz_target;
use mapgrep_fuzz::command_vs_definition::{Case, check};

fuzz_target!(|case: Case| check(case));
