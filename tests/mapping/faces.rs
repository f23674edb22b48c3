//! Rule 10 and the traits of std: what a mapping and its errors are to other code.

use std::{
    io::{self, BufRead, Read, Seek, SeekFrom, Write},
    path::Path,
};

use mapgrep::{
    Error,
    mapping::{Access, Advice, MapOptions, Mapping, Reader, Slice, allocation_granularity, page_size},
};

use super::support::*;

#[test]
fn rule_10_what_a_mapping_tells_of_itself() {
    let granularity = allocation_granularity();
    let file = file_of(&vec![b'a'; granularity + 7]);
    for access in ALL {
        let mut m = map(&file, MapOptions::new().access(access).offset(granularity as u64).len(6)).unwrap();
        m.seek(SeekFrom::Start(5)).unwrap();
        assert_eq!(
            m.to_string(),
            format!("<mapping closed=false, access={access:?}, length=6, position=5, offset={granularity}>")
        );
        assert_eq!(
            format!("{m:?}"),
            format!("Mapping {{ closed: false, access: {access:?}, length: 6, position: 5, offset: {granularity} }}")
        );
        m.close();
        assert_eq!(m.to_string(), "<mapping closed=true>");
        assert_eq!(format!("{m:?}"), "Mapping { closed: true }");
    }
    // The effective access, as Python has it.
    #[cfg(unix)]
    {
        let m = map(&file, MapOptions::new().prot(mapgrep::mapping::Prot::READ)).unwrap();
        assert!(m.to_string().contains("access=Read"), "{m}");
    }
    // No content.
    let m = memory(b"secret");
    assert!(!format!("{m:?} {m} {:?}", m.iter()).contains("secret"));
}

#[test]
fn threads_may_have_and_share_a_mapping() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Mapping>();
    is_send_and_sync::<Reader<'_>>();
    is_send_and_sync::<Error>();
    is_send_and_sync::<MapOptions>();
    fn is_static<T: 'static>() {}
    is_static::<Mapping>();

    let mut m = memory(b"hello");
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!((m.find(b"l").unwrap(), bytes_of(&m)), (Some(2), b"hello".to_vec())));
        }
    });
    let m = std::thread::spawn(move || {
        m.set(0, b'H').unwrap();
        m
    });
    assert_eq!(bytes_of(&m.join().unwrap()), b"Hello");
}

#[test]
fn io_read() {
    let mut m = memory(b"hello world");
    let mut buffer = [b'.'; 4];
    assert_eq!(Read::read(&mut m, &mut buffer).unwrap(), 4);
    assert_eq!((&buffer, m.tell().unwrap()), (b"hell", 4));
    assert_eq!(Read::read(&mut m, &mut []).unwrap(), 0);
    m.read_exact(&mut buffer).unwrap();
    assert_eq!((&buffer, m.tell().unwrap()), (b"o wo", 8));
    // What there is, and no more of the buffer.
    assert_eq!(Read::read(&mut m, &mut buffer).unwrap(), 3);
    assert_eq!((&buffer, m.tell().unwrap()), (b"rldo", 11));
    assert_eq!(Read::read(&mut m, &mut buffer).unwrap(), 0);
    assert_eq!(m.read_exact(&mut buffer).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);

    m.seek(SeekFrom::Start(6)).unwrap();
    let mut rest = b"> ".to_vec();
    assert_eq!(m.read_to_end(&mut rest).unwrap(), 5);
    assert_eq!((rest, m.tell().unwrap()), (b"> world".to_vec(), 11));
    m.seek(SeekFrom::Start(0)).unwrap();
    let mut text = String::new();
    assert_eq!(m.read_to_string(&mut text).unwrap(), 11);
    assert_eq!(text, "hello world");

    let bytes: Vec<u8> = (0..200_000u32).map(|i| (i % 251) as u8).collect();
    let mut large = memory(&bytes);
    large.seek(SeekFrom::Start(3)).unwrap();
    let mut copied = vec![];
    assert_eq!(io::copy(&mut large, &mut copied).unwrap(), 199_997);
    assert!(copied == bytes[3..] && large.tell().unwrap() == 200_000);
    let mut taken = vec![];
    large.seek(SeekFrom::Start(5)).unwrap();
    Read::by_ref(&mut large).take(10).read_to_end(&mut taken).unwrap();
    assert_eq!((taken, large.tell().unwrap()), (bytes[5..15].to_vec(), 15));
}

#[test]
fn io_write() {
    let mut m = memory(b"0123456789");
    assert_eq!(Write::write(&mut m, b"abc").unwrap(), 3);
    m.write_all(b"de").unwrap();
    write!(m, "{}", 42).unwrap();
    assert_eq!((bytes_of(&m), m.tell().unwrap()), (b"abcde42789".to_vec(), 7));
    // Not the part that would fit.
    let error = m.write_all(b"####").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.downcast::<Error>().unwrap().is_out_of_range());
    assert_eq!((bytes_of(&m), m.tell().unwrap()), (b"abcde42789".to_vec(), 7));
    m.write_all(b"XYZ").unwrap();
    m.write_all(b"").unwrap();
    assert!(m.write_all(b"#").is_err());
    assert_eq!((bytes_of(&m), m.tell().unwrap()), (b"abcde42XYZ".to_vec(), 10));

    let file = file_of(b"hello");
    let mut writable = mapped(&file, Access::Write);
    assert_eq!(io::copy(&mut &b"HELL"[..], &mut writable).unwrap(), 4);
    Write::flush(&mut writable).unwrap();
    assert_eq!(content(&file), b"HELLo");
    let mut read_only = mapped(&file, Access::Read);
    assert_eq!(read_only.write_all(b"x").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    Write::flush(&mut read_only).unwrap();
}

#[test]
fn io_seek() {
    let mut m = memory(b"0123456789");
    assert_eq!(Seek::seek(&mut m, SeekFrom::End(-3)).unwrap(), 7);
    assert_eq!(m.stream_position().unwrap(), 7);
    let error = Seek::seek(&mut m, SeekFrom::Current(4)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.downcast::<Error>().unwrap().is_out_of_range());
    assert_eq!((m.stream_position().unwrap(), m.tell().unwrap()), (7, 7));
    m.seek_relative(-7).unwrap();
    assert_eq!(m.read_byte().unwrap(), b'0');
    m.rewind().unwrap();
    assert_eq!(m.tell().unwrap(), 0);
}

#[test]
fn io_buf_read() {
    let mut m = memory(b"one\ntwo\r\n\nfour");
    // The cursor is behind what was consumed, not behind what is in the buffer.
    let mut reader = m.buffered();
    assert_eq!(reader.fill_buf().unwrap(), b"one\ntwo\r\n\nfour");
    reader.consume(2);
    assert_eq!(reader.fill_buf().unwrap(), b"e\ntwo\r\n\nfour");
    assert_eq!(m.tell().unwrap(), 2);
    let mut line = String::new();
    let mut reader = m.buffered();
    assert_eq!(reader.read_line(&mut line).unwrap(), 2);
    let mut buffer = [0; 2];
    reader.read_exact(&mut buffer).unwrap();
    assert_eq!((line.as_str(), &buffer, m.tell().unwrap()), ("e\n", b"tw", 6));
    let mut part = vec![];
    assert_eq!(m.buffered().read_until(b'\n', &mut part).unwrap(), 3);
    assert_eq!((part, m.tell().unwrap()), (b"o\r\n".to_vec(), 9));
    assert_eq!(m.read_byte().unwrap(), b'\n');
    assert_eq!(m.buffered().fill_buf().unwrap(), b"four");

    m.rewind().unwrap();
    let lines: Result<Vec<_>, _> = m.buffered().lines().collect();
    assert_eq!(lines.unwrap(), ["one", "two", "", "four"]);
    assert_eq!(m.tell().unwrap(), 14);
    assert_eq!(m.buffered().fill_buf().unwrap(), b"");
    m.rewind().unwrap();
    let first: Vec<_> = m.buffered().split(b'o').map(Result::unwrap).take(2).collect();
    assert_eq!((first, m.tell().unwrap()), (vec![b"".to_vec(), b"ne\ntw".to_vec()], 7));

    // More than a buffer holds, and lines over its borders.
    let mut text = String::new();
    (0..40_000).for_each(|i| text.push_str(&format!("line {i}\n")));
    let mut large = memory(text.as_bytes());
    let mut read = 0;
    let mut reader = large.buffered();
    for i in 0..30_000 {
        let mut line = String::new();
        read += reader.read_line(&mut line).unwrap();
        assert_eq!(line, format!("line {i}\n"));
    }
    assert_eq!(large.tell().unwrap(), read);
    let mut rest = String::new();
    large.buffered().read_to_string(&mut rest).unwrap();
    assert!(rest == text[read..] && large.tell().unwrap() == text.len());
    large.rewind().unwrap();
    let mut copied = vec![];
    assert_eq!(io::copy(&mut large.buffered(), &mut copied).unwrap(), text.len() as u64);
    assert!(copied == text.as_bytes());
}

#[test]
fn iteration() {
    let m = memory(b"hello");
    let collected: Result<Vec<u8>, Error> = m.iter().collect();
    assert_eq!(collected.unwrap(), b"hello");
    let mut backwards = vec![];
    for byte in &m {
        backwards.insert(0, byte.unwrap());
    }
    assert_eq!(backwards, b"olleh");
    let mut iter = m.iter();
    assert_eq!(iter.by_ref().take(5).count(), 5);
    assert!(iter.next().is_none() && iter.next().is_none());
    // More than is copied at once, from the start whatever the cursor is.
    for len in [8191, 8192, 8193, 50_000] {
        let bytes: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let mut m = memory(&bytes);
        m.seek(SeekFrom::Start(17)).unwrap();
        assert!(m.iter().map(Result::unwrap).eq(bytes.iter().copied()));
        assert_eq!((m.iter().count(), m.tell().unwrap()), (len, 17));
    }
    // After an error there is no more.
    let mut closed = memory(b"x");
    closed.close();
    let mut iter = closed.iter();
    assert!(iter.next().unwrap().unwrap_err().is_closed());
    assert!(iter.next().is_none());
}

#[test]
fn errors_say_what_was_asked_and_what_is_allowed() {
    let file = file_of(b"hello");
    let mut m = mapped(&file, Access::Write);
    let page = page_size();
    let too_long = MapOptions::new().access(Access::Read).len(77).clone();
    let table: Vec<(Option<Error>, Vec<String>)> = [
        (m.get(7).err(), "index 7|5 bytes"),
        (m.set(-6, 0).err(), "index -6|5 bytes"),
        (m.seek(SeekFrom::Start(9)).err(), "Start(9)|0..=5"),
        (m.seek(SeekFrom::End(-6)).err(), "End(-6)|0..=5"),
        (m.write(b"abcdefgh").err(), "write 8 bytes|at 0|5 bytes"),
        (m.set_slice(1..3, b"abc").err(), "3 bytes|slice of 2"),
        (m.slice(Slice::new(None, None, 0)).err(), "step|0"),
        (m.copy_within(1..4, 3).err(), "1..4|to 3|5 bytes"),
        (m.guarded(2..6, |_| ()).err(), "2..6|5 bytes"),
        (m.flush_range(0..6).err(), "0..6|5 bytes"),
        (m.advise_range(Advice::Normal, 5..).err(), "5..5|5 bytes"),
        (m.resize(0).err(), "0 bytes"),
        (m.resize(usize::MAX).err(), "18446744073709551615 bytes|offset 0"),
        (m.find_in(b"l", Slice::new(0, 5, 2)).err(), "step"),
        (mapped(&file, Access::Read).set(0, 0).err(), "read-only|Access::Write"),
        (mapped(&file, Access::Copy).resize(9).err(), "copy-on-write"),
        (map(&file, MapOptions::new().offset(9 * page as u64)).err(), "offset|5 bytes"),
        (map(&file_of(b""), &MapOptions::new()).err(), "empty file"),
        (if cfg!(unix) { map(&file, &too_long).err() } else { m.get(77).err() }, "77|5"),
    ]
    .map(|(error, parts)| (error, parts.split('|').map(str::to_owned).collect()))
    .into();
    for (error, parts) in table {
        let text = error.expect("an error").to_string();
        assert!(parts.iter().all(|part| text.contains(part.as_str())), "{text}, without one of {parts:?}");
        assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
    }
    m.seek(SeekFrom::End(0)).unwrap();
    let text = m.read_byte().unwrap_err().to_string();
    assert!(text.contains("1 bytes at 5") && text.contains("of 5 bytes"), "{text}");
    m.close();
    let closed = m.get(0).unwrap_err();
    assert_eq!(closed.to_string(), "the mapping is closed");
    assert!(closed.path().is_none());
    let closed = closed.with_path("some/file");
    assert_eq!(
        (closed.to_string().as_str(), closed.path()),
        ("some/file: the mapping is closed", Some(Path::new("some/file")))
    );
}

#[cfg(unix)]
#[test]
fn errors_of_the_system_keep_its_number_and_words() {
    use std::error::Error as _;

    let file = file_of(b"hello");
    let m = mapped(&file, Access::Write);
    let table = [
        (map(&file, MapOptions::new().offset(1).len(2)).err(), libc::EINVAL, "2 bytes|the file|offset 1"),
        (MapOptions::new().map_anonymous().err(), libc::EINVAL, "0 bytes|anonymous memory"),
        (memory(b"x").size().err(), libc::EBADF, "size|holds none"),
        (m.flush_range(3..).err(), libc::EINVAL, "flush from 3|page size"),
        (m.advise_range(Advice::Random, 2..).err(), libc::EINVAL, "Random"),
    ];
    for (error, number, parts) in table {
        let error = error.expect("an error");
        let source = error.io_error().unwrap();
        assert_eq!(source.raw_os_error(), Some(number), "{error}");
        let text = error.to_string();
        assert!(parts.split('|').all(|part| text.contains(part)), "{text}, without one of {parts}");
        assert!(text.ends_with(&source.to_string()), "{text}");
        assert_eq!(error.source().unwrap().to_string(), source.to_string());
        assert!(error.is_io() && error.offset().is_none());
    }
}

#[test]
fn errors_become_those_of_std() {
    use io::ErrorKind::{InvalidInput, PermissionDenied};

    let file = file_of(b"hello");
    let mut m = mapped(&file, Access::Write);
    let mut closed = memory(b"x");
    closed.close();
    let table: Vec<(Option<Error>, io::ErrorKind, Is)> = vec![
        (closed.get(0).err(), InvalidInput, Error::is_closed),
        (m.get(9).err(), InvalidInput, Error::is_out_of_range),
        (m.set_slice(.., b"").err(), InvalidInput, Error::is_wrong_size),
        (m.resize(0).err(), InvalidInput, Error::is_invalid_input),
        (mapped(&file, Access::Read).set(0, 0).err(), PermissionDenied, Error::is_read_only),
        #[cfg(unix)]
        (MapOptions::new().map_anonymous().err(), InvalidInput, Error::is_io),
    ];
    let predicates: [Is; 8] = [
        Error::is_closed,
        Error::is_out_of_range,
        Error::is_wrong_size,
        Error::is_invalid_input,
        Error::is_read_only,
        Error::is_io,
        Error::is_truncated,
        Error::is_changed,
    ];
    for (error, kind, is) in table {
        let error = error.expect("an error");
        assert!(is(&error), "{error:?}");
        // It is of one kind.
        assert_eq!(predicates.iter().filter(|is| is(&error)).count(), 1, "{error:?}");
        let text = error.to_string();
        let converted = io::Error::from(error);
        assert_eq!((converted.kind(), converted.to_string()), (kind, text));
        assert!(is(&converted.downcast::<Error>().unwrap()));
    }
    // The system's kind is kept: here a file that was not opened to be written.
    #[cfg(unix)]
    {
        let read_only = std::fs::File::open(file.path()).unwrap();
        let error = map(&read_only, &MapOptions::new()).unwrap_err();
        assert_eq!(io::Error::from(error).kind(), PermissionDenied);
    }
}

#[cfg(unix)] // Windows does not cut a file that is mapped.
#[test]
fn errors_of_files_that_change_become_those_of_std() {
    use std::time::{Duration, SystemTime};

    let file = file_of(b"hello");
    let m = mapped(&file, Access::Read);
    file.as_file().set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
    let error = fails(m.guarded(.., |_| panic!("a test of panics")), Error::is_changed);
    assert!(error.to_string().contains("a test of panics"));
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidData);
    file.as_file().set_len(3).unwrap();
    let error = fails(m.slice(..), Error::is_truncated);
    assert_eq!(error.offset(), Some(3));
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(m.slice(..3).unwrap(), b"hel");
}
