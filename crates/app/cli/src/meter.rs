//! Costs of a step: wall-clock time, CPU time, memory.

use std::time::Instant;

use parable::report::Usage;

/// A step that is being measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    started: Instant,
    cpu_seconds: Option<f64>,
}

impl Meter {
    /// Starts the measurement.
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            cpu_seconds: process().map(|(cpu, _)| cpu),
        }
    }

    /// Returns the cost since the start. Memory is the peak of the process, earlier steps included.
    pub(crate) fn usage(&self) -> Usage {
        let now = process();
        let cpu = now.and_then(|(cpu, _)| Some(cpu - self.cpu_seconds?));
        Usage::wall(self.started.elapsed().as_secs_f64())
            .with_cpu_seconds(cpu)
            .with_peak_memory_bytes(now.map(|(_, peak)| peak))
    }
}

/// Returns the CPU seconds of this process and its peak memory in bytes.
#[cfg(unix)]
fn process() -> Option<(f64, u64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike as _;
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    // Kilobytes everywhere but on Apple's systems.
    let unit = if cfg!(target_vendor = "apple") {
        1
    } else {
        1_024
    };
    let peak = u64::try_from(usage.max_rss()).ok()? * unit;
    Some((microseconds as f64 / 1e6, peak))
}

/// Returns `None`: this system does not report it.
#[cfg(not(unix))]
fn process() -> Option<(f64, u64)> {
    None
}
