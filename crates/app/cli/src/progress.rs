//! Progress bars at a terminal, lines of progress elsewhere, notes and Ctrl-C.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parable::core::{Observer, Progress};

use crate::failure::complain;

/// Notes and progress bars on standard error, and the handler of Ctrl-C.
#[derive(Debug)]
pub(crate) struct Terminal {
    quiet: bool,
    bars: bool,
}

static STOP: AtomicBool = AtomicBool::new(false);
static HANDLER: OnceLock<()> = OnceLock::new();

impl Terminal {
    pub(crate) fn new(quiet: bool) -> Self {
        HANDLER.get_or_init(|| {
            // Without a handler Ctrl-C still ends the program, only less tidily: not worth failing
            // for.
            let _ = ctrlc::set_handler(|| {
                // A second Ctrl-C does not wait for the work to notice the first.
                if STOP.swap(true, Ordering::SeqCst) {
                    std::process::exit(130);
                }
            });
        });
        Self {
            quiet,
            bars: !quiet && std::io::stderr().is_terminal(),
        }
    }

    /// Prints a note for the user.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if !self.quiet {
            complain(text.as_ref());
        }
    }

    /// Shows a piece of work with a bar of its own, removed when it is done.
    pub(crate) fn work(&self, what: &str) -> Work {
        let target = if self.bars {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(spinner());
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        let lines = (!self.quiet && !self.bars).then(|| Lines::start(what, INTERVAL, complain));
        Work {
            bar,
            what: what.to_owned(),
            lines: lines.flatten(),
        }
    }

    /// Returns whether Ctrl-C was pressed.
    pub(crate) fn stopped() -> bool {
        STOP.load(Ordering::SeqCst)
    }
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg} {elapsed}").expect("a valid template")
}

fn counted() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg} [{bar:30}] {pos}/{len} {elapsed}, {eta} left")
        .expect("a valid template")
}

/// A piece of work with a progress bar.
#[derive(Debug)]
pub(crate) struct Work {
    bar: ProgressBar,
    what: String,
    lines: Option<Lines>,
}

impl Work {
    fn moved(&self, done: u64, total: u64) -> ControlFlow<()> {
        if total > 0 && self.bar.length() != Some(total) {
            self.bar.set_style(counted());
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
        if let Some(lines) = &self.lines {
            lines.set(|state| (state.done, state.total) = (done, total));
        }
        if Terminal::stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

impl Observer for Work {
    fn progress(&self, progress: Progress<'_>) -> ControlFlow<()> {
        if progress.loss.is_some() || progress.spent.is_some() {
            let text = said(&self.what, &progress);
            if let Some(lines) = &self.lines {
                lines.set(|state| state.text.clone_from(&text));
            }
            self.bar.set_message(text);
        }
        self.moved(progress.done, progress.total)
    }
}

/// Describes the work, with the loss and the budget where there are any.
fn said(what: &str, progress: &Progress<'_>) -> String {
    let mut text = what.to_owned();
    if let Some(loss) = progress.loss {
        text.push_str(&format!(", loss {loss:.4}"));
    }
    if let Some(spent) = progress.spent {
        text.push_str(&format!(", epsilon {spent:.3} charged"));
    }
    text
}

/// Time to the first line of progress, and between two.
const INTERVAL: Duration = Duration::from_secs(5);

/// Lines of progress on an output that is no terminal, where a bar cannot be redrawn: one every few
/// seconds while the work lasts, none for short work.
#[derive(Debug)]
struct Lines {
    state: Arc<Mutex<State>>,
    /// Dropped to end the thread.
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Debug)]
struct State {
    text: String,
    done: u64,
    total: u64,
}

impl Lines {
    /// Starts the lines; `None` where no thread can be started, which is no reason to fail.
    fn start(what: &str, interval: Duration, print: fn(&str)) -> Option<Self> {
        let state = Arc::new(Mutex::new(State {
            text: what.to_owned(),
            done: 0,
            total: 0,
        }));
        let (end, ended) = mpsc::channel::<()>();
        let shared = Arc::clone(&state);
        let started = Instant::now();
        let thread = std::thread::Builder::new().spawn(move || {
            while ended.recv_timeout(interval) == Err(mpsc::RecvTimeoutError::Timeout) {
                let Ok(state) = shared.lock().map(|state| state.clone()) else {
                    return;
                };
                print(&state.line(started.elapsed()));
            }
        });
        Some(Self {
            state,
            end: Some(end),
            thread: Some(thread.ok()?),
        })
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        if let Ok(mut state) = self.state.lock() {
            change(&mut state);
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl State {
    /// Describes how far the work is, and the time left where the total is known.
    fn line(&self, elapsed: Duration) -> String {
        let seconds = elapsed.as_secs_f64();
        let mut text = format!("{}: {}", self.text, spelled(seconds));
        if self.total > 0 && self.done > 0 {
            let left = self.total.saturating_sub(self.done);
            let seconds = seconds * left as f64 / self.done as f64;
            text.push_str(&format!(
                ", {} of {}, about {} left",
                self.done,
                self.total,
                spelled(seconds)
            ));
        }
        text
    }
}

/// Spells a duration in the unit that people would use.
fn spelled(seconds: f64) -> String {
    match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s if s < 6_000.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3_600.0),
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_progress_has_the_time_left_where_it_is_known() {
        let mut state = State {
            text: "fitting cart".to_owned(),
            done: 0,
            total: 0,
        };
        let line = |state: &State| state.line(Duration::from_secs(10));
        assert_eq!(line(&state), "fitting cart: 10 s");
        (state.done, state.total) = (9, 36);
        let expected = "fitting cart: 10 s, 9 of 36, about 30 s left";
        assert_eq!(line(&state), expected);
        assert_eq!(spelled(600.0), "10 min");
        assert_eq!(spelled(7_200.0), "2.0 h");
    }

    #[test]
    fn lines_are_printed_while_the_work_lasts_and_end_with_it() {
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let count = |_: &str| {
            COUNT.fetch_add(1, Ordering::SeqCst);
        };
        let lines = Lines::start("work", Duration::from_millis(1), count).expect("a thread");
        let started = Instant::now();
        while COUNT.load(Ordering::SeqCst) < 2 && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(lines);
        let printed = COUNT.load(Ordering::SeqCst);
        assert!(printed >= 2);
        std::thread::sleep(Duration::from_millis(10));
        assert_eq!(COUNT.load(Ordering::SeqCst), printed);
    }

    #[test]
    fn loss_and_budget_stand_beside_the_work() {
        let progress = Progress::new("fit", 1, 2);
        assert_eq!(said("fitting gan", &progress), "fitting gan");
        let progress = progress.with_loss(Some(0.25)).with_spent(Some(1.0));
        let text = said("fitting gan", &progress);
        assert_eq!(text, "fitting gan, loss 0.2500, epsilon 1.000 charged");
    }
}
