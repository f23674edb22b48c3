//! Noticing faults in a region.
#![allow(unsafe_code)]

use std::{
    fs::File,
    io,
    sync::atomic::{AtomicUsize, Ordering, fence},
};

use super::{fault::Fault, sigbus, unix::Region, watched::Node};

/// Watches a region until it is dropped.
#[derive(Debug)]
pub(in crate::mapping) struct Watch(&'static Node);

impl Watch {
    /// Watches a region, where `file`, if it is at hand, is mapped from `offset` on.
    ///
    /// # Safety
    ///
    /// * The region stays mapped where it is until this value was dropped: when a page of it faults, the handler maps
    ///   zeros there.
    /// * The file's descriptor stays open until then.
    pub(in crate::mapping) unsafe fn new(region: &Region, file: Option<&File>, offset: u64) -> io::Result<Watch> {
        sigbus::install()?;
        let node = Node::take();
        node.watch(region, file, offset);
        Ok(Watch(node))
    }

    /// Where the mark of the region is: the offset of the lowest page that was lost, or
    /// [`NO_FAULT`](super::fault::NO_FAULT).
    pub(in crate::mapping) fn mark(&self) -> Option<&'static AtomicUsize> {
        Some(self.0.mark())
    }

    /// What happened to the region so far. To be asked after the bytes were read.
    pub(in crate::mapping) fn fault(&self) -> Option<Fault> {
        fence(Ordering::Acquire);
        self.0.fault()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.give_back();
    }
}
