//! The program with the signals that a terminal gives it, whoever started the tests.

use std::process::Command;

/// Runs the program with every disposition at its default but the ignored ones, as `INT,HUP`: a test that
/// is started in the background of a script would else hand down that Ctrl-C is ignored.
pub fn program_ignoring(ignored: &str) -> Command {
    let mut command = Command::new("env");
    command.arg("--default-signal=INT,QUIT,TERM,HUP");
    if !ignored.is_empty() {
        command.arg(format!("--ignore-signal={ignored}"));
    }
    command.arg(snapbox::cmd::cargo_bin!("lprnn-hw"));
    command
}
