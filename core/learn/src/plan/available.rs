//! How much memory this process may still take.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// What sets the bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// What the machine has left.
    Machine,
    /// The control group of this process, as a container or a batch system sets it.
    ControlGroup,
    /// The limit on this process's address space (`ulimit -v`).
    AddressSpace,
    /// Somebody said so.
    Asked,
}

impl Bound {
    /// In words, after “… are left”.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Machine => "on this machine",
            Self::ControlGroup => "to this container",
            Self::AddressSpace => "under this process's limit (ulimit -v)",
            Self::Asked => "by the limit that was asked for",
        }
    }
}

/// Memory to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Available {
    /// Bytes.
    pub bytes: u64,
    /// What sets the bound.
    pub bound: Bound,
}

/// Address space that a thread takes without using it: its stack, and the part of the allocator that is its own.
const THREAD: u64 = 72 << 20;

/// What is left for this process, by the tightest bound; `None` where the system does not say (it does on Linux).
#[must_use]
pub fn available() -> Option<Available> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    of(Path::new("/"), threads as u64)
}

fn of(root: &Path, threads: u64) -> Option<Available> {
    let machine = number(&read(root, "proc/meminfo")?, "MemAvailable:").map(|kibibytes| kibibytes << 10);
    let bounds =
        [(machine, Bound::Machine), (control_group(root), Bound::ControlGroup), (address_space(root, threads), Bound::AddressSpace)];
    let known = bounds.into_iter().filter_map(|(bytes, bound)| Some(Available { bytes: bytes?, bound }));
    known.min_by_key(|available| available.bytes)
}

fn read(root: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(root.join(name)).ok()
}

/// The number after a word at the beginning of a line.
fn number(text: &str, word: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(word)?.split_whitespace().next()?.parse().ok())
}

/// The tightest limit of the control group and of those around it, less what they hold; files in the page cache can go.
fn control_group(root: &Path) -> Option<u64> {
    let lines = read(root, "proc/self/cgroup")?;
    let group = |controllers: &str| {
        let found = lines.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
        found.filter(|(of, _)| of.split(',').any(|of| of == controllers)).map(|(_, path)| path.trim_start_matches('/').to_owned()).next()
    };
    let new = group("").map(|path| ("sys/fs/cgroup", path, ["memory.max", "memory.current"], "inactive_file"));
    let old = group("memory")
        .map(|path| ("sys/fs/cgroup/memory", path, ["memory.limit_in_bytes", "memory.usage_in_bytes"], "total_inactive_file"));
    let left = |(mount, path, [limit, usage], cache): (&str, String, [&str; 2], &str)| {
        // Inside a container the path may be that of outside: then only the mount's own files are there.
        let folders = Path::new(&path).ancestors().map(|folder| Path::new(mount).join(folder)).collect::<Vec<_>>();
        let left = folders.into_iter().filter_map(|folder| {
            let file = |name: &str| std::fs::read_to_string(root.join(&folder).join(name)).ok();
            let whole = |name: &str| file(name)?.trim().parse::<u64>().ok();
            let (limit, usage) = (whole(limit)?, whole(usage)?);
            let cache = file("memory.stat").and_then(|stat| number(&stat, &format!("{cache} "))).unwrap_or(0);
            // “No limit” is a number near the largest there is.
            (limit < 1 << 60).then(|| limit.saturating_sub(usage.saturating_sub(cache)))
        });
        left.min()
    };
    [new, old].into_iter().flatten().filter_map(left).min()
}

fn address_space(root: &Path, threads: u64) -> Option<u64> {
    let limits = read(root, "proc/self/limits")?;
    let limit: u64 = number(&limits, "Max address space ")?;
    let taken = number(&read(root, "proc/self/status")?, "VmSize:")? << 10;
    Some(limit.saturating_sub(taken).saturating_sub(threads * THREAD))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> Option<Available> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
        of(folder.path(), 2)
    }

    const MEMORY: (&str, &str) = ("proc/meminfo", "MemTotal:  8000000 kB\nMemAvailable:  4194304 kB\n");
    const FREE: (&str, &str) =
        ("proc/self/limits", "Limit   Soft Limit   Hard Limit\nMax address space         unlimited            unlimited   bytes\n");

    #[test]
    fn the_tightest_bound_counts() {
        assert_eq!(machine(&[MEMORY, FREE]), Some(Available { bytes: 4 << 30, bound: Bound::Machine }));
        let container = [
            MEMORY,
            ("proc/self/cgroup", "0::/job/step\n"),
            ("sys/fs/cgroup/job/step/memory.max", "max\n"),
            ("sys/fs/cgroup/job/step/memory.current", "1000\n"),
            ("sys/fs/cgroup/job/memory.max", "2147483648\n"),
            ("sys/fs/cgroup/job/memory.current", "1073741824\n"),
            ("sys/fs/cgroup/job/memory.stat", "anon 5\ninactive_file 73741824\n"),
        ];
        assert_eq!(machine(&container), Some(Available { bytes: (1 << 30) + 73_741_824, bound: Bound::ControlGroup }));
        let old = [
            MEMORY,
            ("proc/self/cgroup", "5:cpu:/\n4:memory:/outside\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "300000\n"),
        ];
        assert_eq!(machine(&old), Some(Available { bytes: 700_000, bound: Bound::ControlGroup }));
    }

    #[test]
    fn a_limit_on_the_address_space_leaves_room_for_threads() {
        let limits = ("proc/self/limits", "Max address space         3221225472           unlimited            bytes\n");
        let status = ("proc/self/status", "VmPeak:  2 kB\nVmSize:  1048576 kB\n");
        assert_eq!(machine(&[MEMORY, limits, status]), Some(Available { bytes: (2 << 30) - 2 * THREAD, bound: Bound::AddressSpace }));
    }

    #[test]
    fn a_system_that_does_not_say_is_not_guessed_at() {
        assert_eq!(machine(&[]), None);
        let unlimited = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        let usage = ("sys/fs/cgroup/memory/memory.usage_in_bytes", "3\n");
        let group = ("proc/self/cgroup", "4:memory:/\n");
        assert_eq!(machine(&[MEMORY, group, unlimited, usage]).map(|available| available.bound), Some(Bound::Machine));
    }
}
