//! What the kernel has heard, as `/proc/self/smaps` shows it.

use std::fs;

use mapgrep::mapping::Mapping;

/// The lines about a mapping, each a name and its value.
pub(crate) fn smaps(mapping: &Mapping) -> Vec<(String, String)> {
    let address = mapping.guarded(.., |bytes| bytes.as_ptr() as usize).unwrap();
    let all = fs::read_to_string("/proc/self/smaps").unwrap();
    let contains_address = |line: &str| {
        let (start, rest) = line.split_once('-')?;
        let end = rest.split(' ').next()?;
        let [start, end] = [start, end].map(|hex| usize::from_str_radix(hex, 16).ok());
        Some((start?..end?).contains(&address))
    };
    let lines = all.lines().skip_while(|line| contains_address(line) != Some(true)).skip(1);
    let fields = lines.map_while(|line| line.split_once(':').filter(|_| contains_address(line).is_none()));
    fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

/// The letters for what a mapping is, such as `rr` for random reads; `None` where the kernel shows none.
pub(crate) fn vm_flags(mapping: &Mapping) -> Option<Vec<String>> {
    let (_, flags) = smaps(mapping).into_iter().find(|(name, _)| name == "VmFlags")?;
    Some(flags.split(' ').map(str::to_owned).collect())
}

/// How many KiB of a mapping have not been written to its file.
pub(crate) fn dirty_kib(mapping: &Mapping) -> usize {
    let fields = smaps(mapping);
    let dirty = fields.iter().filter(|(name, _)| matches!(&**name, "Shared_Dirty" | "Private_Dirty"));
    dirty.map(|(_, value)| value.trim_end_matches(" kB").parse::<usize>().unwrap()).sum()
}
