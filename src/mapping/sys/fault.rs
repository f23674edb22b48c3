//! Faults, and errors of the system that are found out without asking it.

use std::io;

/// The mark of a region that had no fault.
pub(in crate::mapping) const NO_FAULT: usize = usize::MAX;

/// What a fault in a region has made of it. Offsets count from the region's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::mapping) struct Fault {
    /// The first byte whose content is not the file's any more.
    pub(in crate::mapping) from: usize,
    /// The file had the byte: the medium did not give it.
    pub(in crate::mapping) is_io: bool,
}

/// The system's error of this number, for what is found out without asking the system.
pub(in crate::mapping) fn error(number: i32) -> io::Error {
    io::Error::from_raw_os_error(number)
}
