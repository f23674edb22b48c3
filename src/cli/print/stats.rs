//! What --stats shows.

use std::{ops::AddAssign, time::Duration};

/// Sums over all files that were searched.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stats {
    pub(crate) matches: u64,
    pub(crate) matched_lines: u64,
    pub(crate) files_with_matches: u64,
    pub(crate) files: u64,
    pub(crate) bytes_printed: u64,
    pub(crate) bytes_searched: u64,
    pub(crate) searching: Duration,
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Self) {
        self.matches += other.matches;
        self.matched_lines += other.matched_lines;
        self.files_with_matches += other.files_with_matches;
        self.files += other.files;
        self.bytes_printed += other.bytes_printed;
        self.bytes_searched += other.bytes_searched;
        self.searching += other.searching;
    }
}

impl Stats {
    /// The report, in the form that ripgrep gives it, and where the search ended if that was before the end.
    pub(crate) fn report(&self, stopped_at: Option<u64>, total: Duration) -> String {
        let mut report = format!(
            "\n{} matches\n{} matched lines\n{} files contained matches\n{} files searched\n{} bytes printed\n\
             {} bytes searched\n{:.6} seconds spent searching\n{:.6} seconds total\n",
            self.matches,
            self.matched_lines,
            self.files_with_matches,
            self.files,
            self.bytes_printed,
            self.bytes_searched,
            self.searching.as_secs_f64(),
            total.as_secs_f64(),
        );
        if let Some(offset) = stopped_at {
            report.push_str(&format!("stopped at byte {offset}: --range {offset}.. goes on from there\n"));
        }
        report
    }
}
