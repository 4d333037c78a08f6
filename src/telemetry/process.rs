//! What the process itself uses, read from `/proc` where there is one.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

/// Bytes per page and clock ticks per second on every Linux that the hub runs on. Both are fixed
/// by the kernel's interface for user programs on these platforms.
const PAGE_BYTES: f64 = 4_096.0;
const TICKS_PER_SECOND: f64 = 100.0;
const WHOLE_TICKS_PER_SECOND: u64 = 100;

pub(super) fn describe() {
    describe_gauge!(
        "process_resident_memory_bytes",
        Unit::Bytes,
        "Memory in use"
    );
    describe_counter!(
        "process_cpu_seconds_total",
        Unit::Seconds,
        "Processor time used"
    );
    describe_gauge!("process_open_fds", "Open file descriptors");
    describe_gauge!(
        "process_start_time_seconds",
        Unit::Seconds,
        "Start, since 1970"
    );
}

/// Measures now. Without `/proc` nothing is shown rather than something wrong.
pub(super) fn measure() {
    #[expect(clippy::float_arithmetic, reason = "measurements, not money")]
    if let Some(used) = read() {
        gauge!("process_resident_memory_bytes").set(used.resident_pages * PAGE_BYTES);
        counter!("process_cpu_seconds_total").absolute(used.cpu_ticks / WHOLE_TICKS_PER_SECOND);
        if let Some(boot) = boot_time() {
            let start = boot + used.start_ticks / TICKS_PER_SECOND;
            gauge!("process_start_time_seconds").set(start);
        }
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        let open = u32::try_from(open.count()).unwrap_or(u32::MAX);
        gauge!("process_open_fds").set(f64::from(open));
    }
}

struct Used {
    resident_pages: f64,
    cpu_ticks: u64,
    start_ticks: f64,
}

fn read() -> Option<Used> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name, in brackets, may hold spaces; what follows it is numbers. Field 3 is the first.
    let numbers: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let field = |number: usize| numbers.get(number - 3)?.parse::<f64>().ok();
    let ticks = |number: usize| numbers.get(number - 3)?.parse::<u64>().ok();
    Some(Used {
        resident_pages: field(24)?,
        cpu_ticks: ticks(14)? + ticks(15)?,
        start_ticks: field(22)?,
    })
}

fn boot_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    stat.lines()
        .find_map(|line| line.strip_prefix("btime "))
        .and_then(|seconds| seconds.trim().parse().ok())
}
