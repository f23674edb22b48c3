//! How frequent each byte is in what is usually searched: sources, logs, tables and prose.

/// Of so many bytes of it, how many are this one: counted in sources of C and Rust, logs, lines of JSON and manuals. No
/// byte is never there.
static COUNTS: [u16; 256] = [
    329, 7, 7, 7, 7, 7, 7, 7, 7, 889, 1422, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 10003, 50,
    1056, 178, 74, 25, 78, 32, 416, 416, 252, 30, 676, 438, 674, 669, 1997, 1186, 882, 609, 540, 590, 489, 413, 575,
    383, 775, 309, 83, 250, 197, 18, 14, 478, 213, 487, 425, 567, 410, 182, 129, 539, 7, 105, 354, 309, 512, 385, 418,
    32, 519, 562, 522, 180, 113, 71, 133, 65, 51, 100, 27, 100, 7, 2118, 140, 1907, 564, 1301, 1356, 3430, 864, 479,
    539, 1739, 21, 400, 1130, 783, 1488, 1484, 833, 80, 1777, 1925, 2403, 881, 408, 220, 375, 308, 77, 155, 44, 155, 7,
    7, 16, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 12, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 9, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 16, 7, 17, 28, 19, 15, 12, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
];

/// What the counts add up to, almost.
const ALL: f64 = 65536.0;

/// The share of a byte, from 0 to 1.
pub(crate) fn share(byte: u8) -> f64 {
    f64::from(COUNTS[usize::from(byte)]) / ALL
}

/// Bytes come in runs of a kind, of which there are so many: words, names in capitals and numbers, and what is between
/// them.
pub(crate) const KINDS: usize = 3;

/// How much of a run is of its kind, more than anywhere.
const IN_RUNS: f64 = 0.85;

fn is_of(byte: u8, kind: usize) -> bool {
    match kind {
        0 => byte.is_ascii_lowercase() || byte == b'_',
        1 => byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_',
        _ => !byte.is_ascii_alphabetic(),
    }
}

/// For each kind, how much of a text is in its runs, and the share that each byte has there.
pub(crate) fn of_kinds() -> [(f64, [f64; 256]); KINDS] {
    let share_of = |kind: usize| (0..=u8::MAX).filter(|byte| is_of(*byte, kind)).map(share).sum::<f64>();
    let all: f64 = (0..KINDS).map(share_of).sum();
    std::array::from_fn(|kind| {
        let of_kind = share_of(kind);
        let share_here = |byte: u8| {
            let more = if is_of(byte, kind) { IN_RUNS * share(byte) / of_kind } else { 0.0 };
            (1.0 - IN_RUNS) * share(byte) + more
        };
        (of_kind / all, std::array::from_fn(|byte| share_here(byte as u8)))
    })
}
