//! Memory whose amount follows the input: a line, a stream. Where there is none left for it, that is an error, and not
//! the end of the process.

use std::cell::Cell;

thread_local! {
    static IS_FALLIBLE: Cell<bool> = const { Cell::new(false) };
}

/// Makes room for `additional` elements, and little more. False when there is no memory for them.
pub(crate) fn reserve<T>(buffer: &mut Vec<T>, additional: usize) -> bool {
    let before = IS_FALLIBLE.replace(true);
    let reserved = buffer.try_reserve_exact(additional);
    IS_FALLIBLE.set(before);
    reserved.is_ok()
}

/// True while the calling thread asks for memory that it can do without.
///
/// A global allocator that ends the process where memory is refused returns null instead while this is true: the search
/// then ends with an error. It may be called from within an allocator, and allocates nothing.
///
/// # Examples
///
/// ```
/// assert!(!mapgrep::memory::is_fallible());
/// ```
pub fn is_fallible() -> bool {
    IS_FALLIBLE.get()
}

/// Watches over one buffer that grows: it may have as much memory as it leaves to others. A system that has lent more
/// memory than it has ends processes, and not always the one that took most.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// Nobody asks the system below this.
    next: usize,
}

impl Allowance {
    /// Buffers of this size are small beside the memory of any machine.
    const MODEST: usize = 256 << 20;

    /// How much the buffer grows between two looks at the system.
    const STEP: usize = 64 << 20;

    pub(crate) fn new() -> Self {
        Allowance { next: Self::MODEST }
    }

    /// Whether the buffer may have `len` bytes.
    pub(crate) fn allows(&mut self, len: usize) -> bool {
        if len < self.next {
            return true;
        }
        self.next = len.saturating_add(Self::STEP);
        available().is_none_or(|available| available >= len as u64)
    }
}

/// How many bytes of memory the system has left for this process; `None` where it does not tell.
#[cfg(target_os = "linux")]
fn available() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| field(&text, "MemAvailable:"));
    let machine = machine.map(|kibibytes| kibibytes << 10);
    [machine, available_to_group()].into_iter().flatten().min()
}

#[cfg(not(target_os = "linux"))]
fn available() -> Option<u64> {
    None
}

/// How much the control groups of this process have left, of which a container is one.
#[cfg(target_os = "linux")]
fn available_to_group() -> Option<u64> {
    use std::{fs::read_to_string, path::Path};

    let number = |path: &Path| read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let groups = read_to_string("/proc/self/cgroup").ok()?;
    let left_in = |group: &Path| {
        let limit = number(&group.join("memory.max")).or_else(|| number(&group.join("memory.limit_in_bytes")))?;
        let used = number(&group.join("memory.current")).or_else(|| number(&group.join("memory.usage_in_bytes")))?;
        // Pages of files count as used, and go when memory is needed.
        let cached = read_to_string(group.join("memory.stat")).ok();
        let cached = cached.and_then(|text| Some(field(&text, "active_file ")? + field(&text, "inactive_file ")?));
        Some(limit.saturating_sub(used.saturating_sub(cached.unwrap_or(0))))
    };
    // Lines such as `0::/path` (version 2), or `5:memory:/path`.
    let of_memory = groups.lines().filter_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let root = match controllers {
            "" => "/sys/fs/cgroup",
            _ if controllers.split(',').any(|name| name == "memory") => "/sys/fs/cgroup/memory",
            _ => return None,
        };
        Some((Path::new(root), path.trim_start_matches('/')))
    });
    of_memory
        .flat_map(|(root, path)| {
            // Each group around it has a limit, too. Within a container the outer ones are not to be seen.
            Path::new(path).ancestors().filter_map(|group| left_in(&root.join(group))).collect::<Vec<_>>()
        })
        .min()
}

/// The number behind a name at the start of a line.
#[cfg(target_os = "linux")]
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_memory_is_large_enough_for_is_refused() {
        let mut buffer = vec![1_u8];
        assert!(!reserve(&mut buffer, isize::MAX as usize - 1));
        assert!(reserve(&mut buffer, 1000) && buffer.capacity() >= 1001 && buffer == [1]);
    }

    #[test]
    fn a_buffer_may_have_half_of_the_memory() {
        let mut allowance = Allowance::new();
        assert!(allowance.allows(Allowance::MODEST - 1));
        assert_eq!(allowance.allows(isize::MAX as usize), !cfg!(target_os = "linux"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn fields_are_whole_names() {
        let text = "MemTotal: 10 kB\nMemAvailable:   7 kB\nactive_file 5\ninactive_file 6\n";
        assert_eq!(field(text, "MemAvailable:"), Some(7));
        assert_eq!((field(text, "active_file "), field(text, "inactive_file ")), (Some(5), Some(6)));
        assert_eq!(field(text, "Mem:"), None);
        assert!(available().is_some());
    }
}
