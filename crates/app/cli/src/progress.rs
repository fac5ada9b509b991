//! Progress bars, notes and Ctrl-C at a terminal.

use std::io::IsTerminal as _;
use std::ops::ControlFlow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parable::core::{Observer, Progress};

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
            eprintln!("{}", text.as_ref());
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
        Work {
            bar,
            what: what.to_owned(),
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
}

impl Work {
    fn moved(&self, done: u64, total: u64) -> ControlFlow<()> {
        if total > 0 && self.bar.length() != Some(total) {
            self.bar.set_style(counted());
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
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
            self.bar.set_message(said(&self.what, &progress));
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

impl Drop for Work {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_and_budget_stand_beside_the_work() {
        let progress = Progress::new("fit", 1, 2);
        assert_eq!(said("fitting gan", &progress), "fitting gan");
        let progress = progress.with_loss(Some(0.25)).with_spent(Some(1.0));
        let text = said("fitting gan", &progress);
        assert_eq!(text, "fitting gan, loss 0.2500, epsilon 1.000 charged");
    }
}
