//! Pointers into a mapping, and copies of memory that others change.

use mapgrep::{
    Error,
    mapping::{Access, MapOptions, Mapping},
};

use crate::support::{ALL, fails, file_of, mapped, memory};

/// What the address of a mapping is. No byte is read.
fn address(m: &Mapping) -> usize {
    // SAFETY: the pointer is not used.
    unsafe { m.as_ptr() }.addr()
}

#[test]
fn a_pointer_stays_until_the_mapping_is_closed_or_resized() {
    let file = file_of(&[b'x'; 100]);
    for access in ALL {
        let m = mapped(&file, access);
        let before = address(&m);
        assert_eq!(before, m.guarded(.., |bytes| bytes.as_ptr() as usize).unwrap());
        // The value moves, the bytes stay where they are.
        let mut moved = Box::new(m);
        moved.read_line().unwrap();
        moved.flush().unwrap();
        assert_eq!(address(&moved), before);
        // SAFETY: nobody changes the bytes meanwhile.
        assert_eq!(unsafe { moved.as_slice() }, vec![b'x'; 100]);
        moved.check(..).unwrap();
        fails(moved.check(..101), Error::is_out_of_range);
        moved.close();
        assert_ne!(address(&moved), 0);
        // SAFETY: there are no bytes.
        assert!(unsafe { moved.as_slice() }.is_empty());
        fails(moved.check(..), Error::is_closed);
        fails(moved.check_faults(), Error::is_closed);
    }
}

#[test]
fn what_is_written_through_a_pointer_is_in_the_mapping() {
    let mut m = memory(b"hello");
    // SAFETY: the byte lies in the mapping, and nobody has a reference to it.
    unsafe { m.as_mut_ptr().add(1).write(b'u') };
    assert_eq!(m.slice(..).unwrap(), b"hullo");
    m.close();
    // SAFETY: the pointer is not used.
    assert!(!unsafe { m.as_mut_ptr() }.is_null());
}

#[test]
fn a_mapping_says_whether_it_can_be_written() {
    let file = file_of(b"hello");
    for access in ALL {
        for mut m in [mapped(&file, access), MapOptions::new().len(5).access(access).map_anonymous().unwrap()] {
            assert_eq!(m.is_writable(), access != Access::Read);
            assert_eq!(m.set(0, b'h').is_ok(), m.is_writable());
            m.close();
            assert!(!m.is_writable());
        }
    }
    #[cfg(unix)]
    {
        use mapgrep::mapping::Prot;

        use crate::support::map;

        for (prot, writable) in [(Prot::READ, false), (Prot::empty(), false), (Prot::READ | Prot::WRITE, true)] {
            assert_eq!(map(&file, MapOptions::new().prot(prot)).unwrap().is_writable(), writable, "{prot:?}");
        }
    }
}

#[test]
fn copies_through_a_shared_reference_reach_every_mapping_of_the_memory() {
    let file = file_of(&[b'.'; 50]);
    let (one, two) = (mapped(&file, Access::Write), mapped(&file, Access::Read));
    let mut bytes = [0; 50];
    for at in 0..20 {
        let text = &b"a text of some length"[..at];
        // SAFETY: nobody has a reference to the bytes.
        unsafe { one.copy_in(at, text) }.unwrap();
        two.copy_out(at, &mut bytes[..at]).unwrap();
        assert_eq!(&bytes[..at], text);
    }
    // SAFETY: as above.
    let copy_in = |m: &Mapping, at, bytes: &[u8]| unsafe { m.copy_in(at, bytes) };
    fails(copy_in(&one, 49, b"ab"), Error::is_out_of_range);
    fails(copy_in(&one, usize::MAX, b"ab"), Error::is_out_of_range);
    fails(two.copy_out(49, &mut bytes[..2]), Error::is_out_of_range);
    fails(copy_in(&two, 0, b"a"), Error::is_read_only);
    two.copy_out(50, &mut []).unwrap();
    let mut closed = one;
    closed.close();
    fails(copy_in(&closed, 0, b"a"), Error::is_closed);
    fails(closed.copy_out(0, &mut bytes), Error::is_closed);
}

/// A pointer outlives a cut, and whoever has it learns of that.
#[cfg(unix)]
#[test]
fn a_fault_through_a_pointer_reads_as_zeros_and_marks_the_mapping() {
    let page = mapgrep::mapping::page_size();
    let file = file_of(&vec![b'x'; 3 * page]);
    let m = mapped(&file, Access::Read);
    file.as_file().set_len(10).unwrap();
    m.check_faults().unwrap();
    assert_eq!(fails(m.check(..11), Error::is_truncated).offset(), Some(10));
    m.check(..10).unwrap();
    // SAFETY: the mapping is open, and the byte lies in it.
    let byte = unsafe { m.as_ptr().add(page).read_volatile() };
    assert_eq!(byte, 0);
    assert_eq!(fails(m.check_faults(), Error::is_truncated).offset(), Some(10));
    fails(m.check(..10), Error::is_truncated);
}

/// A child writes records and says how many, while its parent reads both. Whoever sees the number finds the record.
#[cfg(unix)]
#[test]
fn a_child_and_its_parent_speak_through_shared_memory() {
    const RECORDS: u32 = 20_000;
    const SLOTS: u32 = 8;
    let m = MapOptions::new().len(4096).map_anonymous().unwrap();
    let place = |number: u32| 64 + (number % SLOTS) as usize * 32;
    // SAFETY: the child only copies before it exits, which takes no lock and allocates nothing.
    let child = unsafe { libc::fork() };
    if child == 0 {
        for number in 1..=RECORDS {
            let mut record = [0; 24];
            record.chunks_mut(4).for_each(|part| part.copy_from_slice(&number.to_le_bytes()));
            // SAFETY: no process has a reference to the bytes.
            let written =
                unsafe { m.copy_in(place(number), &record).and_then(|()| m.copy_in(0, &number.to_le_bytes())) };
            if written.is_err() {
                // SAFETY: it ends the child.
                unsafe { libc::_exit(1) };
            }
        }
        // SAFETY: as above.
        unsafe { libc::_exit(0) };
    }
    assert!(child > 0);
    let number_at = |at| {
        let mut bytes = [0; 4];
        m.copy_out(at, &mut bytes).unwrap();
        u32::from_le_bytes(bytes)
    };
    let mut status = 0;
    loop {
        // SAFETY: a plain call.
        let has_ended = unsafe { libc::waitpid(child, &mut status, libc::WNOHANG) } == child;
        let number = number_at(0);
        if number > 0 {
            let mut record = [0; 24];
            m.copy_out(place(number), &mut record).unwrap();
            for part in record.chunks(4) {
                // That of this number, or of one that came to the same place later.
                let found = u32::from_le_bytes(part.try_into().unwrap());
                assert!(found >= number && found % SLOTS == number % SLOTS, "{found} for {number}");
            }
        }
        if has_ended {
            assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "{status:#x}");
            assert_eq!(number, RECORDS);
            break;
        }
    }
}
