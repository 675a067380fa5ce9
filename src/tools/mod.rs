//! The programs outside: where they are, which version, how they are run without hanging.
//!
//! [`Search::from_env`] knows where to look; [`Search::find`] gives a [`Tool`] or an error that
//! says what mends it; [`Tool::run`] runs one under a time limit. Nothing here downloads anything:
//! `./setup.sh` does.

mod cache;
mod doctor;
mod find;
mod kind;
mod lock;
mod pool;
mod run;
mod scratch;
mod tool;
mod watch;
mod worker;

pub use cache::{cache_folder, check_private, make_private};
pub use doctor::{ToolReport, ToolsReport, doctor};
pub use find::{FindError, Search};
pub use kind::ToolKind;
pub use lock::locked;
pub use pool::for_each;
pub use run::{Output, RunError, interrupt, interrupted, kill_on_interrupt};
pub use scratch::Scratch;
pub use tool::{FoundBy, Tool};
pub use worker::attempt;
