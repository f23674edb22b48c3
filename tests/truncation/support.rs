//! What the tests have in common: files, chance, a watch over rounds that get stuck, and processes of their own.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    panic,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use mapgrep::{
    Error,
    mapping::{MapOptions, Mapping},
};

pub(crate) fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

pub(crate) fn map(file: &File, options: &MapOptions) -> Result<Mapping, Error> {
    // SAFETY: the bytes do change while they are read, as that is what is tested. They are read as bytes only, and
    // whatever is made of them is thrown away or may be anything.
    unsafe { options.map_file(file) }
}

/// How many rounds a random test does.
pub(crate) fn rounds(ordinary: usize) -> usize {
    if std::env::var_os("MAPGREP_TORTURE").is_some() { 5000 } else { ordinary }
}

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Passes a time that is not worth measuring, so that threads meet in different places.
    pub(crate) fn dawdle(&mut self) {
        match self.below(4) {
            0 => thread::yield_now(),
            1 => {}
            _ => (0..self.below(20_000)).for_each(|_| std::hint::spin_loop()),
        }
    }
}

/// Aborts the process when a test makes no progress: a hang would otherwise say nothing.
pub(crate) struct Watchdog {
    rounds: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Watchdog {
    pub(crate) fn new(test: &'static str) -> Self {
        const PATIENCE: u32 = 180;
        let (rounds, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let watchdog = Watchdog { rounds: rounds.clone(), over: over.clone() };
        thread::spawn(move || {
            let (mut last, mut seconds) = (0, 0);
            while !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_secs(1));
                let now = rounds.load(Ordering::Relaxed);
                seconds = if now == last { seconds + 1 } else { 0 };
                last = now;
                if seconds > PATIENCE {
                    eprintln!("{test}: no progress since round {now}");
                    std::process::abort();
                }
            }
        });
        watchdog
    }

    pub(crate) fn round_is_done(&self) {
        self.rounds.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Keeps quiet about panics of what reads changing bytes, as those are wanted here: regex engines, and the library's
/// own code in the closures that it reads them with. They are told in the end, each place once.
pub(crate) struct Hush;

static PANICS: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

impl Hush {
    pub(crate) fn new() -> Self {
        static HUSHED: Once = Once::new();
        HUSHED.call_once(|| {
            let others = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                let place = info.location().map(ToString::to_string).unwrap_or_default();
                if !place.contains("regex-automata") && !place.starts_with("src/") {
                    return others(info);
                }
                *PANICS.lock().unwrap().entry(place).or_default() += 1;
            }));
        });
        Hush
    }
}

impl Drop for Hush {
    fn drop(&mut self) {
        for (place, count) in &*PANICS.lock().unwrap() {
            println!("{count} panics at {place}");
        }
    }
}

/// Names what a process that is started by a test does.
pub(crate) const PART: &str = "MAPGREP_TRUNCATION_PART";

/// Starts this program again, to run the one test that plays a part.
pub(crate) fn start(test: &str, part: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(PART, part)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}
