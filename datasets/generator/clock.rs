//! The time stamps of the logs.

/// Names of the months, as in a syslog.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A clock in UTC that only moves when told to.
pub(super) struct Clock {
    /// The full year.
    pub(super) year: u64,
    /// The month, from 1.
    pub(super) month: u64,
    /// The day of the month, from 1.
    pub(super) day: u64,
    /// The hour, from 0.
    pub(super) hour: u64,
    /// The minute, from 0.
    pub(super) minute: u64,
    /// The second, from 0.
    pub(super) second: u64,
    /// The microsecond, from 0.
    pub(super) micros: u64,
}

impl Clock {
    /// A clock that shows the given date and time of day.
    pub(super) const fn new(date: [u64; 3], time: [u64; 3]) -> Self {
        Self { year: date[0], month: date[1], day: date[2], hour: time[0], minute: time[1], second: time[2], micros: 0 }
    }

    /// Moves the clock on by a number of microseconds.
    pub(super) fn advance(&mut self, micros: u64) {
        self.micros += micros;
        // The steps between log lines are short, so carrying one second at a
        // time is cheaper than converting a count of seconds to a date.
        while self.micros >= 1_000_000 {
            self.micros -= 1_000_000;
            self.tick();
        }
    }

    /// Moves the clock on by one second.
    fn tick(&mut self) {
        self.second += 1;
        if self.second < 60 {
            return;
        }
        self.second = 0;
        self.minute += 1;
        if self.minute < 60 {
            return;
        }
        self.minute = 0;
        self.hour += 1;
        if self.hour < 24 {
            return;
        }
        self.hour = 0;
        self.day += 1;
        if self.day <= self.days_in_month() {
            return;
        }
        self.day = 1;
        self.month += 1;
        if self.month <= 12 {
            return;
        }
        self.month = 1;
        self.year += 1;
    }

    /// The number of days of the month that the clock shows.
    fn days_in_month(&self) -> u64 {
        let leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// The name of the month that the clock shows.
    pub(super) fn month_name(&self) -> &'static str {
        MONTHS[self.month as usize - 1]
    }
}
