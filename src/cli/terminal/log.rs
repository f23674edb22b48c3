//! What `--debug` and `--trace` show: what crates log, and this one.

use log::{Level, Log, Metadata, Record};

use crate::cli::terminal::messages;

struct Logger;

impl Log for Logger {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let place = record.file().map_or(String::new(), |file| {
            let file = file.rsplit_once("/src/").map_or(file, |(_, file)| file);
            format!("{file}:{}: ", record.line().unwrap_or(0))
        });
        messages::print(format_args!("{}|{}|{place}{}", record.level(), record.target(), record.args()));
    }

    fn flush(&self) {}
}

/// Shows what is logged, as far as it is as important as this.
pub(crate) fn show(level: Option<Level>) {
    if let Some(level) = level {
        // That there is one already is of a second search in a process, which has the same.
        let _ = log::set_logger(&Logger);
        log::set_max_level(level.to_level_filter());
    }
}
