//! Work that ends before its time: what was there before is there still, and nothing else is.

use std::io;

use super::*;

/// A directory with a text and its index, of which a part was indexed.
struct World {
    directory: tempfile::TempDir,
    builder: IndexBuilder,
    cancel: Cancel,
    before: Vec<u8>,
}

impl World {
    fn new(indexed: &[u8], appended: &[u8]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("text");
        std::fs::write(&path, indexed).unwrap();
        let (mut builder, cancel) = (IndexBuilder::new(), Cancel::new());
        builder.small(true).least_size(0).build(&path, &Pool::inline()).unwrap();
        let mut file = File::options().append(true).open(&path).unwrap();
        io::Write::write_all(&mut file, appended).unwrap();
        let before = std::fs::read(directory.path().join("text.mgx")).unwrap();
        builder.cancel(cancel.clone());
        World { directory, builder, cancel, before }
    }

    fn text(&self) -> PathBuf {
        self.directory.path().join("text")
    }

    fn index(&self) -> PathBuf {
        self.directory.path().join("text.mgx")
    }

    /// Bytes behind the last commit are of nobody.
    #[track_caller]
    fn check(&self) {
        assert_eq!(std::fs::read(self.index()).unwrap()[..self.before.len()], self.before);
        let entries = std::fs::read_dir(&self.directory).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["text", "text.mgx"]);
    }
}

fn log(lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|i| format!("{i} request {:x} took {} us\n", i * 7919, i % 977).into_bytes()).collect()
}

/// A file whose first bytes are written when the work is cancelled.
struct Cancelling {
    disk: Disk,
    cancel: Cancel,
}

impl Storage for Cancelling {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.cancel.cancel();
        self.disk.write_at(offset, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.sync()
    }

    fn publish(&mut self) -> io::Result<()> {
        self.disk.publish()
    }
}

/// What was done by then passed for an index of the whole. Where the last line is long, its start is not looked for to
/// the end.
#[test]
fn what_is_cancelled_before_it_begins() {
    let long = vec![b'x'; 3 << 20];
    for (indexed, appended) in [(log(12_000), log(6000)), ([log(6000), long.clone()].concat(), long)] {
        let world = World::new(&indexed, &appended);
        world.cancel.cancel();
        let pool = Pool::inline();
        assert_eq!(world.builder.build(&world.text(), &pool).unwrap(), Outcome::Cancelled);
        world.check();
        assert_eq!(world.builder.update(&world.text(), &pool).unwrap(), Outcome::Cancelled);
        world.check();
    }
}

#[test]
fn what_is_cancelled_on_the_way() {
    let pool = Pool::inline();
    for is_update in [false, true] {
        let world = World::new(&log(12_000), &log(6000));
        let opened = Text::open(&world.text()).unwrap();
        let mapping = opened.map().unwrap().unwrap();
        let work = world.builder.indexing(&opened, &mapping, Scheme::Small, &pool);
        let done = if is_update {
            let index = Index::reopen(&world.index()).unwrap();
            // Where the work begins, in the file that is there or a new one.
            let begun = || world.cancel.cancel();
            work.update(
                index,
                |_| Disk::open(&world.index()).inspect(|_| begun()),
                || Disk::create(&world.index(), &opened.file).inspect(|_| begun()),
            )
        } else {
            let disk = Disk::create(&world.index(), &opened.file).unwrap();
            work.build(Cancelling { disk, cancel: world.cancel.clone() }, &world.index())
        };
        assert_eq!(done.unwrap(), Done::Cancelled);
        world.check();
    }
}

/// The next writer's new file was taken away by the one before.
#[cfg(target_os = "linux")]
#[test]
fn the_lock_is_held_until_the_new_file_is_gone() {
    use rustix::fs::inotify;

    let world = World::new(&log(12_000), &log(6000));
    let events = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK).unwrap();
    inotify::add_watch(&events, world.directory.path(), inotify::WatchFlags::DELETE).unwrap();
    let removed = || {
        let mut names = vec![];
        let mut buffer = [const { std::mem::MaybeUninit::uninit() }; 4096];
        let mut reader = inotify::Reader::new(&events, &mut buffer);
        while let Ok(event) = reader.next() {
            names.extend(event.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
        names
    };
    drop(world.builder.claims().create(&Text::open(&world.text()).unwrap()).unwrap());
    assert_eq!(removed(), ["text.mgx.new", "text.mgx.lock"]);
    world.cancel.cancel();
    world.builder.build(&world.text(), &Pool::inline()).unwrap();
    assert_eq!(removed(), ["text.mgx.new", "text.mgx.lock"]);
}
