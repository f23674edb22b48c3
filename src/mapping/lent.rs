//! Bytes in memory, searched by what searches mappings.

use std::marker::PhantomData;

use super::{
    access::Access,
    core::Mapping,
    mapped::{Backing, Mapped},
    sys::Region,
};
use crate::error::Error;

/// A mapping of bytes that are borrowed.
pub(crate) struct Lent<'a> {
    mapping: Mapping,
    bytes: PhantomData<&'a [u8]>,
}

impl<'a> Lent<'a> {
    /// # Errors
    ///
    /// None that is known; making a mapping may have some.
    #[allow(unsafe_code)]
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        // SAFETY: the bytes are borrowed for as long as this value lives, so that nobody changes or frees them; only a
        // shared reference to the mapping is given away, which has `Access::Read`, so that nothing is written through
        // it, and the system is told nothing about pages of a region that is lent: they may hold other things of their
        // owner.
        let region = unsafe { Region::lent(bytes.as_ptr(), bytes.len()) };
        let mapping = Mapping::new(Mapped::new(region, Backing::Lent, 0, false, true)?, 0, Access::Read);
        Ok(Lent { mapping, bytes: PhantomData })
    }

    pub(crate) fn mapping(&self) -> &Mapping {
        &self.mapping
    }
}
