//! One module for each fault that was found, or for each family of them, named after what broke. Each keeps the right
//! value.

#![cfg(feature = "cli")]

#[path = "../support/mod.rs"]
mod support;

mod any_line_before_a_nul;
mod binary_from_the_end;
mod braces_in_gitignore;
mod broken_utf8_at_the_start_of_a_line;
mod byte_order_marks;
mod closed_output;
mod context_behind_the_limit;
#[cfg(unix)]
mod edited_then_grown;
mod empty_match_at_the_end;
mod empty_matches;
mod files_of_no_use_to_an_index;
mod fresh_clone;
mod held_back_lines;
#[cfg(unix)]
mod hostile_index;
mod ignore_files_of_one_file;
#[cfg(target_os = "linux")]
mod large_patterns;
mod line_ends;
mod lists_of_strings;
mod long_lines_per_match;
mod long_lists;
mod messages;
#[cfg(unix)]
mod names_that_are_no_files;
mod output_is_input;
mod panics_over_changing_files;
mod passthru_over_binary;
mod plans_of_a_query;
#[cfg(unix)]
mod planted_indexes;
mod quadratic_lines;
mod ranges;
mod ranges_of_binary_files;
mod ranges_under_load;
#[cfg(target_os = "linux")]
mod refused_resources;
#[cfg(unix)]
mod renamed_logs;
mod replaced_line_ends;
mod shared_memory_growth;
mod sparse_files;
mod stats_of_an_index;
mod stdin_is_a_file;
#[cfg(target_os = "linux")]
mod threads_of_a_call;
mod trimmed_matches;
#[cfg(target_os = "linux")]
mod unlocked_writers;
mod verified_dense_rows;
mod where_a_search_stopped;
#[cfg(unix)]
mod who_reads_an_index;
