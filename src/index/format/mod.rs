//! The bytes of an index file.
//!
//! An index belongs to one text file, and tells in which of its blocks of 64 KiB some bytes are. At each moment the
//! last complete commit is valid, whichever later writes have reached the disk. To that end, bytes that a commit refers
//! to are never overwritten; and the two headers are written in turn, each only after the bytes that it refers to are
//! on the disk. All numbers are little-endian.
//!
//! ```text
//! header, 128 bytes; one at 0 for odd sequence numbers, one at 4096 for even ones
//!      0  8 bytes  magic
//!      8  u32      version
//!     12  u32      0x01020304, in the order of bytes in which the rest was written
//!     16  u64      sequence, from 1 to 2^48: the valid header with the greater one counts
//!     24  u64 u64  offset and length of the manifest
//!     40  u64      checksum of the manifest
//!     48  u64      where the bytes end that the commit refers to
//!     56  u64      how many bytes before that are of no more use
//!     64           zeros
//!    120  u64      checksum of the 120 bytes before
//! manifest
//!      0  u64 u64  device and inode of the text; on Windows the number of the volume and the index of the file
//!     16  u64      size of the text in bytes
//!     24  i64 i64  nanoseconds since 1970 of its last change, and of the last change of its inode (or its creation)
//!     40  i64      when the text was looked at for the commit, as such a time
//!     48  u32      which grams are indexed: 0 default, 1 small
//!     52  u32      number of segments
//!     56  u64      where the indexed part of the text ends: behind a line
//!     64  u64      line ends in it
//!     72           segments, 40 bytes each, which follow each other in the text and begin with its first block
//!                    0  u64  offset
//!                    8  u64  length
//!                   16  u32  number of blocks, 1 to 4096
//!                   20  u32  1 when some block begins within a line, plus 2 when the first one does, plus 4 when some
//!                            block has a NUL
//!                   24  u64  line ends before it
//!                   32  u64  checksum of the table's checksums, of the row offsets, and of this entry so far
//!              sections, 48 bytes each, to the end of the manifest
//!                    0  16 bytes  name: 1 to 16 ASCII letters, digits or `-`, and zeros
//!                   16  u32  1 when the index must not be used by a program that does not know the section
//!                   20  u32  number of the segment that it is about, or `u32::MAX` for the whole index
//!                   24  u64  offset
//!                   32  u64  length
//!                   40  u64  checksum of its bytes
//! segment, from an offset that is a multiple of 64, behind the segment before
//!      table       for each 64 blocks (the last group may be shorter): 64 records of 24 bytes, and a u64 checksum of
//!                  them
//!      offsets     u32 for each 32 rows: where they begin in the segment; and where the last ones end
//!      rows        for each 32 rows: a u32 checksum, a u8 with the number of bits of a length, 32 lengths in bytes
//!                  with that many bits each, and the rows (see `row`)
//! record of a block
//!      0  u64      line ends before its first line
//!      8  u64      hash of its bytes
//!     16  u32      where its first line starts, counted from the nominal start of the block; `u32::MAX` when no line
//!                  starts in it
//!     20  u32      1 when it has a NUL
//! ```
//!
//! **Blocks.** Block *k* has the lines that start in bytes *k* · 65536 to (*k* + 1) · 65536 of the text. If no line
//! starts in a whole block, the line that spans it is cut at the nominal starts of blocks. If the first line of a block
//! starts later, the bytes before it belong to the block before. The indexed part ends where a block begins with a
//! line.
//!
//! **Segments.** They are in the order of the text. The first is at 8192 or later, and the manifest follows the last.
//! Of two neighbours, the first has at least twice as many blocks as the second, or both together have more than 4096.
//! So there are at most 13 segments for each 8192 blocks, and 13 more: work for each segment is bounded by the text.
//!
//! **Sections.** What later programs add to an index goes into sections with names, which lie behind byte 8192 and
//! before the manifest. A program passes over a section that it does not know, unless it is marked as required; then it
//! refuses the index. An update drops sections that it does not know, as it cannot bring them up to date. There are at
//! most 8 for each segment, and 8 more. So far no section has a name.
//!
//! **Rows.** A gram is a few bytes of the text, with ASCII letters in lower case. Its hash names a row. Bit *k* of the
//! row is 1 if the gram starts in block *k* of the segment (see `grams`). First come the rows of the grams, then those
//! of grams of three bytes, if they are indexed, and then 32 rows, the first of which has a bit for each block that
//! begins within a line.
//!
//! Checksums and hashes are XXH3 with 64 bits; a u32 holds the lower 32 bits. The checksum of a group of rows begins
//! with the number of the group.

pub(crate) mod bits;
pub(crate) mod header;
pub(crate) mod layout;
pub(crate) mod manifest;
pub(crate) mod row;
pub(crate) mod row_group;
pub(crate) mod scheme;
#[cfg(feature = "__test-hooks")]
pub(crate) mod seal;
pub(crate) mod section;
pub(crate) mod table;
