//! What a step takes: clock, processors, memory.

use std::time::Instant;

use parable::report::Usage;

/// A step that is being measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    started: Instant,
    cpu_seconds: Option<f64>,
}

impl Meter {
    /// Starts now.
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            cpu_seconds: process().map(|(cpu, _)| cpu),
        }
    }

    /// What was taken since the start. The memory is the most that the process held until now, earlier steps included.
    pub(crate) fn usage(&self) -> Usage {
        let now = process();
        let cpu = now.and_then(|(cpu, _)| Some(cpu - self.cpu_seconds?));
        Usage::wall(self.started.elapsed().as_secs_f64())
            .with_cpu_seconds(cpu)
            .with_peak_memory_bytes(now.map(|(_, peak)| peak))
    }
}

/// Processor seconds of this process, and the most memory it has held, in bytes.
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

/// Not known on this system.
#[cfg(not(unix))]
fn process() -> Option<(f64, u64)> {
    None
}
