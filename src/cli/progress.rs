//! Progress on standard error, for work that takes longer than a second.

use super::output::Console;
use crate::flow::{Ongoing, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::mpsc;
use std::time::Duration;

/// Nothing is drawn before.
const PATIENCE: Duration = Duration::from_secs(1);
/// Distance between two drawings.
const TICK: Duration = Duration::from_millis(120);

/// A line that shows how far the work is; gone when dropped.
pub struct Progress {
    bar: ProgressBar,
    /// Dropping it stops the thread that would begin to draw.
    _done: mpsc::Sender<()>,
}

impl Progress {
    /// Work of unknown length.
    pub fn spinner(console: Console, what: &str) -> Self {
        Self::start(
            console,
            ProgressBar::no_length(),
            "{spinner} {msg} {elapsed}",
            what,
        )
    }

    /// Work of `length` parts.
    pub fn bar(console: Console, what: &str, length: usize) -> Self {
        let bar = ProgressBar::new(length as u64);
        Self::start(console, bar, "{msg} {wide_bar} {pos}/{len} {eta}", what)
    }

    fn start(console: Console, bar: ProgressBar, template: &str, what: &str) -> Self {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_message(what.to_string());
        let (done, watch) = mpsc::channel();
        if !console.quiet && std::io::stderr().is_terminal() {
            let bar = bar.clone();
            std::thread::spawn(move || {
                if watch.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(TICK);
                }
            });
        }
        Self { bar, _done: done }
    }

    /// Shows that `position` parts are done.
    pub fn at(&self, position: usize) {
        self.bar.set_position(position as u64);
    }
}

impl Ongoing for Progress {
    fn at(&self, parts: usize) {
        Self::at(self, parts);
    }
}

impl Watch for Console {
    fn begin(&self, what: &str, parts: Option<usize>) -> Box<dyn Ongoing> {
        Box::new(match parts {
            Some(parts) => Progress::bar(*self, what, parts),
            None => Progress::spinner(*self, what),
        })
    }

    fn say(&self, remark: &str) {
        Self::say(*self, remark);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
