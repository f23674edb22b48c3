//! `mapgrep-index update` and `verify` let go of the lock before they began: the lock stood in a field that a pattern
//! left out. Two writers of one index met, and one of them failed: "another file has its name by now".

use std::{fs, io::Write, mem::MaybeUninit, path::Path};

use rustix::{
    fd::OwnedFd,
    fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags},
};

use crate::support::commands::{files, mapgrep_index, said};

/// What happens to the files of a directory.
struct Events(OwnedFd);

impl Events {
    fn of(directory: &Path) -> Self {
        let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
        let kinds = WatchFlags::CREATE | WatchFlags::MODIFY | WatchFlags::MOVED_TO | WatchFlags::DELETE;
        inotify::add_watch(&events, directory, kinds).unwrap();
        Events(events)
    }

    fn take(&self) -> Vec<(ReadFlags, String)> {
        let mut taken = vec![];
        let mut buffer = [const { MaybeUninit::uninit() }; 4096];
        let mut reader = inotify::Reader::new(&self.0, &mut buffer);
        while let Ok(event) = reader.next() {
            let name = event.file_name().map(|name| name.to_string_lossy().into_owned());
            taken.push((event.events(), name.unwrap_or_default()));
        }
        taken
    }
}

#[test]
fn an_index_is_written_under_its_lock_only() {
    let text = |lines: std::ops::Range<u32>| lines.flat_map(|i| format!("line {i:09} of the log\n").into_bytes());
    let dir = files(&[("log", &text(0..100_000).collect::<Vec<_>>())]);
    let dir = dir.path();
    let events = Events::of(dir);
    let append = || {
        let mut log = fs::File::options().append(true).open(dir.join("log")).unwrap();
        log.write_all(&text(0..100_000).collect::<Vec<_>>()).unwrap();
    };
    // The whole is written, what is new, times alone, and all of it anew.
    let touch =
        || fs::File::options().append(true).open(dir.join("log")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let steps: [(&str, &dyn Fn()); 5] =
        [("build", &|| ()), ("update", &append), ("verify", &touch), ("update", &append), ("build", &append)];
    for (command, before) in steps {
        before();
        events.take();
        let (status, _, errors) = said(&mut mapgrep_index(dir, &[command, "log"]));
        assert_eq!((status, errors.as_str()), (0, ""), "{command}");
        let events = events.take();
        let position = |kind: ReadFlags| events.iter().position(|event| *event == (kind, "log.mgx.lock".to_owned()));
        let (locked, unlocked) = (position(ReadFlags::CREATE).unwrap(), position(ReadFlags::DELETE).unwrap());
        let is_write = |(_, name): &&(ReadFlags, String)| name.starts_with("log.mgx") && !name.ends_with(".lock");
        let written = events[locked..unlocked].iter().filter(is_write).count();
        assert!(written > 0 && events.iter().filter(is_write).count() == written, "{command}: {events:?}");
    }
}
