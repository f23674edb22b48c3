//! Copies into and out of memory that others change at the same time: other processes, and other threads through the
//! same two calls.
//!
//! All accesses are atomic, to whole words, and aligned. The first and the last bytes of a copy share their words with
//! bytes beside them; those words are changed by compare and exchange, so that the bytes beside keep what others write
//! there. That no access is of another size keeps copies of different ranges from racing in the sense of the language.
#![allow(unsafe_code)] // Words are loaded from addresses, and stored there.

use std::{
    ops::Range,
    sync::atomic::{AtomicUsize, Ordering, fence},
};

use super::core::Mapping;
use crate::error::Error;

const WORD_BYTES: usize = size_of::<usize>();

impl Mapping {
    /// Copies the bytes from `at` on into `buffer`, and tolerates that other processes write to them at the same time,
    /// or threads of this one by [`copy_in`](Mapping::copy_in).
    ///
    /// Bytes within one aligned word (8 bytes, or 4 on machines of 32 bits) are of one moment; a longer copy may have
    /// parts from before a change and parts from after it. What is copied by a later call is not older than what this
    /// one has seen: where a writer writes a record and then a flag, whoever sees the flag finds the record.
    ///
    /// # Errors
    ///
    /// Those of [`guarded`](Mapping::guarded), but for those of its closure. The buffer's content is then anything.
    ///
    /// # Examples
    ///
    /// ```
    /// let memory = mapgrep::mapping::MapOptions::new().len(100).map_anonymous()?;
    /// // SAFETY: nobody has a reference to the bytes.
    /// unsafe { memory.copy_in(10, b"shared")? };
    /// let mut bytes = [0; 6];
    /// memory.copy_out(10, &mut bytes)?;
    /// assert_eq!(&bytes, b"shared");
    /// # Ok::<(), mapgrep::Error>(())
    /// ```
    pub fn copy_out(&self, at: usize, buffer: &mut [u8]) -> Result<(), Error> {
        let mapped = self.usable()?;
        let range = self.range_of_copy(at, buffer.len())?;
        self.check_readable()?;
        // SAFETY: the range lies in the mapping. A mapping begins and ends with a page, so that the words around its
        // bytes are mapped.
        unsafe { load(mapped.region().as_mut_ptr().add(range.start), buffer) };
        fence(Ordering::Acquire);
        mapped.check_copied(&range, self.offset, buffer)
    }

    /// Copies `bytes` to where `at` is the first, through a shared reference, and tolerates that other processes read
    /// or write there at the same time, or threads of this one by this call and [`copy_out`](Mapping::copy_out).
    ///
    /// Bytes within one aligned word (8 bytes, or 4 on machines of 32 bits) are written at once. Whoever sees a later
    /// copy by [`copy_out`](Mapping::copy_out) finds this one, too.
    ///
    /// # Errors
    ///
    /// Those of [`guarded_mut`](Mapping::guarded_mut), but for those of its closure.
    ///
    /// # Safety
    ///
    /// While the call is under way no reference to the bytes exists in this process: no closure of
    /// [`guarded`](Mapping::guarded) or [`guarded_mut`](Mapping::guarded_mut) and no slice of
    /// [`as_slice`](Mapping::as_slice) has them, and no other call but the two named above reads, writes or searches
    /// them, on this mapping or another of the same memory.
    ///
    /// # Examples
    ///
    /// See [`copy_out`](Mapping::copy_out).
    pub unsafe fn copy_in(&self, at: usize, bytes: &[u8]) -> Result<(), Error> {
        let mapped = self.usable()?;
        self.check_writable()?;
        // The words at the borders are read, too.
        self.check_readable()?;
        let range = self.range_of_copy(at, bytes.len())?;
        mapped.check(&range, self.offset)?;
        mapped.stop_proving_if_private();
        fence(Ordering::Release);
        // SAFETY: the range lies in the mapping, whose pages are whole and can be written; the caller sees to it that
        // nobody has a reference to these bytes, and other accesses to the words are atomic and of the same size.
        unsafe { store(mapped.region().as_mut_ptr().add(range.start), bytes) };
        mapped.check(&range, self.offset).inspect_err(|_| mapped.stop_proving())
    }

    fn range_of_copy(&self, at: usize, len: usize) -> Result<Range<usize>, Error> {
        self.resolve(at..at.saturating_add(len))
    }
}

/// Copies bytes out of memory that changes.
///
/// # Safety
///
/// * As many bytes as the buffer has can be read at `from`, and so can the aligned words that they lie in.
/// * All who write to these words meanwhile do so atomically, and word by word, or are no threads of this process.
unsafe fn load(from: *const u8, buffer: &mut [u8]) {
    // SAFETY: the caller's promise; the memory may be read-only, which is no matter to a relaxed load of a word.
    let word = |at: *const u8| unsafe { &*at.cast::<AtomicUsize>() }.load(Ordering::Relaxed).to_ne_bytes();
    let skipped = from.addr() % WORD_BYTES;
    // A pointer to the first word, which starts up to seven bytes before the first byte.
    let mut at = from.wrapping_sub(skipped);
    let (head, body) = buffer.split_at_mut(head_len(skipped, buffer.len()));
    if !head.is_empty() {
        head.copy_from_slice(&word(at)[skipped..skipped + head.len()]);
        at = at.wrapping_add(WORD_BYTES);
    }
    let (words, tail) = body.as_chunks_mut::<WORD_BYTES>();
    for bytes in words {
        *bytes = word(at);
        at = at.wrapping_add(WORD_BYTES);
    }
    if !tail.is_empty() {
        tail.copy_from_slice(&word(at)[..tail.len()]);
    }
}

/// Copies bytes into memory that others look at.
///
/// # Safety
///
/// * As many bytes as there are can be written at `to`, and the aligned words that they lie in can be read and written.
/// * All who read or write these words meanwhile do so atomically, and word by word, or are no threads of this process.
unsafe fn store(to: *mut u8, bytes: &[u8]) {
    // SAFETY: the caller's promise.
    let word = |at: *mut u8| unsafe { &*at.cast::<AtomicUsize>() };
    let change = |at: *mut u8, start: usize, bytes: &[u8]| {
        // It fails never, as the closure always gives a word.
        let _ = word(at).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
            let mut new = old.to_ne_bytes();
            new[start..start + bytes.len()].copy_from_slice(bytes);
            Some(usize::from_ne_bytes(new))
        });
    };
    let skipped = to.addr() % WORD_BYTES;
    let mut at = to.wrapping_sub(skipped);
    let (head, body) = bytes.split_at(head_len(skipped, bytes.len()));
    if !head.is_empty() {
        change(at, skipped, head);
        at = at.wrapping_add(WORD_BYTES);
    }
    let (words, tail) = body.as_chunks::<WORD_BYTES>();
    for bytes in words {
        word(at).store(usize::from_ne_bytes(*bytes), Ordering::Relaxed);
        at = at.wrapping_add(WORD_BYTES);
    }
    if !tail.is_empty() {
        change(at, 0, tail);
    }
}

/// How many of `len` bytes come before the first whole word, when the first byte lies `skipped` bytes into its word.
fn head_len(skipped: usize, len: usize) -> usize {
    if skipped == 0 { 0 } else { len.min(WORD_BYTES - skipped) }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    /// Every start and length around a few words, so that heads, words and tails meet in all ways.
    #[test]
    fn every_byte_of_a_copy_and_no_other_is_copied() {
        const LEN: usize = 5 * WORD_BYTES;
        for start in 0..2 * WORD_BYTES {
            for len in 0..=LEN - start {
                let mut words: [usize; 5] = std::array::from_fn(|i| usize::from_ne_bytes([i as u8 + 1; WORD_BYTES]));
                let memory: *mut u8 = words.as_mut_ptr().cast();
                let bytes: Vec<u8> = (0..len).map(|i| 100 + i as u8).collect();
                let mut buffer = vec![0; len];
                // SAFETY: the words are this test's own.
                let all = unsafe {
                    store(memory.add(start), &bytes);
                    load(memory.add(start), &mut buffer);
                    std::slice::from_raw_parts(memory, LEN).to_vec()
                };
                assert_eq!(buffer, bytes, "{len} bytes at {start}");
                for (at, &byte) in all.iter().enumerate() {
                    let wanted = if (start..start + len).contains(&at) {
                        100 + (at - start) as u8
                    } else {
                        (at / WORD_BYTES) as u8 + 1
                    };
                    assert_eq!(byte, wanted, "byte {at} after {len} bytes at {start}");
                }
            }
        }
    }

    /// Two threads write to neighbouring bytes of one word, a third reads: none loses what another wrote, and bytes
    /// that were written at once are seen at once.
    #[test]
    fn copies_of_neighbours_do_not_disturb_each_other() {
        struct Shared(*mut u8);
        // SAFETY: the memory outlives the threads, which access it by `load` and `store` only.
        unsafe impl Sync for Shared {}
        const ROUNDS: u8 = if cfg!(miri) { 20 } else { 250 };
        let mut words = [0_usize; 2];
        let shared = &Shared(words.as_mut_ptr().cast());
        let half = WORD_BYTES / 2;
        thread::scope(|scope| {
            for writer in 0..2 {
                scope.spawn(move || {
                    for round in 1..=ROUNDS {
                        // SAFETY: as said above.
                        unsafe { store(shared.0.add(writer * half), &[round; WORD_BYTES][..half]) };
                    }
                });
            }
            scope.spawn(move || {
                let mut last = [0; 2];
                while last != [ROUNDS; 2] {
                    thread::yield_now();
                    let mut bytes = [0; WORD_BYTES];
                    // SAFETY: as said above.
                    unsafe { load(shared.0, &mut bytes) };
                    for (writer, part) in bytes.chunks(half).enumerate() {
                        assert!(part.iter().all(|&byte| byte == part[0]), "{bytes:?}");
                        assert!(part[0] >= last[writer], "{bytes:?} after {last:?}");
                        last[writer] = part[0];
                    }
                }
            });
        });
        assert_eq!(words[1], 0);
    }
}
