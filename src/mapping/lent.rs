//! Bytes in memory, searched by what searches mappings.

use std::marker::PhantomData;

use super::{Access, Backing, MapOptions, Mapping, sys::Region};
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
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        // The bytes are borrowed for as long as this value lives, and only a shared reference to the mapping is given away, with
        // which nothing can be written, advised or unmapped.
        let region = Region::lent(bytes.as_ptr(), bytes.len());
        let mapping = Mapping::new(region, Backing::Lent, &MapOptions::new(), Access::Read)?;
        Ok(Lent { mapping, bytes: PhantomData })
    }

    pub(crate) fn mapping(&self) -> &Mapping {
        &self.mapping
    }
}
