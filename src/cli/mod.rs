//! The command line.

/// Runs the command line and returns the documented exit code.
#[must_use]
pub fn run() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
