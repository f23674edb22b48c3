//! The storage substrate: a file, or anonymous memory, mapped into the address space.
//!
//! This is the only room that maps memory and the only one that asks the operating system about it. Everything else
//! receives bytes, and receives them in one way: through [`Mapping::guarded`]. A file can be cut short by another
//! process while it is mapped, so a read of mapped bytes is something that can fail, and having one door for it gives
//! the handling of that failure one place. What was read of a file that became too short is thrown away, and
//! [`is_truncated`](crate::Error::is_truncated) says where its bytes end; no signal ends the process (see
//! [`MapOptions::guard_faults`]). After a page went away while it was read, the mapping is of no more use: each call
//! but [`close`](Mapping::close) gives that error.
//!
#![doc = include_str!("python.md")]
mod access;
mod advice;
mod advise;
#[cfg(unix)]
mod constants;
mod copied;
mod core;
mod cursor;
mod cuts;
mod flush;
mod guarded;
mod holes;
mod lent;
mod mapped;
mod open;
mod options;
mod quick;
mod raw;
mod reader;
mod residency;
mod resize;
mod shared;
mod slice;
mod sys;
#[cfg(test)]
mod tests;

#[cfg(unix)]
pub use self::constants::{FlushFlags, MapFlags, Prot, RawAdvice};
pub use self::{
    access::Access,
    advice::{Advice, Discard},
    core::Mapping,
    cuts::Cuts,
    guarded::is_guarding,
    options::MapOptions,
    reader::Reader,
    residency::Residency,
    slice::{Iter, Slice},
    sys::{allocation_granularity, page_size},
};
pub(crate) use self::{
    holes::{holes_of, is_sparse},
    lent::Lent,
    residency::map_to_ask,
    sys::has_room,
};
