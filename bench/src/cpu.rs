//! CPU time and memory of processes, from the kernel's books.

use std::path::Path;

/// The kernel's clock ticks a second, as it shows them to programs.
const TICKS: f64 = 100.0;

/// CPU-seconds a process and its waited-for children have used.
pub(crate) fn used(pid: u32) -> f64 {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return 0.0 };
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks =
        |place: usize| fields.get(place).and_then(|it| it.parse::<f64>().ok()).unwrap_or(0.0);
    // After the name: utime, stime, cutime, cstime are fields 11 to 14.
    (11..=14).map(ticks).sum::<f64>() / TICKS
}

/// CPU-seconds of a process and everything below it, alive or gone.
pub(crate) fn used_by_tree(pid: u32) -> f64 {
    used(pid) + children(pid).into_iter().map(used_by_tree).sum::<f64>()
}

fn children(pid: u32) -> Vec<u32> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|list| {
            list.split_whitespace().filter_map(|it| it.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

/// Resident memory in MiB.
pub(crate) fn memory(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|it| it.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

/// The process id in a PostgreSQL data folder.
pub(crate) fn postmaster(folder: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(folder.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}
