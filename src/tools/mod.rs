//! The programs outside: where they are, which version, how they are run without hanging.
//!
//! [`Search::from_env`] knows where to look; [`Search::find`] gives a [`Tool`] or an error that
//! says what mends it; [`Tool::run`] runs one under a time limit. Nothing here downloads anything:
//! `./setup.sh` does.

mod doctor;
mod find;
mod kind;
mod run;
mod scratch;
mod watch;

pub use doctor::{Report, ToolReport, doctor};
pub use find::{FindError, FoundBy, Search, Tool};
pub use kind::ToolKind;
pub use run::{Output, RunError, interrupt, interrupted, kill_on_interrupt};
pub use scratch::Scratch;

/// Where compiled models are kept: `$LPRNN_CACHE`, else `lprnn-hw` in `$XDG_CACHE_HOME`, else in
/// `~/.cache`.
#[must_use]
pub fn cache_folder() -> Option<std::path::PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(folder) = set("LPRNN_CACHE") {
        return Some(folder.into());
    }
    let base = set("XDG_CACHE_HOME").map(std::path::PathBuf::from);
    let base = base.or_else(|| set("HOME").map(|home| std::path::Path::new(&home).join(".cache")));
    base.map(|base| base.join("lprnn-hw"))
}
