//! Ctrl-C in the middle of a tool's run. Alone in its process: the interrupt is for all of it.

use lprnn_hw::tools::{RunError, Search, ToolKind, interrupt, interrupted};
use std::time::{Duration, Instant};

#[test]
fn interrupt_stops_the_running_tool_and_refuses_the_next() {
    let env = Search::from_env()
        .with(ToolKind::Cxx, "env")
        .find(ToolKind::Cxx)
        .unwrap();
    std::thread::spawn(|| {
        std::thread::sleep(Duration::from_millis(300));
        interrupt();
    });
    let start = Instant::now();
    let error = env
        .run(
            env.command().args(["sleep", "300"]),
            Duration::from_secs(200),
        )
        .unwrap_err();
    assert!(matches!(error, RunError::Interrupted { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(20));
    assert!(interrupted());
    let error = env
        .run(env.command().arg("true"), Duration::from_secs(5))
        .unwrap_err();
    assert_eq!(error.to_string(), "C++ compiler was stopped: interrupted");
}
