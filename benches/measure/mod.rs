//! What the benchmarks that time things by themselves have in common: summaries of times, and the memory ceiling.

use std::{fs::File, hint::black_box, io, path::Path, thread, time::Instant};

use memmap2::Mmap;

/// Times in seconds, summed up.
pub(crate) struct Times {
    pub(crate) median: f64,
    pub(crate) min: f64,
    /// The median distance from the median.
    pub(crate) mad: f64,
}

impl Times {
    /// Summarises at least one time.
    pub(crate) fn new(seconds: &[f64]) -> Times {
        let middle = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            let n = values.len();
            (values[(n - 1) / 2] + values[n / 2]) / 2.0
        };
        let mut values = seconds.to_vec();
        let median = middle(&mut values);
        let min = values[0];
        let mad = middle(&mut values.iter().map(|v| (v - median).abs()).collect());
        Times { median, min, mad }
    }
}

/// Maps a file to read it as memory.
#[allow(unsafe_code)]
pub(crate) fn map(path: &Path) -> io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: the benchmark's file is either its own or one that the user
    // named to be searched; nothing changes it during the run.
    unsafe { Mmap::map(&file) }
}

/// Adds up the mapped bytes as words, in parts of equal size.
pub(crate) fn sum(data: &[u8], threads: usize) -> u64 {
    let part = data.len().div_ceil(threads).next_multiple_of(8).max(8);
    thread::scope(|scope| {
        let sums: Vec<_> = data
            .chunks(part)
            .map(|part| {
                scope.spawn(move || {
                    part.as_chunks::<8>().0.iter().fold(0_u64, |sum, &word| sum.wrapping_add(u64::from_ne_bytes(word)))
                })
            })
            .collect();
        sums.into_iter().map(|thread| thread.join().expect("adding does not panic")).fold(0, u64::wrapping_add)
    })
}

/// Seconds that `run` takes, with its result.
pub(crate) fn time<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = black_box(run());
    (start.elapsed().as_secs_f64(), result)
}
